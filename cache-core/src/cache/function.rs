//! All results of one cached function.

use super::Cache;
use crate::error::{Error, ErrorKind};
use crate::key::FunctionId;
use crate::store::{Backend, Shared};

impl Cache {
    /// Drops all results of a function; how many the store held.
    ///
    /// Of what this process keeps or is making, nothing that was begun before is served or stored after. In a shared store
    /// the entries go that are there from the beginning of the scan to its end.
    pub(crate) async fn remove_function(&self, id: FunctionId) -> Result<u64, Error> {
        let here = self.remove_function_here(id);
        let Some(tier) = self.tier() else { return Ok(here) };
        let there = tier.remove_function(id).await;
        // They may have been fetched again before they were gone there.
        self.remove_function_here(id);
        there.map_err(|fault| {
            Error::new(
                ErrorKind::Unreachable,
                format!(
                    "the function's results are dropped in this process and stay in the shared store until they end; drop \
                     them again once it answers, or give the function a tag and invalidate that ({fault})"
                ),
            )
        })
    }

    fn remove_function_here(&self, id: FunctionId) -> u64 {
        self.removals().raise_function(id);
        match &self.inner.backend {
            Backend::Memory(store) => store.remove_function(id),
            Backend::Shared(Shared(tier)) => tier.near.remove_function(id),
        }
    }
}
