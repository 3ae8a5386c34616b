//! Cached functions as their users meet them.

#![allow(clippy::multiple_bound_locations)]

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, LazyLock, Mutex};
use std::time::Duration;

use cache_core::{
    Cache, CacheKey, Change, Connection, Dependencies, Key, Row, cached, cached_as, column, dependencies,
};

/// A cache per test, so that tests do not count each other's events.
macro_rules! fixture {
    () => {
        static CACHE: LazyLock<Cache> = LazyLock::new(Cache::in_memory);
        static RUNS: AtomicUsize = AtomicUsize::new(0);
        #[allow(dead_code)]
        fn runs() -> usize {
            RUNS.load(Ordering::SeqCst)
        }
        #[allow(dead_code)]
        fn run() -> usize {
            RUNS.fetch_add(1, Ordering::SeqCst) + 1
        }
    };
}

fn article(id: i32, category: i32) -> Row {
    Row::from([("id", id), ("category_id", category)])
}

mod async_trait;
mod background;
mod companions;
mod connections;
mod declared;
mod derived;
mod explain;
mod kept;
mod keys;
mod nesting;
mod results;
mod returned;
mod samples;
mod signatures;
mod simultaneous;
mod tags;
mod time;
mod whole;
