//! Look-ups of one entry in words that lie ready, against those of several.

use super::*;
use crate::store::shared::{Found, Keeping};

const ID: [u8; 16] = [7; 16];

fn ask(footprint: &Arc<Footprint>, id: Option<[u8; 16]>, expected: Option<&Arc<Standing>>) -> Ask {
    Ask { id, footprint: Some(Arc::clone(footprint)), to_fill: false, expected: expected.cloned() }
}

fn find(bench: &Bench, ask: Ask) -> Result<Found, Fault> {
    block(bench.space.find(ask))
}

/// Both ways to ask, which have to agree; what the shorter one has found.
fn both(bench: &Bench, footprint: &Arc<Footprint>, id: Option<[u8; 16]>) -> Found {
    let found = find(bench, ask(footprint, id, None)).unwrap();
    let other = block(bench.space.lookup(vec![ask(footprint, id, None)])).remove(0).unwrap();
    assert_eq!(found.entry.as_deref(), other.entry.as_deref());
    assert_eq!((&found.standing, found.settled), (&other.standing, other.settled));
    found
}

/// Of one table and of two, with one stamp and with several, under one shape and under two.
fn several() -> Vec<Dependencies> {
    let one = || on("orders", column("a").eq(1));
    let many = || on("orders", column("a").is_in([1, 2, 3]));
    let wide = || on("orders", column("b").eq(1)).union(many());
    vec![
        one(),
        many(),
        wide(),
        one().union(on("customers", column("a").eq(1))),
        wide().union(Dependencies::table("customers")),
    ]
}

fn modes() -> [Mode; 3] {
    [Mode::Fresh, strict(Duration::from_millis(1)), Mode::Strict(Strict::new().lease(Duration::from_millis(1)).fence())]
}

/// Both ways agree, whatever is missing; what is expected is the answer exactly as long as nothing is.
#[test]
fn the_short_way_finds_what_the_long_way_does() {
    if left_out() {
        return;
    }
    for mode in modes() {
        let mut bench = Bench::new(mode);
        bench.space.limits.slack = Duration::ZERO;
        for dependencies in several() {
            let made = eventually("it may be kept", || bench.make(&dependencies));
            let footprint = &made.footprint;
            let keeping = Keeping { id: ID, bytes: b"entry\r\n$1".to_vec(), ttl: Duration::from_secs(60) };
            block(bench.space.keep(keeping)).unwrap();
            let alone = both(&bench, footprint, None);
            let standing = both(&bench, footprint, Some(ID)).standing.unwrap();
            assert_eq!(alone.standing.as_ref(), Some(&standing));
            assert_eq!(both(&bench, footprint, Some([8; 16])).entry.as_deref(), None);
            assert_eq!(standing.sum(footprint), Some(made.sum));

            for id in [None, Some(ID)] {
                let found = find(&bench, ask(footprint, id, Some(&standing))).unwrap();
                assert!(Arc::ptr_eq(&found.standing.unwrap(), &standing));
                assert_eq!(found.settled, mode == Mode::Fresh);
                assert_eq!(found.entry.as_deref(), id.map(|_| &b"entry\r\n$1"[..]));
            }
            let mut other = Standing::clone(&standing);
            let last = other.tables.len() - 1;
            *other.tables[last].stamps.last_mut().unwrap() += 1;
            let found = find(&bench, ask(footprint, Some(ID), Some(&Arc::new(other)))).unwrap();
            assert_eq!(found.standing.as_ref(), Some(&standing));

            for of in &footprint.tables {
                let keys = bench.space.keys.table(&of.table);
                for slot in of.shapes.iter().flat_map(|shape| &shape.slots) {
                    Redis::shared().cli(&["UNLINK", &keys.stamp(*slot)]);
                    let found = find(&bench, ask(footprint, Some(ID), Some(&standing))).unwrap();
                    assert_eq!(found.standing.unwrap().sum(footprint), None);
                    both(&bench, footprint, Some(ID));
                    both(&bench, footprint, None);
                }
                Redis::shared().cli(&["UNLINK", &keys.shapes]);
                both(&bench, footprint, Some(ID));
            }
        }
    }
}

#[test]
fn what_was_expected_is_over_with_a_write() {
    if left_out() {
        return;
    }
    let bench = Bench::new(Mode::Fresh);
    let made = bench.make(&on("orders", column("a").eq(1))).unwrap();
    let standing = both(&bench, &made.footprint, Some(ID)).standing.unwrap();
    bench.void(None, vec![written("orders", [row([("a", 2)])])]).unwrap();
    let found = find(&bench, ask(&made.footprint, Some(ID), Some(&standing))).unwrap();
    assert!(Arc::ptr_eq(&found.standing.unwrap(), &standing));
    bench.void(None, vec![written("orders", [row([("a", 1)])])]).unwrap();
    let found = find(&bench, ask(&made.footprint, Some(ID), Some(&standing))).unwrap();
    assert_eq!(found.standing.unwrap().sum(&made.footprint), None);
}

/// Words that lie beside a footprint are those of one namespace.
#[test]
fn a_footprint_that_another_namespace_asks_about_is_worded_anew() {
    if left_out() {
        return;
    }
    let [one, other] = [Bench::new(Mode::Fresh), Bench::new(Mode::Fresh)];
    let made = one.make(&on("orders", column("a").eq(1))).unwrap();
    assert_eq!(both(&one, &made.footprint, None).standing.unwrap().sum(&made.footprint), Some(made.sum));
    assert_eq!(both(&other, &made.footprint, None).standing.unwrap().sum(&made.footprint), None);
    assert_eq!(both(&one, &made.footprint, None).standing.unwrap().sum(&made.footprint), Some(made.sum));
}

#[test]
fn a_key_of_another_type_makes_misses_and_faults() {
    if left_out() {
        return;
    }
    let bench = Bench::new(Mode::Fresh);
    let made = bench.make(&on("orders", column("a").eq(1))).unwrap();
    let standing = both(&bench, &made.footprint, None).standing.unwrap();
    let look = || find(&bench, ask(&made.footprint, Some(ID), Some(&standing)));
    Redis::shared().cli(&["LPUSH", &bench.space.keys.entry(ID), "x"]);
    assert_eq!(look().unwrap().entry.as_deref(), None);
    let stamp = stamp_key(&bench, &made);
    Redis::shared().cli(&["UNLINK", &stamp]);
    Redis::shared().cli(&["LPUSH", &stamp, "x"]);
    assert_eq!(look().unwrap().standing.unwrap().sum(&made.footprint), None);
    let shapes = bench.key('m', "orders");
    Redis::shared().cli(&["UNLINK", &shapes]);
    Redis::shared().cli(&["SET", &shapes, "x"]);
    assert!(look().unwrap_err().message.contains("WRONGTYPE"));
}
