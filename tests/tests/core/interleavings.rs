//! A thread that reads beside a transaction that writes.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use cache_core::{Begin, Cache, Key};

use crate::ledger::{Ledger, row};

/// Another thread that does what it is asked, and nothing meanwhile.
struct Reader {
    orders: SyncSender<()>,
    numbers: Receiver<i64>,
}

impl Reader {
    fn read(&self) -> i64 {
        self.orders.send(()).unwrap();
        self.numbers.recv().unwrap()
    }
}

fn with_reader(ledger: &Ledger, cache: &Cache, work: impl FnOnce(Reader)) {
    let (orders, asked) = sync_channel(0);
    let (found, numbers) = sync_channel(0);
    std::thread::scope(|scope| {
        scope.spawn(move || asked.into_iter().for_each(|()| found.send(ledger.read(cache, 1)).unwrap()));
        work(Reader { orders, numbers });
    });
}

/// The reader reads before the transaction begins, between its write and its commit, after the commit, or several of these.
fn interleaving(before: bool, during: bool, after: bool) {
    let (ledger, cache) = (Ledger::new(), Cache::in_memory());
    with_reader(&ledger, &cache, |reader| {
        if before {
            assert_eq!(reader.read(), 10);
        }
        let mut session = ledger.begin(&cache);
        session.write(1, 11).unwrap();
        if during {
            assert_eq!(reader.read(), 10);
        }
        assert_eq!(ledger.statements(), usize::from(before || during), "one statement for the old number");
        session.commit();
        let old = ledger.statements();
        if after {
            assert_eq!(reader.read(), 11);
            assert_eq!(ledger.statements(), old + 1);
        }
        assert_eq!((ledger.read(&cache, 1), reader.read()), (11, 11));
        assert_eq!(ledger.statements(), old + 1, "one statement for the new number");
    });
}

#[test]
fn seven_interleavings_end_with_the_new_number_and_one_statement() {
    for plan in 1..8 {
        interleaving(plan & 1 != 0, plan & 2 != 0, plan & 4 != 0);
    }
}

/// The moments of a writing transaction: before it begins, after its write, after the database has committed, and
/// after the cache was told.
const MOMENTS: usize = 4;

/// A thread that looks the number up at one moment, selects it at another and hands it to the cache at a third.
fn slow_reader(begins: usize, selects: usize, stores: usize) {
    let (ledger, cache) = (Ledger::new(), Cache::in_memory());
    let (moments, now) = sync_channel::<usize>(0);
    let (done, turns) = sync_channel::<()>(0);
    let (ledger, cache) = (&ledger, &cache);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let (mut guard, mut number) = (None, 0);
            for moment in now {
                if moment == begins {
                    let entry = cache.entry(Key::new("number").with(&1)).depends_on(|| row(1));
                    guard = Some(match entry.begin::<i64>() {
                        Begin::Fill(guard) => guard,
                        other => panic!("nothing was stored yet: {other:?}"),
                    });
                }
                if moment == selects {
                    number = ledger.select(1);
                }
                if moment == stores {
                    guard.take().expect("it has begun").store(&number, 8);
                }
                done.send(()).unwrap();
            }
        });
        let reach = |moment: usize| {
            moments.send(moment).unwrap();
            turns.recv().unwrap();
        };
        reach(0);
        let mut session = ledger.begin(cache);
        session.write(1, 11).unwrap();
        reach(1);
        session.commit_with(|| reach(2));
        reach(3);
        drop(moments);
    });
    let is_late = begins < 3 && stores == 3;
    let kept = cache.get::<i64>(&Key::new("number").with(&1));
    assert_eq!(kept, (begins == 3).then_some(11), "looked up at {begins}, selected at {selects}, stored at {stores}");
    assert_eq!(cache.counters().refused, u64::from(is_late));
    assert_eq!((ledger.read(cache, 1), ledger.read(cache, 1)), (11, 11));
}

#[test]
fn a_reader_that_spans_the_transaction_leaves_nothing_old_behind() {
    for begins in 0..MOMENTS {
        for selects in begins..MOMENTS {
            for stores in selects..MOMENTS {
                slow_reader(begins, selects, stores);
            }
        }
    }
}

#[test]
fn numbers_that_only_rise_are_never_seen_to_fall() {
    const LAST: i64 = 1_200;
    let (ledger, cache) = (Ledger::new(), Cache::in_memory());
    std::thread::scope(|scope| {
        for id in [1, 2] {
            let (ledger, cache) = (&ledger, &cache);
            scope.spawn(move || (1_000..=LAST).for_each(|number| ledger.write(cache, id, number)));
            scope.spawn(move || {
                let mut last = 0;
                while last < LAST {
                    let number = ledger.read(cache, id);
                    assert!(number >= last, "{number} after {last}");
                    last = number;
                }
            });
        }
    });
    assert_eq!((ledger.read(&cache, 1), ledger.read(&cache, 2)), (LAST, LAST));
}
