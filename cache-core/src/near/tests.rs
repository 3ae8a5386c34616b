use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::{Near, NearMode, mark};
use crate::clock::{Clock, Instant};
use crate::dependency::Dependencies;
use crate::engine::Stamps;
use crate::key::Key;
use crate::store::{Made, Stored};

const BOUND: Duration = Duration::from_millis(1_000);

const STEP: Duration = Duration::from_millis(250);

fn bounded(clock: &Clock) -> Near {
    Near::new(NearMode::Bounded { staleness: BOUND }, 1 << 20, clock.clone())
}

fn stored(value: u64, weight: u64, stamps: Stamps) -> Arc<Stored> {
    let (dependencies, expires, idle) = (Dependencies::none(), None, None);
    let made = Made::at(Instant::from_nanos(0));
    Arc::new(Stored {
        value: Arc::new(value),
        stamps,
        dependencies,
        expires,
        idle,
        weight,
        made,
        proof: None,
        reserve: None,
    })
}

fn key(number: u64) -> Key {
    Key::new("key").with(&number)
}

fn value(stored: &Stored) -> u64 {
    *stored.value.downcast_ref().unwrap()
}

/// Keeps a value that hangs on the marks.
fn keep(near: &Near, number: u64, marks: &[u64]) -> Arc<Stored> {
    let stored = stored(number, 8, near.expect(marks));
    near.insert(key(number), Arc::clone(&stored));
    stored
}

#[test]
fn a_push_concerns_what_hangs_on_its_mark() {
    let near = bounded(&Clock::manual());
    near.renew(near.clock().now());
    let (one, other, both) = (keep(&near, 1, &[1]), keep(&near, 2, &[2]), keep(&near, 3, &[1, 2]));
    assert!([&one, &other, &both].into_iter().all(|stored| near.may_serve(stored)));

    assert_eq!(near.suspect([1, 7]), 1);
    assert_eq!([one, other, both].map(|stored| near.may_serve(&stored)), [false, true, false]);
    assert_eq!(near.lookup(&key(1)).map(|stored| value(&stored)), Some(1), "what is suspect is kept");

    let again = keep(&near, 1, &[1]);
    assert!(near.may_serve(&again), "it was asked for again");
}

#[test]
fn a_push_reaches_what_is_expected() {
    let near = bounded(&Clock::manual());
    near.renew(near.clock().now());
    let expected = near.expect(&[1]);
    near.suspect([1]);
    let late = stored(1, 8, expected);
    near.insert(key(1), Arc::clone(&late));
    assert!(!near.may_serve(&late));
}

#[test]
fn all_are_suspected_at_once() {
    let near = bounded(&Clock::manual());
    near.renew(near.clock().now());
    let expected = near.expect(&[2]);
    let kept = keep(&near, 1, &[1]);
    near.suspect_all();
    assert!(!near.may_serve(&kept) && !near.may_serve(&stored(2, 8, expected)));
    assert!(near.may_serve(&keep(&near, 1, &[1])));
}

#[test]
fn a_lease_is_over_in_time() {
    let clock = Clock::manual();
    let near = bounded(&clock);
    let kept = keep(&near, 1, &[1]);
    assert_eq!((near.may_serve(&kept), near.staleness()), (false, None), "there is no lease yet");

    let since = clock.now();
    clock.advance(STEP);
    near.renew(since);
    assert_eq!((near.may_serve(&kept), near.staleness()), (true, Some(STEP)));
    clock.advance(BOUND - STEP - Duration::from_nanos(1));
    assert!(near.may_serve(&kept));
    clock.advance(Duration::from_nanos(1));
    assert_eq!((near.may_serve(&kept), near.staleness()), (false, None));

    near.renew(clock.now());
    assert_eq!((near.may_serve(&kept), near.staleness()), (true, Some(Duration::ZERO)), "nothing was missed");
    near.end_lease();
    assert_eq!((near.may_serve(&kept), near.staleness()), (false, None));
}

#[test]
fn what_hangs_on_nothing_is_asked_for() {
    let near = bounded(&Clock::manual());
    near.renew(near.clock().now());
    assert!(!near.may_serve(&stored(1, 8, Stamps::default())));
    assert!(near.may_serve(&keep(&near, 1, &[])), "the generation is something");
}

#[test]
fn only_a_bound_is_served_without_asking() {
    let modes = [NearMode::Off, NearMode::Validated, NearMode::Bounded { staleness: Duration::ZERO }];
    for mode in modes {
        let near = Near::new(mode, 1 << 20, Clock::manual());
        near.renew(near.clock().now());
        let kept = keep(&near, 1, &[1, 2]);
        assert!(!near.may_serve(&kept), "{mode:?}");
        assert_eq!((kept.stamps.len(), near.size().stamps, near.staleness()), (0, 0, None), "{mode:?}");
        assert_eq!(near.lookup(&key(1)).is_some(), mode != NearMode::Off, "{mode:?}");
        assert_eq!(near.size().entries, u64::from(mode != NearMode::Off), "{mode:?}");
    }
}

#[test]
fn entries_go_by_name_and_by_identity() {
    let near = bounded(&Clock::manual());
    let (old, new) = (keep(&near, 1, &[1]), keep(&near, 1, &[1]));
    near.discard(&key(1), &old);
    assert!(near.lookup(&key(1)).is_some(), "another has taken its place");
    near.discard(&key(1), &new);
    assert!(near.lookup(&key(1)).is_none());
    keep(&near, 1, &[1]);
    assert!(near.remove(&key(1)) && !near.remove(&key(1)));
}

#[test]
fn it_is_bounded_in_bytes() {
    let near = Near::new(NearMode::Validated, 1 << 20, Clock::manual());
    for number in 0..4_000 {
        near.insert(key(number), stored(number, 4_000, Stamps::default()));
    }
    let size = near.size();
    assert!(size.bytes <= 1 << 20 && size.entries > 100, "{size:?}");
}

#[test]
fn marks_that_nothing_hangs_on_are_forgotten() {
    let near = bounded(&Clock::manual());
    let kept = keep(&near, 0, &[mark(b"kept")]);
    near.renew(near.clock().now());
    for number in 0..200_000_u64 {
        drop(near.expect(&[mark(&number.to_le_bytes())]));
    }
    assert!(near.size().stamps <= 32 * 64, "{:?}", near.size());
    assert!(near.may_serve(&kept));
    assert_eq!(near.suspect([mark(b"kept")]), 1);
}

#[test]
fn keys_have_marks_of_their_own() {
    let marks: std::collections::HashSet<u64> =
        (0..100_000).map(|number| mark(format!("c{{shop:orders}}{number:016x}").as_bytes())).collect();
    assert_eq!(marks.len(), 100_000);
    assert_eq!(mark(b"m{shop:orders}"), mark(b"m{shop:orders}"));
}

#[derive(Clone, Debug)]
enum Event {
    Expect {
        fill: u64,
        marks: Vec<u64>,
    },
    Insert {
        fill: u64,
        key: u64,
    },
    Push(Vec<u64>),
    PushAll,
    /// Counts from so many steps ago.
    Renew(u32),
    EndLease,
    Advance,
    Read(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let marks = || proptest::collection::vec(0..6_u64, 0..4);
    prop_oneof![
        4 => (0..4_u64, marks()).prop_map(|(fill, marks)| Event::Expect { fill, marks }),
        4 => (0..4_u64, 0..4_u64).prop_map(|(fill, key)| Event::Insert { fill, key }),
        3 => marks().prop_map(Event::Push),
        1 => Just(Event::PushAll),
        3 => (0..5_u32).prop_map(Event::Renew),
        1 => Just(Event::EndLease),
        2 => Just(Event::Advance),
        8 => (0..4_u64).prop_map(Event::Read),
    ]
}

/// What a fill is known to hang on, and when it was begun.
#[derive(Clone)]
struct Begun {
    at: usize,
    marks: Vec<u64>,
}

/// What should be true, from the whole history.
#[derive(Default)]
struct Oracle {
    /// When, and what; `None` is everything.
    pushes: Vec<(usize, Option<Vec<u64>>)>,
    now: u32,
    since: Option<i64>,
}

impl Oracle {
    fn is_suspect(&self, begun: &Begun) -> bool {
        self.pushes.iter().filter(|(at, _)| *at > begun.at).any(|(_, pushed)| match pushed {
            Some(pushed) => pushed.iter().any(|mark| begun.marks.contains(mark)),
            None => true,
        })
    }

    fn may_serve(&self, begun: &Begun) -> bool {
        let steps = (BOUND.as_millis() / STEP.as_millis()) as i64;
        let leased = self.since.is_some_and(|since| i64::from(self.now) - since < steps);
        leased && !self.is_suspect(begun)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// A value is served unasked if and only if the lease is in force and none of its marks was pushed after it was expected.
    #[test]
    fn what_was_pushed_after_it_was_expected_is_asked_for(events in proptest::collection::vec(event(), 1..80)) {
        let clock = Clock::manual();
        clock.advance(10 * STEP);
        let near = bounded(&clock);
        let mut oracle = Oracle::default();
        let mut fills: HashMap<u64, (Stamps, Begun)> = HashMap::new();
        let mut entries: HashMap<u64, (u64, Begun)> = HashMap::new();
        for (at, event) in events.into_iter().enumerate() {
            match event {
                Event::Expect { fill, marks } => {
                    fills.insert(fill, (near.expect(&marks), Begun { at, marks }));
                }
                Event::Insert { fill, key: of } => {
                    if let Some((stamps, begun)) = fills.remove(&fill) {
                        near.insert(key(of), stored(at as u64, 8, stamps));
                        entries.insert(of, (at as u64, begun));
                    }
                }
                Event::Push(marks) => {
                    near.suspect(marks.iter().copied());
                    oracle.pushes.push((at, Some(marks)));
                }
                Event::PushAll => {
                    near.suspect_all();
                    oracle.pushes.push((at, None));
                }
                Event::Renew(ago) => {
                    let since = clock.now().as_nanos() - (STEP * ago).as_nanos() as u64;
                    near.renew(crate::clock::Instant::from_nanos(since));
                    oracle.since = Some(i64::from(oracle.now) - i64::from(ago));
                }
                Event::EndLease => {
                    near.end_lease();
                    oracle.since = None;
                }
                Event::Advance => {
                    clock.advance(STEP);
                    oracle.now += 1;
                }
                Event::Read(of) => {
                    let kept = near.lookup(&key(of));
                    prop_assert_eq!(kept.as_ref().map(|kept| value(kept)), entries.get(&of).map(|(value, _)| *value));
                    if let (Some(kept), Some((_, begun))) = (kept, entries.get(&of)) {
                        prop_assert_eq!(near.may_serve(&kept), oracle.may_serve(begun));
                    }
                }
            }
        }
    }
}
