//! The ceilings of stale values, where processes share a store.
#![cfg(all(feature = "testing", not(feature = "shuttle")))]

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use cache_core::observe::{Event, StaleCause};
use cache_core::testing::SimulatedStore;
use cache_core::{BackgroundRun, Cache, Change, Clock, Codec, Dependencies, Key, Lock, Mode, Row, Strict, column};
use proptest::prelude::*;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// A call in one of the processes, with this ceiling while revalidating, and with this one after an error.
    Call(usize, u64, u64),
    Advance(u64),
    Write(usize),
    WriteElsewhere(usize),
    Delete(usize),
    Break(bool),
    /// The store answers no more, or again.
    Silence(bool),
    Background(usize),
    ForgetEntries,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Served {
    Fresh,
    Revalidating(Duration),
    Failed(Duration),
}

/// The database: its version, when each began to be, and what every run has read.
#[derive(Default)]
struct Database {
    broken: bool,
    now: u64,
    /// When each version was written, but the first.
    written: Vec<u64>,
    /// The version that each run has read.
    runs: Vec<usize>,
}

impl Database {
    fn read(&mut self) -> Result<u64, ()> {
        if self.broken {
            return Err(());
        }
        self.runs.push(self.written.len());
        Ok(self.runs.len() as u64 - 1)
    }

    /// When the result of a run ceased to be what the database says.
    fn ceased(&self, run: u64) -> Option<u64> {
        self.written.get(self.runs[run as usize]).copied()
    }
}

struct Process {
    cache: Cache,
    waiting: Arc<Mutex<VecDeque<BackgroundRun>>>,
    events: Arc<Mutex<Vec<Served>>>,
    /// Results of runs before this one were deleted here.
    deleted: usize,
}

impl Process {
    fn new(store: &SimulatedStore, clock: &Clock) -> Self {
        let waiting: Arc<Mutex<VecDeque<BackgroundRun>>> = Arc::default();
        let events: Arc<Mutex<Vec<Served>>> = Arc::default();
        let (queue, told) = (Arc::clone(&waiting), Arc::clone(&events));
        let cache = Cache::builder()
            .store(store.clone())
            .clock(clock.clone())
            .background(move |run| queue.lock().unwrap().push_back(run))
            .subscriber(move |event| {
                let served = match event {
                    Event::Hit { .. } => Served::Fresh,
                    Event::Stale { age, cause: StaleCause::Revalidating, .. } => Served::Revalidating(*age),
                    Event::Stale { age, cause: StaleCause::Failed(_), .. } => Served::Failed(*age),
                    _ => return,
                };
                told.lock().unwrap().push(served);
            })
            .build();
        Process { cache, waiting, events, deleted: 0 }
    }

    fn background(&self) {
        loop {
            let Some(mut run) = self.waiting.lock().unwrap().pop_front() else { return };
            assert!(run.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready(), "nothing in here waits");
        }
    }

    fn call(&self, database: &Arc<Mutex<Database>>, revalidate: u64, if_error: u64, lock: Lock) -> Result<u64, ()> {
        let database = Arc::clone(database);
        let read = self
            .cache
            .entry(Key::new("row"))
            .codec(Codec::serde::<u64>())
            .lock(lock)
            .depends_on(|| Dependencies::on("row", column("id").eq(1)))
            .stale_if_error(seconds(if_error))
            .owned_async(move || async move { database.lock().unwrap().read() })
            .stale_while_revalidate(seconds(revalidate))
            .get_or_fill_async();
        let mut read = pin!(read);
        loop {
            match read.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(returned) => return returned,
                Poll::Pending => self.background(),
            }
        }
    }
}

fn check(store: &SimulatedStore, lock: Lock, steps: Vec<Step>) -> u64 {
    let clock = Clock::manual();
    let mut processes = [Process::new(store, &clock), Process::new(store, &clock)];
    let database: Arc<Mutex<Database>> = Arc::default();
    let mut silent = false;
    for step in steps {
        match step {
            Step::Advance(time) => {
                clock.advance(seconds(time));
                database.lock().unwrap().now += time;
            }
            // A write that cannot be told is another test's.
            Step::Write(_) | Step::WriteElsewhere(_) | Step::Delete(_) if silent => {}
            Step::Write(process) => {
                {
                    let mut database = database.lock().unwrap();
                    let now = database.now;
                    database.written.push(now);
                }
                processes[process].cache.invalidate(Change::inserted("row", Row::from([("id", 1)]))).unwrap();
            }
            Step::WriteElsewhere(process) => {
                processes[process].cache.invalidate(Change::inserted("row", Row::from([("id", 2)]))).unwrap();
            }
            Step::Delete(process) => {
                processes[process].cache.delete(&Key::new("row"));
                processes[process].deleted = database.lock().unwrap().runs.len();
            }
            Step::Break(broken) => database.lock().unwrap().broken = broken,
            Step::Silence(fails) => {
                silent = fails;
                store.fail(fails);
            }
            Step::Background(process) => processes[process].background(),
            Step::ForgetEntries => store.forget_entries(),
            Step::Call(process, revalidate, if_error) => {
                let process = &processes[process];
                process.events.lock().unwrap().clear();
                let returned = process.call(&database, revalidate, if_error, lock);
                let served = process.events.lock().unwrap().last().copied();
                let (Ok(run), database) = (returned, database.lock().unwrap()) else { continue };
                let age = seconds(database.ceased(run).map_or(0, |ceased| database.now - ceased));
                match served {
                    None => assert_eq!(run as usize + 1, database.runs.len(), "a value of nowhere"),
                    Some(Served::Fresh) => assert_eq!(database.ceased(run), None, "served as fresh"),
                    Some(Served::Revalidating(told)) => assert!(age <= told && told <= seconds(revalidate)),
                    Some(Served::Failed(told)) => assert!(age <= told && told <= seconds(if_error)),
                }
                assert!(run as usize >= process.deleted, "served what was deleted here");
            }
        }
        store.settle();
    }
    store.fail(false);
    processes.iter().map(|process| process.cache.counters().stale).sum()
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        10 => (0..2_usize, 0..20_u64, 0..20_u64).prop_map(|(at, revalidate, if_error)| Step::Call(at, revalidate, if_error)),
        4 => (1..8_u64).prop_map(Step::Advance),
        4 => (0..2_usize).prop_map(Step::Write),
        1 => (0..2_usize).prop_map(Step::WriteElsewhere),
        1 => (0..2_usize).prop_map(Step::Delete),
        2 => any::<bool>().prop_map(Step::Break),
        1 => any::<bool>().prop_map(Step::Silence),
        2 => (0..2_usize).prop_map(Step::Background),
        1 => Just(Step::ForgetEntries),
    ];
    proptest::collection::vec(step, 1..50)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_process_serves_beyond_a_ceiling(steps in steps()) {
        check(&SimulatedStore::new(), Lock::Local, steps);
    }

    #[test]
    fn nor_under_announcements(steps in steps()) {
        check(&SimulatedStore::new().strict(Strict::new().lease(Duration::from_millis(200))), Lock::Local, steps);
    }

    #[test]
    fn nor_without_a_lock(steps in steps()) {
        check(&SimulatedStore::new(), Lock::None, steps);
    }
}

#[test]
fn stale_values_are_served_at_all() {
    use Step::{Advance, Background, Break, Call, Write};
    let steps = vec![
        Call(0, 9, 9),
        Write(1),
        Advance(9),
        Call(0, 9, 9),
        Background(0),
        Write(1),
        Break(true),
        Call(0, 0, 9),
        Advance(9),
        Call(0, 0, 9),
        Call(1, 9, 9),
    ];
    assert_eq!(check(&SimulatedStore::new(), Lock::Local, steps), 3);
}

fn reading(store: &SimulatedStore) -> (Clock, impl Fn(Result<u64, ()>) -> Result<u64, ()> + use<>) {
    let clock = Clock::manual();
    let cache = Cache::builder().store(store.clone()).clock(clock.clone()).build();
    let (store, moved) = (store.clone(), clock.clone());
    let read = move |answer| {
        let entry = cache.entry(Key::new("row")).codec(Codec::serde::<u64>()).ttl(seconds(60));
        let entry = entry.depends_on(|| Dependencies::table("row")).stale_if_error(seconds(30));
        let read = entry.try_get_or_fill(|| answer);
        store.settle();
        read
    };
    (moved, read)
}

#[test]
fn the_ceiling_counts_from_the_last_time_that_the_value_was_known_to_be_fresh() {
    let store = SimulatedStore::new();
    let (clock, read) = reading(&store);
    let writer = Cache::builder().store(store.clone()).build();
    assert_eq!(read(Ok(1)), Ok(1));
    clock.advance(seconds(20));
    assert_eq!(read(Err(())), Ok(1), "a hit");
    clock.advance(seconds(25));
    writer.invalidate_table("row").unwrap();
    assert_eq!(read(Err(())), Ok(1), "25 seconds after the hit");
    clock.advance(seconds(5));
    assert_eq!(read(Err(())), Ok(1), "30 seconds after the hit");
    clock.advance(Duration::from_nanos(1));
    assert_eq!(read(Err(())), Err(()));
}

#[test]
fn a_value_that_nothing_has_changed_is_as_old_as_its_end() {
    for mode in [Mode::Fresh, Mode::Ttl] {
        let store = SimulatedStore::new().mode(mode);
        let (clock, read) = reading(&store);
        assert_eq!(read(Ok(1)), Ok(1));
        clock.advance(seconds(65));
        store.forget_entries();
        assert_eq!(read(Err(())), Ok(1), "{mode:?}: 5 seconds after its end");
        clock.advance(seconds(25));
        assert_eq!(read(Err(())), Ok(1), "{mode:?}: 30 seconds after its end");
        clock.advance(seconds(1));
        assert_eq!(read(Err(())), Err(()), "{mode:?}");
    }
}

#[test]
fn an_error_beside_a_silent_store_is_covered_too() {
    let store = SimulatedStore::new();
    let (clock, read) = reading(&store);
    assert_eq!(read(Ok(1)), Ok(1));
    store.fail(true);
    clock.advance(seconds(30));
    assert_eq!(read(Err(())), Ok(1));
    clock.advance(seconds(1));
    assert_eq!(read(Err(())), Err(()));
}
