//! The error of this crate.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// What went wrong, in classes that a program can tell apart.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The text of a template breaks a rule of the cached tags.
    Syntax,
    /// A tag or a queryset method was given an argument that it cannot use.
    Argument,
    /// A queryset could not be fetched or counted.
    Query,
    /// The template engine reported an error of its own.
    Template,
    /// The cache could not be told of a change.
    Store,
    /// The task that rendered was stopped before it was done.
    Stopped,
}

/// An error of the cached tags, of a queryset in a template, or of the engine below them.
///
/// The message names the place, where one is known, and the remedy.
///
/// ```
/// use cache_minijinja::{ErrorKind, Fragments};
///
/// let fragments = Fragments::builder(cache_core::Cache::in_memory()).build();
/// let syntax = minijinja::syntax::SyntaxConfig::default();
/// let error = fragments.preprocess("page.html", "{% endcached %}", &syntax).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Syntax);
/// assert!(error.to_string().contains("page.html:1"));
/// ```
pub struct Error {
    repr: Box<Repr>,
}

struct Repr {
    kind: ErrorKind,
    message: Cow<'static, str>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error with a message of the caller's.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Error { repr: Box::new(Repr { kind, message: message.into(), source: None }) }
    }

    /// A query that failed, with its cause.
    pub fn query(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Error::new(ErrorKind::Query, "the query failed").with_source(cause)
    }

    /// A field that a queryset does not offer to templates.
    pub fn unknown_field(field: &str, allowed: &[&str]) -> Self {
        Error::new(ErrorKind::Argument, format!("there is no field `{field}`, only {}", List(allowed)))
    }

    /// A method that a queryset does not offer to templates.
    pub fn unsupported(method: &str) -> Self {
        Error::new(ErrorKind::Argument, format!("this queryset has no `{method}`"))
    }

    pub(crate) fn at(kind: ErrorKind, message: impl fmt::Display, template: &str, line: usize) -> Self {
        Error::new(kind, format!("{message} (in {template}:{line})"))
    }

    /// Adds the cause.
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.repr.source = Some(source.into());
        self
    }

    /// The class of the error.
    pub fn kind(&self) -> ErrorKind {
        self.repr.kind
    }

    /// The engine's own error, with template name and line, when the engine reported this one.
    pub fn template_error(&self) -> Option<&minijinja::Error> {
        self.source().and_then(|source| source.downcast_ref())
    }
}

struct List<'a>(&'a [&'a str]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, name) in self.0.iter().enumerate() {
            write!(f, "{}`{name}`", if at == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.repr.kind)
            .field("message", &self.repr.message)
            .field("source", &self.repr.source)
            .finish()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.repr.kind, &self.repr.source) {
            (ErrorKind::Template, Some(source)) if f.alternate() => write!(f, "{source:#}"),
            (ErrorKind::Template, Some(source)) => write!(f, "{source}"),
            (ErrorKind::Query, Some(source)) => write!(f, "{}: {source}", self.repr.message),
            _ => f.write_str(&self.repr.message),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.repr.source.as_ref().map(|source| &**source as _)
    }
}

impl From<minijinja::Error> for Error {
    fn from(error: minijinja::Error) -> Self {
        Error::new(ErrorKind::Template, "the template engine failed").with_source(error)
    }
}

impl From<Error> for minijinja::Error {
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::Template => {
                let message = error.repr.message;
                return match error.repr.source.map(|source| source.downcast()) {
                    Some(Ok(engine)) => *engine,
                    _ => minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, message),
                };
            }
            ErrorKind::Syntax => minijinja::ErrorKind::SyntaxError,
            _ => minijinja::ErrorKind::InvalidOperation,
        };
        let message = error.to_string();
        minijinja::Error::new(kind, message).with_source(error)
    }
}
