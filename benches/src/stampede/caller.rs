//! One of several processes that call at the same moment.

use std::io::{BufRead, Write};

use cache_core::{Cache, Codec, Dependencies, Key, Lock, RedisStore};

use super::{burst, runtime, work};

/// How many callers a process has.
pub(super) const CALLERS: usize = 250;

/// Connects, says `ready`, and for each line with the number of a key calls at once; answers with how often the work ran
/// here, and the microseconds until the last caller had its answer. Ends with its input.
pub fn answer(url: &str, lock: &str) {
    let lock = if lock == "shared" { Lock::Shared } else { Lock::Local };
    let store = RedisStore::connect_blocking(url).expect("the server was started for this");
    let cache = Cache::builder().namespace("stampede").store(store).build();
    let runtime = runtime();
    let mut out = std::io::stdout().lock();
    writeln!(out, "ready").unwrap();
    for line in std::io::stdin().lock().lines() {
        let key: u64 = line.unwrap().trim().parse().expect("a number");
        let (elapsed, runs) = burst(&runtime, CALLERS, |runs| {
            let cache = cache.clone();
            async move {
                let entry = cache.entry(Key::new("k").with(&key)).codec(Codec::serde::<u64>()).lock(lock);
                let entry = entry.depends_on(|| Dependencies::table("article"));
                entry.get_or_fill_async(async || work(&runs).await).await
            }
        });
        writeln!(out, "{runs} {elapsed}").unwrap();
    }
}
