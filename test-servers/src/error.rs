//! Why a server is not there.

use std::fmt;
use std::path::Path;

/// Why a server could not be started or told to do something.
#[derive(Clone, Debug)]
pub struct Error {
    message: String,
}

impl Error {
    /// A program that is not installed, and the Debian package that brings it.
    pub(crate) fn missing(program: &str, package: &str) -> Self {
        Error {
            message: format!(
                "{program} is not installed: install the package `{package}`, or let `cargo xtask test` do it; \
                 CACHE_TESTS_NO_SERVICES=1 leaves out the tests that need it"
            ),
        }
    }

    /// A program that did not do what it was started for, and what it said.
    pub(crate) fn failed(program: &Path, output: impl fmt::Display) -> Self {
        Error { message: format!("{}: {output}", program.display()) }
    }

    /// Something that there cannot be.
    pub(crate) fn refused(why: &str) -> Self {
        Error { message: why.to_owned() }
    }

    /// Something that did not happen in time.
    pub(crate) fn waited(what: impl fmt::Display) -> Self {
        Error { message: format!("waited in vain until {what}") }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
