//! Where template sources come from.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use minijinja::{ErrorKind, TemplateSource};

type Check = Box<dyn Fn() -> bool + Send + Sync>;

/// The source of a template, and how to find out whether it is still the newest.
///
/// Loaders that are given to [`Fragments::set_loader`](crate::Fragments::set_loader) may return this, text, or the
/// engine's own [`TemplateSource`].
pub struct Source {
    pub(crate) text: String,
    pub(crate) freshness: Freshness,
}

/// How a loaded template is found to be out of date.
pub(crate) enum Freshness {
    /// It stays as it is.
    Kept,
    Checked(Check),
    /// The source hides its own check: load again and compare.
    Compared,
}

impl Source {
    /// A source that is loaded once.
    pub fn new(text: impl Into<String>) -> Self {
        Source { text: text.into(), freshness: Freshness::Kept }
    }

    /// Adds a check that is asked before each use: `false` loads the template again.
    pub fn with_check(mut self, up_to_date: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.freshness = Freshness::Checked(Box::new(up_to_date));
        self
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("text", &self.text).finish_non_exhaustive()
    }
}

impl From<String> for Source {
    fn from(text: String) -> Self {
        Source::new(text)
    }
}

impl From<&str> for Source {
    fn from(text: &str) -> Self {
        Source::new(text)
    }
}

/// The engine does not show the check of its sources: before each use the loader is asked again, and the texts are
/// compared.
impl From<TemplateSource> for Source {
    fn from(source: TemplateSource) -> Self {
        Source { text: source.source().to_owned(), freshness: Freshness::Compared }
    }
}

/// Loads templates from a directory, and again when a file's time or length has changed.
///
/// Names are relative paths with `/`; a part that starts with a dot is refused, so that no name leaves the
/// directory.
///
/// ```no_run
/// # let cache = cache_core::Cache::in_memory();
/// use cache_minijinja::{path_loader, Fragments};
///
/// let mut env = minijinja::Environment::new();
/// let fragments = Fragments::builder(cache).build();
/// fragments.install(&mut env);
/// fragments.set_loader(&mut env, path_loader("templates"));
/// ```
pub fn path_loader(
    directory: impl AsRef<Path>,
) -> impl Fn(&str) -> Result<Option<Source>, minijinja::Error> + Send + Sync + 'static {
    let directory = directory.as_ref().to_path_buf();
    move |name| {
        let Some(path) = inside(&directory, name) else {
            return Ok(None);
        };
        // Before the text is read: a write in between is then noticed the next time.
        let seen = stamp(&path);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(Source::new(text).with_check(move || seen.is_some() && stamp(&path) == seen))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(minijinja::Error::new(
                ErrorKind::InvalidOperation,
                format!("the template file {} cannot be read", path.display()),
            )
            .with_source(error)),
        }
    }
}

fn inside(directory: &Path, name: &str) -> Option<PathBuf> {
    let mut path = directory.to_path_buf();
    for part in name.split('/') {
        if part.is_empty() || part.starts_with('.') || part.contains(['\\', ':', '\0']) {
            return None;
        }
        path.push(part);
    }
    Some(path)
}

fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
