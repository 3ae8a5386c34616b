//! The error of this crate.

use std::fmt;

/// What kind of failure an [`Error`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A process-wide default cache was installed before, or has been used.
    GlobalTaken,
    /// A store could not be connected to, or its settings contradict each other.
    Store,
    /// A write is committed, and the shared store could not be told of it yet.
    Undelivered,
    /// A write was not made, because the shared store could not be told of it before.
    Refused,
    /// A shared store did not do what it was asked for; what it keeps is as valid as before.
    Unreachable,
    /// A text does not say what it should.
    Parse,
    /// A profile, or the pattern that it is for, contradicts itself or another.
    Profile,
}

const COMMITTED: &str = "the write is committed, but ";
const NOT_MADE: &str = "the write was not made, because ";

impl ErrorKind {
    /// What the text of an error says of a write that met the shared store, where an ORM has kept nothing of the error but its text;
    /// [`ErrorKind::Undelivered`], [`ErrorKind::Refused`] or nothing.
    ///
    /// ```
    /// use cache_core::ErrorKind;
    ///
    /// let error = "the write was not made, because the cache could not be told of it before its COMMIT";
    /// assert_eq!(ErrorKind::of_write(error), Some(ErrorKind::Refused));
    /// assert_eq!(ErrorKind::of_write("UNIQUE constraint failed"), None);
    /// ```
    pub fn of_write(text: &str) -> Option<ErrorKind> {
        if text.starts_with(COMMITTED) {
            Some(ErrorKind::Undelivered)
        } else {
            text.starts_with(NOT_MADE).then_some(ErrorKind::Refused)
        }
    }
}

/// A failure, with what was attempted and what to do about it.
pub struct Error {
    repr: Box<Repr>,
}

#[derive(Debug)]
struct Repr {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error { repr: Box::new(Repr { kind, message: message.into(), source: None }) }
    }

    /// A write that is committed, and of which the shared store was not told.
    pub(crate) fn undelivered(reason: fmt::Arguments<'_>) -> Self {
        Error::new(ErrorKind::Undelivered, format!("{COMMITTED}{reason}"))
    }

    /// A write that is not made, since the shared store was not told before.
    pub(crate) fn refused(reason: fmt::Arguments<'_>) -> Self {
        Error::new(ErrorKind::Refused, format!("{NOT_MADE}{reason}"))
    }

    /// The kind of failure.
    pub fn kind(&self) -> ErrorKind {
        self.repr.kind
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error").field("kind", &self.repr.kind).field("message", &self.repr.message).finish()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repr.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.repr.source.as_ref().map(|source| &**source as _)
    }
}
