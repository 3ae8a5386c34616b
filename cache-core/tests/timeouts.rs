//! Soft and hard time-outs against an oracle: what a call ends with, and that its run goes on and fills.
#![cfg(not(feature = "shuttle"))]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use cache_core::{Cache, Change, Clock, Dependencies, Key, TimedOut};
use proptest::prelude::*;

const TTL: Duration = Duration::from_secs(100);
const SHORT: Duration = Duration::from_millis(1);

/// What work waits at.
#[derive(Default)]
struct Gate {
    open: Mutex<bool>,
    changed: Condvar,
    reached: AtomicBool,
}

impl Gate {
    fn pass(&self) {
        self.reached.store(true, Ordering::SeqCst);
        let open = self.open.lock().unwrap();
        drop(self.changed.wait_while(open, |open| !*open).unwrap());
    }

    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.changed.notify_all();
    }
}

/// How an old value came to be old.
#[derive(Clone, Copy, Debug)]
enum Old {
    None,
    /// Its time is over, for so many seconds.
    Expired(u64),
    /// It was invalidated so many seconds ago.
    Invalidated(u64),
    /// The same, and then deleted by name.
    Deleted(u64),
}

#[derive(Clone, Copy, Debug)]
struct Case {
    old: Old,
    /// Of `stale_if_error`, in seconds.
    ceiling: Option<u64>,
    soft: bool,
    hard: bool,
    /// The work ends at once.
    quick: bool,
}

fn cases() -> impl Strategy<Value = Case> {
    let age = 0..40u64;
    let old = prop_oneof![
        1 => Just(Old::None),
        3 => age.clone().prop_map(Old::Expired),
        3 => age.clone().prop_map(Old::Invalidated),
        1 => age.prop_map(Old::Deleted),
    ];
    (old, proptest::option::weighted(0.8, 0..40u64), any::<bool>(), any::<bool>(), proptest::bool::weighted(0.2))
        .prop_map(|(old, ceiling, soft, hard, quick)| Case { old, ceiling, soft, hard, quick })
}

impl Case {
    /// Whether there is an old value that may be served in the place of a slow one.
    fn has_stale(self) -> bool {
        let Some(ceiling) = self.ceiling else { return false };
        match self.old {
            Old::None | Old::Deleted(_) => false,
            Old::Expired(age) | Old::Invalidated(age) => age <= ceiling,
        }
    }

    /// What a call ends with whose work waits; `None` if nothing but the work ends it.
    fn expected(self) -> Option<Result<u32, ()>> {
        match self {
            case if case.has_stale() && (case.soft || case.hard) => Some(Ok(1)),
            Case { hard: true, .. } => Some(Err(())),
            _ => None,
        }
    }
}

fn call(cache: &Cache, case: Case, work: impl FnOnce() -> u32 + Send + 'static) -> Result<u32, TimedOut> {
    let entry = cache.entry(Key::new("slow")).ttl(TTL).depends_on(|| Dependencies::table("article"));
    let entry = entry.stale_if_error(case.ceiling.map(Duration::from_secs)).owned(move || Ok::<u32, TimedOut>(work()));
    entry.soft_timeout(case.soft.then_some(SHORT)).hard_timeout(case.hard.then_some(SHORT)).get_or_fill()
}

fn until(what: &str, condition: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain: {what}");
        std::thread::yield_now();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_call_ends_as_its_limits_say_and_its_run_goes_on(case in cases()) {
        let clock = Clock::manual();
        let cache = Cache::builder().clock(clock.clone()).build();
        let seconds = Duration::from_secs;
        let patient = Case { soft: false, hard: false, ..case };
        match case.old {
            Old::None => {}
            Old::Expired(age) => {
                call(&cache, patient, || 1).unwrap();
                clock.advance(TTL + seconds(age));
            }
            Old::Invalidated(age) | Old::Deleted(age) => {
                call(&cache, patient, || 1).unwrap();
                cache.invalidate(Change::table("article")).unwrap();
                clock.advance(seconds(age));
            }
        }
        if let Old::Deleted(_) = case.old {
            cache.delete(&Key::new("slow"));
        }
        let gate = Arc::new(Gate::default());
        let theirs = Arc::clone(&gate);
        let expected = if case.quick { None } else { case.expected() };
        if case.quick {
            gate.open();
        }
        let answer = std::thread::scope(|scope| {
            if expected.is_none() && !case.quick {
                // Nothing else ends the call.
                let gate = &gate;
                scope.spawn(move || {
                    until("the work begins", || gate.reached.load(Ordering::SeqCst));
                    gate.open();
                });
            }
            call(&cache, case, move || { theirs.pass(); 2 })
        });
        match expected {
            Some(expected) => prop_assert_eq!(answer.map_err(drop), expected),
            // Quick work may still be slower than its limit.
            None if case.quick => prop_assert!(matches!(answer, Ok(2)) || answer.map_err(drop) == case.expected().unwrap_or(Ok(2))),
            None => prop_assert_eq!(answer, Ok(2)),
        }
        gate.open();
        // A run that had not begun when its caller left has been given up; else it fills.
        if gate.reached.load(Ordering::SeqCst) {
            until("the run fills", || cache.get::<u32>(&Key::new("slow")) == Some(2));
        }
        prop_assert!(cache.counters().timeouts <= u64::from(case.hard));
    }
}
