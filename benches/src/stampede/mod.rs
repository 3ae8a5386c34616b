//! Many callers of one missing result at the same moment: how often the work runs, and when the last of them has its answer.

mod caller;
mod processes;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cache_core::{Cache, Dependencies, Key};
use tokio::runtime::Runtime;
use tokio::sync::Barrier;

pub use self::caller::answer;
use crate::harness::median;
use crate::report::{Line, Report};

/// Callers of one key.
const CALLERS: usize = 1_000;

/// How long the work takes.
const WORK: Duration = Duration::from_millis(10);

const ROUNDS: u64 = 9;

pub fn run(report: &mut Report) {
    let [time, runs] = ["stampede_1000_callers", "stampede_1000_callers_runs"];
    if report.wants(time) || report.wants(runs) {
        let runtime = runtime();
        let (ours, peer) = (ours(), moka());
        let (mut our_rounds, mut peer_rounds, mut our_runs, mut peer_runs) = (Vec::new(), Vec::new(), 0, 0);
        for key in 0..ROUNDS {
            let (elapsed, runs) = burst(&runtime, CALLERS, |counter| ours(key, counter));
            our_rounds.push(elapsed);
            our_runs += runs;
            let (elapsed, runs) = burst(&runtime, CALLERS, |counter| peer(key, counter));
            peer_rounds.push(elapsed);
            peer_runs += runs;
        }
        let line = Line {
            name: time,
            unit: "us",
            ours: median(our_rounds),
            peer: "moka, get_with",
            peer_value: median(peer_rounds),
            target: None,
        };
        report.print(&line);
        let (ours, peer_value) = (our_runs as f64 / ROUNDS as f64, peer_runs as f64 / ROUNDS as f64);
        report.print(&Line { name: runs, unit: "count", ours, peer: "moka, get_with", peer_value, target: Some(1.0) });
    }
    processes::run(report);
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Work that takes its time and counts its runs.
async fn work(runs: &AtomicU64) -> u64 {
    runs.fetch_add(1, Ordering::Relaxed);
    tokio::time::sleep(WORK).await;
    42
}

type Counter = Arc<AtomicU64>;

fn ours() -> impl Fn(u64, Counter) -> futures::future::BoxFuture<'static, u64> {
    let cache = Cache::in_memory();
    move |key, runs| {
        let cache = cache.clone();
        Box::pin(async move {
            let entry = cache.entry(Key::new("k").with(&key)).depends_on(|| Dependencies::table("article"));
            entry.get_or_fill_async(async || work(&runs).await).await
        })
    }
}

fn moka() -> impl Fn(u64, Counter) -> futures::future::BoxFuture<'static, u64> {
    let cache = moka::future::Cache::<u64, u64>::new(1_000);
    move |key, runs| {
        let cache = cache.clone();
        Box::pin(async move { cache.get_with(key, async { work(&runs).await }).await })
    }
}

/// Lets callers go at once; microseconds until the last has its answer, and how often the work ran.
fn burst<F>(runtime: &Runtime, callers: usize, call: impl Fn(Counter) -> F) -> (f64, u64)
where
    F: Future<Output = u64> + Send + 'static,
{
    let (runs, start) = (Counter::default(), Arc::new(Barrier::new(callers + 1)));
    let elapsed = runtime.block_on(async {
        let calls = (0..callers).map(|_| {
            let (call, start) = (call(Arc::clone(&runs)), Arc::clone(&start));
            tokio::spawn(async move {
                start.wait().await;
                assert_eq!(call.await, 42);
            })
        });
        let calls: Vec<_> = calls.collect();
        start.wait().await;
        let begun = Instant::now();
        for call in calls {
            call.await.unwrap();
        }
        begun.elapsed()
    });
    (elapsed.as_secs_f64() * 1e6, runs.load(Ordering::Relaxed))
}
