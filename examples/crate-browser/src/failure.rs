//! The one sentence that a user reads when the program cannot go on.

use std::fmt;

/// Why the program stops: what went wrong, and what to do about it.
///
/// Its text is one sentence, without a backtrace and without the program's internals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure(String);

impl Failure {
    /// Joins the fault and the remedy.
    ///
    /// ```
    /// # use crate_browser::failure::Failure;
    /// let failure = Failure::new("port 8080 is taken", "choose another with `--port`");
    /// assert_eq!(failure.to_string(), "port 8080 is taken: choose another with `--port`");
    /// ```
    pub fn new(fault: impl fmt::Display, remedy: impl fmt::Display) -> Self {
        Self(format!("{fault}: {remedy}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}
