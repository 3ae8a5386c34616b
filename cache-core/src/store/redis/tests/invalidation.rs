//! What goes, and what stays.

use std::collections::HashSet;

use test_servers::Redis;

use super::*;
use crate::near::mark;

#[test]
fn a_row_of_which_a_column_is_unknown_takes_the_shape() {
    if left_out() {
        return;
    }
    let bench = Bench::new(Mode::Fresh);
    let both = bench.make(&on("orders", column("a").eq(1) & column("b").eq(1))).unwrap();
    let other = bench.make(&on("orders", column("a").eq(2))).unwrap();
    let voided = bench.void(None, vec![written("orders", [row([("a", 1)])])]).unwrap();
    assert!(!bench.is_valid(&both));
    assert!(bench.is_valid(&other));
    assert!(voided.shapes.iter().any(|met| met.whole));
    assert_eq!(bench.store.tally().whole_shapes, 1);
}

#[test]
fn any_row_takes_the_table_and_no_other() {
    if left_out() {
        return;
    }
    let bench = Bench::new(Mode::Fresh);
    let made = [column("a").eq(1), column("b").is_null(), Predicate::Any].map(|one| bench.make(&on("orders", one)));
    let other = bench.make(&on("orders2", Predicate::Any)).unwrap();
    bench.void(None, vec![written("orders", [row([("a", 5)]), Row::new()])]).unwrap();
    assert!(made.iter().all(|made| !bench.is_valid(made.as_ref().unwrap())));
    assert!(bench.is_valid(&other));
    assert_eq!(bench.store.tally().whole_tables, 1);
}

#[test]
fn everything_goes_and_other_namespaces_stay() {
    if left_out() {
        return;
    }
    let bench = Bench::new(Mode::Fresh);
    let other = Bench::named(RedisStore::builder().url(Redis::shared().url()), &format!("{}x", bench.namespace));
    let made: Vec<_> = (0..50).map(|table| bench.make(&Dependencies::table(format!("t{table}"))).unwrap()).collect();
    let nothing = bench.make(&Dependencies::none()).unwrap();
    let kept = other.make(&Dependencies::table("t1")).unwrap();
    assert!(made.iter().chain([&nothing]).all(|made| bench.is_valid(made)));
    block(bench.space.void_everything(None)).unwrap();
    assert!(made.iter().chain([&nothing]).all(|made| !bench.is_valid(made)));
    assert!(other.is_valid(&kept));
}

#[test]
fn more_stamps_than_one_script_takes() {
    if left_out() {
        return;
    }
    let bench = Bench::new(Mode::Fresh);
    let made: Vec<_> = (0..1300).map(|id| bench.make(&on("orders", column("id").eq(id))).unwrap()).collect();
    let spared = bench.make(&on("orders", column("id").eq(5000))).unwrap();
    let images = (0..1300).map(|id| row([("id", id)])).collect();
    let voided = bench.void(None, vec![Written { table: "orders".into(), images }]).unwrap();
    assert_eq!(voided.shapes.iter().map(|met| met.conjunctions).sum::<usize>(), 1300);
    assert!(made.iter().all(|made| !bench.is_valid(made)));
    assert!(bench.is_valid(&spared));
}

#[test]
fn shapes_that_another_process_made_are_learned_on_the_way() {
    if left_out() {
        return;
    }
    let bench = Bench::new(Mode::Fresh);
    let writer = bench.other_process();
    let first = bench.make(&on("orders", column("a").eq(1))).unwrap();
    writer.void(None, vec![written("orders", [row([("a", 1), ("b", 1)])])]).unwrap();
    assert!(!bench.is_valid(&first));
    let [first, second] =
        [column("a").eq(1), column("b").eq(1)].map(|predicate| bench.make(&on("orders", predicate)).unwrap());
    writer.void(None, vec![written("orders", [row([("a", 1), ("b", 1)])])]).unwrap();
    assert!(!bench.is_valid(&first) && !bench.is_valid(&second));
    assert_eq!(bench.store.tally().repeats, 2);
}

#[test]
fn a_shape_of_another_release_goes_whole() {
    if left_out() {
        return;
    }
    let bench = Bench::new(Mode::Fresh);
    let made = bench.make(&on("orders", column("a").eq(1))).unwrap();
    let key = bench.key('m', "orders");
    Redis::shared().cli(&["HSET", &key, "s?what", "17", "g", "18"]);
    bench.void(None, vec![written("orders", [row([("a", 2)])])]).unwrap();
    assert_ne!(Redis::shared().cli(&["HGET", &key, "s?what"]), "17");
    assert!(bench.is_valid(&made));
}

#[test]
fn too_many_shapes_are_widened_and_forgotten_in_time() {
    if left_out() {
        return;
    }
    let url = Redis::shared().url();
    let bench = Bench::on(RedisStore::builder().url(url).max_shapes(3));
    let columns = ["a", "b", "c", "d", "e"];
    let made = columns.map(|name| bench.make(&on("orders", column(name).eq(1))).unwrap());
    let shapes: HashSet<_> = made.iter().map(|made| made.footprint.tables[0].shapes[0].name.to_string()).collect();
    assert_eq!(shapes.len(), 4, "three of them and the empty one: {shapes:?}");
    assert_eq!(bench.store.tally().widened, 2);
    // Not a row of `d = 1`, but what was widened does not tell.
    bench.void(None, vec![written("orders", [row(columns.map(|name| (name, 2)))])]).unwrap();
    assert_eq!(made.each_ref().map(|made| bench.is_valid(made)), [true, true, true, false, false]);
    // The last sweep was long ago.
    Redis::shared().cli(&["HSET", &bench.key('m', "orders"), "w", "1"]);
    let late = bench.make(&on("orders", column("e").eq(1))).unwrap();
    assert_eq!(late.footprint.tables[0].shapes[0].name.as_ref(), "=2:e");
    assert!(made.iter().all(|made| !bench.is_valid(made)));
    assert!(bench.is_valid(&late));
}

#[test]
fn the_number_of_the_last_void_changes_with_each() {
    if left_out() {
        return;
    }
    let bench = Bench::new(Mode::Fresh);
    let number = |table: &str| block(bench.space.last_voids(vec![table.into()])).unwrap()[0];
    let first = number("orders");
    assert_eq!(first, number("orders"), "whoever asks first makes it, for all");
    bench.void(None, vec![written("orders", [row([("a", 7)])])]).unwrap();
    assert_ne!(first, number("orders"));
    bench.make(&Dependencies::table("orders")).unwrap();
    bench.make(&Dependencies::table("other")).unwrap();
    let (before, other) = (number("orders"), number("other"));
    bench.make(&on("orders", column("a").eq(1))).unwrap();
    assert_eq!(before, number("orders"));
    bench.void(None, vec![written("orders", [row([("a", 7)])])]).unwrap();
    let between = number("orders");
    assert_ne!(before, between);
    assert_eq!(other, number("other"));
    block(bench.space.void_everything(None)).unwrap();
    let last = number("orders");
    assert!(last != between && number("other") != other);
    Redis::shared().cli(&["DEL", &bench.key('v', "orders")]);
    assert!(![first, before, between, last].contains(&number("orders")), "one that was lost does not come back");
}

#[test]
fn what_a_process_voids_it_can_match_with_what_it_expects() {
    if left_out() {
        return;
    }
    let bench = Bench::new(Mode::Fresh);
    let made = bench.make(&on("orders", column("a").eq(1))).unwrap();
    let expected: HashSet<u64> = bench.space.marks(&made.footprint).into_iter().collect();
    let shapes = mark(bench.key('m', "orders").as_bytes());
    assert_eq!(expected, HashSet::from([shapes, mark(stamp_key(&bench, &made).as_bytes())]));
    let exact = bench.void(None, vec![written("orders", [row([("a", 1)])])]).unwrap();
    assert_eq!(exact.marks, [mark(stamp_key(&bench, &made).as_bytes())]);
    let whole = bench.void(None, vec![written("orders", [row([("b", 1)])])]).unwrap();
    assert_eq!(whole.marks, [shapes]);
}
