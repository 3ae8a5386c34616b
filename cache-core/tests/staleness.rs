//! Nothing that is fresh no more is served as fresh, nor beyond the ceiling of its option.
#![cfg(not(feature = "shuttle"))]

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use cache_core::observe::{Event, StaleCause};
use cache_core::{BackgroundRun, Cache, CacheBuilder, Change, Clock, Dependencies, Key, Lock, Row, TimedOut, column};
use proptest::prelude::*;

/// Seconds of the manual clock.
type Time = u64;

#[derive(Clone, Copy, Debug, Default)]
struct Options {
    ttl: Option<Time>,
    idle: Option<Time>,
    jitter: Option<Time>,
    refresh_ahead: Option<Time>,
    revalidate: Option<Time>,
    if_error: Option<Time>,
    unlocked: bool,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Call,
    Advance(Time),
    /// A row changes that the result depends on.
    Write,
    WriteElsewhere,
    Everything,
    Delete,
    /// From now on bodies end in an error, or do not.
    Break(bool),
    /// Runs what waits in the background.
    Background,
}

/// How a call was served, as the cache's events tell.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Served {
    Fresh,
    Revalidating(Time),
    Failed(Time),
}

#[derive(Clone, Copy, Debug)]
struct Made {
    number: u64,
    at: Time,
    touched: Time,
    /// When a write voided it.
    voided: Option<Time>,
}

impl Made {
    /// When it ceased to be fresh, as far as time had gone by then.
    fn ceased(&self, options: Options, now: Time) -> Option<Time> {
        let expired = options.ttl.map(|ttl| self.at + ttl).filter(|end| *end <= now);
        let idle = options.idle.map(|idle| self.touched + idle).filter(|end| *end < now);
        self.voided.into_iter().chain(expired).chain(idle).min()
    }
}

/// A world of one row, with everything that a cache should know of it.
struct World {
    cache: Cache,
    clock: Clock,
    now: Time,
    waiting: Arc<Mutex<VecDeque<BackgroundRun>>>,
    events: Arc<Mutex<Vec<Served>>>,
    broken: Arc<AtomicBool>,
    runs: Arc<AtomicU64>,
    made: Arc<Mutex<Vec<(u64, Time)>>>,
    moment: Arc<AtomicU64>,
    kept: Option<Made>,
    options: Options,
}

impl World {
    fn new(builder: CacheBuilder, options: Options) -> Self {
        let clock = Clock::manual();
        let waiting: Arc<Mutex<VecDeque<BackgroundRun>>> = Arc::default();
        let events: Arc<Mutex<Vec<Served>>> = Arc::default();
        let (queue, told) = (Arc::clone(&waiting), Arc::clone(&events));
        let cache = builder
            .clock(clock.clone())
            .background(move |run| queue.lock().unwrap().push_back(run))
            .subscriber(move |event| {
                let served = match event {
                    Event::Hit { .. } => Served::Fresh,
                    Event::Stale { age, cause: StaleCause::Revalidating, .. } => Served::Revalidating(age.as_secs()),
                    Event::Stale { age, cause: StaleCause::Failed(text), .. } => {
                        assert_eq!(*text, None, "a plain error says nothing");
                        Served::Failed(age.as_secs())
                    }
                    _ => return,
                };
                told.lock().unwrap().push(served);
            })
            .build();
        World {
            cache,
            clock,
            now: 0,
            waiting,
            events,
            broken: Arc::default(),
            runs: Arc::default(),
            made: Arc::default(),
            moment: Arc::default(),
            kept: None,
            options,
        }
    }

    fn call(&self) -> impl Future<Output = Result<u64, &'static str>> + use<> {
        let seconds = |time: Option<Time>| time.map(Duration::from_secs);
        let (cache, options) = (self.cache.clone(), self.options);
        let (broken, runs, made, moment) =
            (Arc::clone(&self.broken), Arc::clone(&self.runs), Arc::clone(&self.made), Arc::clone(&self.moment));
        async move {
            cache
                .entry(Key::new("row"))
                .depends_on(|| Dependencies::on("row", column("id").eq(1)))
                .ttl(seconds(options.ttl))
                .idle(seconds(options.idle))
                .jitter(seconds(options.jitter))
                .stale_if_error(seconds(options.if_error))
                .lock(if options.unlocked { Lock::None } else { Lock::Local })
                .owned_async(move || async move {
                    if broken.load(Ordering::Relaxed) {
                        return Err("broken");
                    }
                    let number = runs.fetch_add(1, Ordering::Relaxed) + 1;
                    made.lock().unwrap().push((number, moment.load(Ordering::Relaxed)));
                    Ok(number)
                })
                .stale_while_revalidate(seconds(options.revalidate))
                .refresh_ahead(seconds(options.refresh_ahead))
                .get_or_fill_async()
                .await
        }
    }

    /// What bodies have returned since the last time is what is kept.
    fn keep(&mut self) {
        for (number, at) in self.made.lock().unwrap().drain(..) {
            self.kept = Some(Made { number, at, touched: at, voided: None });
        }
    }

    fn background(&mut self) {
        loop {
            let Some(mut run) = self.waiting.lock().unwrap().pop_front() else { break };
            let polled = run.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_ready(), "nothing in here waits");
        }
        self.keep();
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Advance(time) => {
                self.now += time;
                self.moment.store(self.now, Ordering::Relaxed);
                self.clock.advance(Duration::from_secs(time));
            }
            Step::Write | Step::Everything => {
                let row = || Row::from([("id", 1)]);
                let change = match step {
                    Step::Write => Change::updated("row", row(), row()),
                    _ => Change::everything(),
                };
                self.cache.invalidate(change).unwrap();
                let now = self.now;
                self.kept.iter_mut().for_each(|made| made.voided = made.voided.or(Some(now)));
            }
            Step::WriteElsewhere => self.cache.invalidate(Change::inserted("row", Row::from([("id", 2)]))).unwrap(),
            Step::Delete => {
                self.cache.delete(&Key::new("row"));
                self.kept = None;
            }
            Step::Break(broken) => self.broken.store(broken, Ordering::Relaxed),
            Step::Background => self.background(),
            Step::Call => self.serve(),
        }
    }

    fn serve(&mut self) {
        self.events.lock().unwrap().clear();
        let mut call = pin!(self.call());
        let returned = loop {
            match call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(returned) => break returned,
                // It waits for the run in the background.
                Poll::Pending => {
                    assert!(!self.waiting.lock().unwrap().is_empty(), "a call waits for nobody");
                    let before = self.kept;
                    self.background();
                    if self.kept.map(|made| made.number) == before.map(|made| made.number) {
                        continue;
                    }
                }
            }
        };
        self.check(returned);
        self.keep();
    }

    fn check(&mut self, returned: Result<u64, &'static str>) {
        let served = self.events.lock().unwrap().last().copied();
        let exact = self.options.jitter.is_none();
        let (now, options) = (self.now, self.options);
        let ceased = self.kept.map(|made| made.ceased(options, now));
        match (returned, served) {
            (Ok(number), Some(Served::Fresh)) => {
                let kept = self.kept.as_mut().expect("served what nobody keeps");
                assert_eq!(number, kept.number);
                assert_eq!(ceased, Some(None), "served as fresh");
                kept.touched = now;
            }
            (Ok(number), Some(Served::Revalidating(age) | Served::Failed(age))) => {
                let ceiling = match served {
                    Some(Served::Failed(_)) => options.if_error,
                    _ => options.revalidate,
                };
                assert_eq!(Some(number), self.kept.map(|made| made.number), "served what was deleted or replaced");
                let since = ceased.flatten().unwrap_or(now);
                assert!(Some(now - since) <= ceiling, "stale for {} of {ceiling:?}", now - since);
                assert!(!exact || age == now - since, "told {age}, not {}", now - since);
                assert!(age >= now - since);
            }
            (Ok(number), None) => {
                let may_serve = ceased.is_some_and(|ceased| Some(now - ceased.unwrap_or(now)) <= options.revalidate);
                assert!(!exact || !may_serve, "ran although a value may be served meanwhile");
                assert_eq!(self.runs.load(Ordering::Relaxed), number, "a value of nowhere");
                assert!(!exact || ceased != Some(None), "ran although a fresh value is there");
            }
            (Err(_), _) => {
                let may_serve = ceased.is_some_and(|ceased| Some(now - ceased.unwrap_or(now)) <= options.if_error);
                assert!(!exact || !may_serve, "an error although a value may be served");
            }
        }
    }
}

fn times() -> impl Strategy<Value = Option<Time>> {
    proptest::option::of(1..12_u64)
}

fn options() -> impl Strategy<Value = Options> {
    (
        times(),
        times(),
        proptest::option::weighted(0.2, 1..6_u64),
        times(),
        times(),
        times(),
        proptest::bool::weighted(0.2),
    )
        .prop_map(|(ttl, idle, jitter, refresh_ahead, revalidate, if_error, unlocked)| Options {
            ttl,
            idle,
            jitter,
            refresh_ahead,
            revalidate,
            if_error,
            unlocked,
        })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => Just(Step::Call),
        5 => (1..8_u64).prop_map(Step::Advance),
        3 => Just(Step::Write),
        1 => Just(Step::WriteElsewhere),
        1 => Just(Step::Everything),
        1 => Just(Step::Delete),
        2 => any::<bool>().prop_map(Step::Break),
        2 => Just(Step::Background),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_value_is_served_as_long_as_its_options_say(
        options in options(),
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        let mut world = World::new(Cache::builder(), options);
        for step in steps {
            world.step(step);
        }
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn manual() -> (Cache, Clock) {
    let clock = Clock::manual();
    (Cache::builder().clock(clock.clone()).build(), clock)
}

fn change() -> Change {
    Change::table("row")
}

#[test]
fn the_ceiling_counts_from_the_invalidation_and_not_from_the_last_hit() {
    let (cache, clock) = manual();
    let call = |answer: Result<u8, ()>| {
        let entry = cache.entry(Key::new("row")).depends_on(|| Dependencies::table("row"));
        entry.stale_if_error(seconds(10)).try_get_or_fill(|| answer)
    };
    assert_eq!(call(Ok(1)), Ok(1));
    clock.advance(seconds(3600));
    cache.invalidate(change()).unwrap();
    clock.advance(seconds(10));
    assert_eq!(call(Err(())), Ok(1));
    cache.invalidate(change()).unwrap();
    clock.advance(Duration::from_nanos(1));
    assert_eq!(call(Err(())), Err(()), "a second invalidation makes it no younger");
    assert_eq!(cache.counters().stale, 1);
}

#[test]
fn what_is_made_of_a_stale_value_is_not_stored() {
    let (cache, _) = manual();
    let inner = |answer: Result<u8, ()>| {
        let entry = cache.entry(Key::new("inner")).depends_on(|| Dependencies::table("row"));
        entry.stale_if_error(seconds(10)).try_get_or_fill(|| answer)
    };
    assert_eq!(inner(Ok(1)), Ok(1));
    cache.invalidate(change()).unwrap();
    let outer = |answer| cache.entry(Key::new("outer")).get_or_fill(|| inner(answer).unwrap());
    assert_eq!(outer(Err(())), 1);
    assert_eq!(outer(Ok(2)), 2, "it was made again");
    assert_eq!(outer(Ok(3)), 2);
}

#[test]
fn transactions_and_bypasses_get_nothing_stale() {
    let (cache, _) = manual();
    let entry = || {
        let entry = cache.entry(Key::new("row")).depends_on(|| Dependencies::table("row"));
        entry.stale_if_error(seconds(10))
    };
    assert_eq!(entry().try_get_or_fill(|| Ok::<_, ()>(1)), Ok(1));
    let point = cache.read_point();
    cache.invalidate(change()).unwrap();
    let fails = || Err::<i32, ()>(());
    assert_eq!(entry().as_of(point).try_get_or_fill(fails), Err(()));
    assert_eq!(entry().bypass(true).try_get_or_fill(fails), Err(()));
    let nested = cache.entry(Key::new("outer")).as_of(point).get_or_fill(|| entry().try_get_or_fill(fails));
    assert_eq!(nested, Err(()));
    let owned = entry().as_of(point).owned(fails).stale_while_revalidate(seconds(10));
    assert_eq!(owned.get_or_fill(), Err(()));
    assert_eq!(entry().try_get_or_fill(fails), Ok(1));
}

#[test]
fn a_reader_that_names_no_ceiling_gets_nothing_stale() {
    let (cache, _) = manual();
    let entry = || cache.entry(Key::new("row")).depends_on(|| Dependencies::table("row"));
    assert_eq!(entry().stale_if_error(seconds(10)).try_get_or_fill(|| Ok::<_, ()>(1)), Ok(1));
    cache.invalidate(change()).unwrap();
    assert_eq!(cache.get::<i32>(&Key::new("row")), None);
    assert_eq!(entry().try_get_or_fill(|| Err::<i32, _>(())), Err(()));
    assert_eq!(entry().stale_if_error(seconds(10)).try_get_or_fill(|| Err::<i32, _>(())), Ok(1));
}

#[test]
fn without_an_executor_a_stale_value_is_a_plain_miss() {
    let (cache, _) = manual();
    let call = |value: u8| {
        let entry = cache.entry(Key::new("row")).depends_on(|| Dependencies::table("row"));
        let owned = entry.owned_async(move || async move { Ok::<_, TimedOut>(value) });
        owned.stale_while_revalidate(seconds(10)).refresh_ahead(seconds(10)).get_or_fill()
    };
    assert_eq!(call(1), Ok(1));
    cache.invalidate(change()).unwrap();
    assert_eq!(call(2), Ok(2));
    assert_eq!((cache.counters().stale, cache.counters().refreshes), (0, 0));
}

#[test]
fn without_threads_blocking_work_has_no_limits() {
    let cache = Cache::builder().background_threads(0).build();
    let call = |value: u8| {
        let entry = cache.entry(Key::new("row")).depends_on(|| Dependencies::table("row"));
        let owned = entry.owned(move || {
            std::thread::sleep(Duration::from_millis(5));
            Ok::<_, TimedOut>(value)
        });
        owned.stale_while_revalidate(seconds(10)).hard_timeout(Duration::from_millis(1)).get_or_fill()
    };
    assert_eq!(call(1), Ok(1));
    cache.invalidate(change()).unwrap();
    assert_eq!(call(2), Ok(2));
    assert_eq!((cache.counters().stale, cache.counters().timeouts), (0, 0));
}

/// Waits for a condition that another thread brings about.
fn until(what: &str, condition: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !condition() {
        assert!(begun.elapsed() < seconds(60), "waited in vain: {what}");
        std::thread::yield_now();
    }
}

/// Work that ends when it is let go.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, std::sync::Condvar)>);

impl Gate {
    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        let mut open = self.0.0.lock().unwrap();
        while !*open {
            open = self.0.1.wait(open).unwrap();
        }
    }
}

#[test]
fn blocking_work_that_is_slow_goes_on_and_fills() {
    let cache = Cache::in_memory();
    let entry = || cache.entry(Key::new("row")).depends_on(|| Dependencies::table("row")).name("row");
    let gate = Gate::default();
    let slow = gate.clone();
    let call = entry().owned(move || {
        slow.pass();
        Ok::<u8, TimedOut>(1)
    });
    let timed_out = call.hard_timeout(Duration::from_millis(1)).get_or_fill().unwrap_err();
    assert_eq!((timed_out.name, timed_out.after), ("row", Duration::from_millis(1)));
    assert_eq!(cache.counters().timeouts, 1);
    let joined = entry().owned(|| Ok::<u8, TimedOut>(2)).hard_timeout(Duration::from_millis(1)).get_or_fill();
    assert!(joined.is_err(), "a caller that waits for the run has a limit, too");
    gate.open();
    until("the run fills", || cache.counters().fills == 1);
    assert_eq!(cache.get::<u8>(&Key::new("row")), Some(1));
}

#[test]
fn a_stale_value_is_served_when_the_work_is_slow() {
    let cache = Cache::in_memory();
    let gate = Gate::default();
    let call = |value: u8, slow: Option<Gate>| {
        let entry = cache.entry(Key::new("row")).depends_on(|| Dependencies::table("row"));
        let owned = entry.stale_if_error(seconds(600)).owned(move || {
            slow.iter().for_each(Gate::pass);
            Ok::<u8, String>(value)
        });
        owned.soft_timeout(Duration::from_millis(1)).get_or_fill()
    };
    assert_eq!(call(1, None), Ok(1));
    cache.invalidate(change()).unwrap();
    assert_eq!(call(2, Some(gate.clone())), Ok(1));
    assert_eq!((cache.counters().stale, cache.counters().timeouts), (1, 0));
    gate.open();
    until("the run fills", || cache.counters().fills == 2);
    assert_eq!(call(3, None), Ok(2));
}

#[test]
fn awaited_work_that_is_slow_moves_to_the_executor() {
    let moved: Arc<Mutex<Vec<BackgroundRun>>> = Arc::default();
    let queue = Arc::clone(&moved);
    let cache = Cache::builder().background(move |run| queue.lock().unwrap().push(run)).build();
    let gate = Arc::new(AtomicBool::new(false));
    let open = Arc::clone(&gate);
    let call = cache.entry(Key::new("row")).depends_on(|| Dependencies::table("row")).owned_async(move || {
        std::future::poll_fn(move |_| match open.load(Ordering::Relaxed) {
            true => Poll::Ready(Ok::<u8, TimedOut>(1)),
            false => Poll::Pending,
        })
    });
    assert!(call.hard_timeout(Duration::from_millis(1)).get_or_fill().is_err());
    let mut run = moved.lock().unwrap().pop().expect("the run has moved");
    gate.store(true, Ordering::Relaxed);
    assert!(run.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
    assert_eq!(cache.get::<u8>(&Key::new("row")), Some(1));
}

#[test]
fn one_run_refreshes_a_key_while_all_are_served() {
    let cache = Cache::in_memory();
    let (gate, runs) = (Gate::default(), Arc::new(AtomicU64::new(0)));
    let call = || {
        let (gate, runs) = (gate.clone(), Arc::clone(&runs));
        let entry = cache.entry(Key::new("row")).depends_on(|| Dependencies::table("row"));
        let owned = entry.owned(move || {
            if runs.fetch_add(1, Ordering::SeqCst) > 0 {
                gate.pass();
            }
            Ok::<u64, String>(runs.load(Ordering::SeqCst))
        });
        owned.stale_while_revalidate(seconds(600)).get_or_fill().unwrap()
    };
    assert_eq!(call(), 1);
    cache.invalidate(change()).unwrap();
    assert!((0..20).all(|_| call() == 1));
    assert_eq!(cache.counters().stale, 20);
    gate.open();
    until("the run fills", || cache.counters().fills == 2);
    assert_eq!(call(), 2);
    assert_eq!((runs.load(Ordering::SeqCst), cache.counters().refreshes), (2, 1));
}

#[test]
fn a_panic_in_the_background_is_counted_and_leaves_the_key_free() {
    let cache = Cache::in_memory();
    let call = |panics: bool| {
        let entry = cache.entry(Key::new("row")).depends_on(|| Dependencies::table("row"));
        let owned = entry.owned(move || {
            assert!(!panics, "on purpose");
            Ok::<u8, String>(1)
        });
        owned.stale_while_revalidate(seconds(600)).get_or_fill().unwrap()
    };
    call(false);
    cache.invalidate(change()).unwrap();
    call(true);
    until("the panic is counted", || cache.counters().panics == 1);
    call(false);
    until("the next run fills", || cache.counters().fills == 2);
}

#[test]
fn a_panic_reaches_the_caller_that_still_waits() {
    let cache = Cache::in_memory();
    let call = cache.entry(Key::new("row")).owned(|| -> Result<u8, TimedOut> { panic!("on purpose") });
    let panic =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| call.hard_timeout(seconds(600)).get_or_fill()));
    assert_eq!(panic.unwrap_err().downcast_ref::<&str>(), Some(&"on purpose"));
    assert_eq!(cache.counters().panics, 0);
}

#[test]
fn without_a_lock_each_caller_runs() {
    let cache = Cache::in_memory();
    let arrived = Arc::new(std::sync::Barrier::new(3));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            let (cache, arrived) = (cache.clone(), Arc::clone(&arrived));
            scope.spawn(move || {
                cache.entry(Key::new("row")).lock(Lock::None).get_or_fill(|| {
                    arrived.wait();
                    1
                })
            });
        }
    });
    assert_eq!(cache.counters().misses, 3);
}
