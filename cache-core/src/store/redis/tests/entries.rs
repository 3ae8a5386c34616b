//! Entries and leases.

use std::time::Duration;

use test_servers::Redis;

use super::*;
use crate::key::FunctionId;
use crate::store::shared::Keeping;

const ID: [u8; 16] = [7; 16];

fn fetch(bench: &Bench, ids: &[[u8; 16]]) -> Vec<Option<Vec<u8>>> {
    let asks = ids.iter().map(|id| Ask { id: Some(*id), footprint: None, to_fill: true, expected: None }).collect();
    block(bench.space.lookup(asks)).into_iter().map(|found| found.unwrap().entry.map(|entry| entry.to_vec())).collect()
}

fn keep(bench: &Bench, id: [u8; 16], bytes: &[u8], ttl: Duration) {
    block(bench.space.keep(Keeping { id, bytes: bytes.to_vec(), ttl })).unwrap();
}

#[test]
fn entries_come_back_as_they_were_kept() {
    if left_out() {
        return;
    }
    let bench = Bench::new(Mode::Ttl);
    let bytes: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    keep(&bench, ID, &bytes, Duration::from_secs(60));
    keep(&bench, [8; 16], b"", Duration::MAX);
    assert_eq!(fetch(&bench, &[ID, [9; 16], [8; 16]]), [Some(bytes), None, Some(Vec::new())]);
    assert_eq!(block(bench.space.remove(vec![ID, [9; 16], [8; 16]])).unwrap(), 2);
    assert_eq!(fetch(&bench, &[ID]), [None]);
}

#[test]
fn entries_end_and_are_put_off() {
    if left_out() {
        return;
    }
    let bench = Bench::new(Mode::Fresh);
    keep(&bench, ID, b"x", Duration::from_secs(50));
    let key = format!("e:{}:{}", bench.namespace, "07".repeat(16));
    let left = || Redis::shared().cli(&["PTTL", &key]).parse::<i64>().unwrap();
    assert!((1..=50_000).contains(&left()));
    block(bench.space.touch(ID, Duration::from_secs(500))).unwrap();
    assert!((50_001..=500_000).contains(&left()));
    block(bench.space.touch(ID, Duration::from_nanos(1))).unwrap();
    eventually("the entry ends", || fetch(&bench, &[ID])[0].is_none().then_some(()));
}

#[test]
fn all_entries_of_a_function_go() {
    if left_out() {
        return;
    }
    let (bench, other) = (Bench::new(Mode::Fresh), Bench::new(Mode::Fresh));
    let [one, two] = [1, 2].map(|number| FunctionId::of_digest(&[number; 32]));
    let of = |function: FunctionId| (0..2500_u32).map(move |number| function.lead(name(number))).collect::<Vec<_>>();
    for id in of(one).into_iter().chain(of(two).into_iter().take(3)) {
        keep(&bench, id, b"x", Duration::from_secs(60));
    }
    keep(&other, of(one)[0], b"x", Duration::from_secs(60));
    assert_eq!(block(bench.space.remove_function(one)).unwrap(), 2500);
    assert_eq!(block(bench.space.remove_function(one)).unwrap(), 0);
    assert!(fetch(&bench, &of(one)).iter().all(Option::is_none));
    assert_eq!(fetch(&bench, &of(two)[..4]).iter().flatten().count(), 3);
    assert_eq!(fetch(&other, &of(one)[..1]).iter().flatten().count(), 1, "another namespace");
}

fn name(number: u32) -> [u8; 16] {
    let mut name = [0; 16];
    name[12..].copy_from_slice(&number.to_be_bytes());
    name
}

#[test]
fn stamps_outlive_the_longest_entry() {
    if left_out() {
        return;
    }
    let bench = Bench::new(Mode::Fresh);
    let dependencies = on("orders", column("id").eq(1));
    let key = stamp_key(&bench, &bench.make(&dependencies).unwrap());
    let left = || Redis::shared().cli(&["PTTL", &key]).parse::<u64>().unwrap();
    assert!(left() <= 48 * 3600 * 1000);
    keep(&bench, ID, b"x", Duration::from_secs(5 * 24 * 3600));
    bench.make(&dependencies).unwrap();
    assert!(left() > 5 * 24 * 3600 * 1000);
}

#[test]
fn one_at_a_time_holds_a_lease() {
    if left_out() {
        return;
    }
    let bench = Bench::new(Mode::Fresh);
    let space = &bench.space;
    let life = Duration::from_secs(60);
    assert!(block(space.lease(ID, 1, life)).unwrap());
    assert!(!block(space.lease(ID, 2, life)).unwrap());
    assert!(block(space.holds(ID, 1)).unwrap());
    assert!(!block(space.holds(ID, 2)).unwrap());
    block(space.release(ID, 2)).unwrap();
    assert!(block(space.holds(ID, 1)).unwrap());
    block(space.release(ID, 1)).unwrap();
    assert!(block(space.lease(ID, 2, life)).unwrap());
}

#[test]
fn whoever_waits_for_a_lease_goes_on_when_it_ends() {
    if left_out() {
        return;
    }
    let bench = Bench::new(Mode::Fresh);
    let space = &bench.space;
    for given_back in [true, false] {
        let life = if given_back { Duration::from_secs(600) } else { Duration::from_millis(30) };
        assert!(block(space.lease(ID, 1, life)).unwrap());
        block(async {
            let wait = space.await_lease(ID, Duration::from_secs(600));
            let release = async {
                space.sleep(Duration::from_millis(20)).await;
                if given_back {
                    space.release(ID, 1).await.unwrap();
                }
            };
            futures::join!(wait, release);
        });
        assert!(!block(space.holds(ID, 1)).unwrap());
    }
    // One that nobody gives back in time does not keep anybody for ever.
    assert!(block(space.lease(ID, 1, Duration::from_secs(600))).unwrap());
    block(space.await_lease(ID, Duration::from_millis(10)));
    assert!(block(space.holds(ID, 1)).unwrap());
}

#[test]
fn nothing_is_stamped_or_voided_where_only_time_counts() {
    if left_out() {
        return;
    }
    let bench = Bench::new(Mode::Ttl);
    let voided = bench.void(None, vec![written("orders", [Row::new()])]).unwrap();
    assert!(voided.shapes.is_empty());
    block(bench.space.void_everything(None)).unwrap();
    let empty = Arc::new(Footprint::default());
    let found = block(bench.space.lookup(vec![Ask {
        id: Some(ID),
        footprint: Some(Arc::clone(&empty)),
        to_fill: true,
        expected: None,
    }]))
    .remove(0);
    assert_eq!(found.unwrap().standing.unwrap().sum(&empty), Standing::default().sum(&empty));
    assert!(Redis::shared().cli(&["KEYS", &format!("*{{{}:*", bench.namespace)]).is_empty());
}
