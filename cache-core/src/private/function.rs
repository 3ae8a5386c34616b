//! What is done with all results of a function.

use super::site::Site;
use crate::cache::Cache;
use crate::engine::block;
use crate::error::Error;

/// Drops all results of a function; how many the store held.
pub fn invalidate_all(cache: &Cache, site: &Site) -> Result<u64, Error> {
    block(cache.remove_function(site.function()))
}

/// [`invalidate_all`], awaited.
pub async fn invalidate_all_async(cache: &Cache, site: &Site) -> Result<u64, Error> {
    cache.remove_function(site.function()).await
}
