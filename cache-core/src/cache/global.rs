//! The process-wide default cache.

use std::sync::OnceLock;

use super::Cache;
use crate::error::{Error, ErrorKind};

static GLOBAL: OnceLock<Cache> = OnceLock::new();

pub(super) fn install(cache: &Cache) -> Result<(), Error> {
    GLOBAL.set(cache.clone()).map_err(|_| {
        Error::new(
            ErrorKind::GlobalTaken,
            "the default cache was installed or used before: install it once, first thing in `main`",
        )
    })
}

impl Cache {
    /// The process-wide default: the one that [`Cache::install_global`] named, else one in memory.
    ///
    /// `#[cached_as]` uses it where no `cache = ..` is given.
    pub fn global() -> &'static Cache {
        GLOBAL.get_or_init(Cache::in_memory)
    }

    /// Makes this cache the process-wide default.
    ///
    /// # Errors
    ///
    /// When a default was installed before, or has already been used.
    pub fn install_global(&self) -> Result<(), Error> {
        install(self)
    }
}
