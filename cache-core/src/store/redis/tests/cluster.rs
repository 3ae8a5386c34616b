//! Three primaries.

use test_servers::RedisCluster;

use super::*;
use crate::key::FunctionId;
use crate::store::shared::Keeping;

#[test]
fn every_operation_works_over_several_nodes() {
    if left_out() {
        return;
    }
    let cluster = RedisCluster::start(3, 0).unwrap();
    let bench = Bench::on(RedisStore::builder().cluster(cluster.urls()));
    let tables: Vec<String> = (0..24).map(|number| format!("t{number}")).collect();
    let each = || tables.iter().map(|table| on(table, column("a").eq(1) & column("b").gt(5)));
    let made = bench.make(&each().fold(Dependencies::none(), Dependencies::union)).unwrap();
    let parts: Vec<_> = each().map(|part| bench.make(&part).unwrap()).collect();
    let owners: std::collections::HashSet<_> =
        tables.iter().map(|table| cluster.owner(cluster.slot(&bench.key('m', table))).unwrap()).collect();
    assert_eq!(owners.len(), 3);
    assert!(bench.is_valid(&made));

    let ids: Vec<[u8; 16]> = (0..30).map(|number| [number; 16]).collect();
    for id in &ids {
        let keeping = Keeping { id: *id, bytes: id.to_vec(), ttl: Duration::from_secs(60) };
        block(bench.space.keep(keeping)).unwrap();
    }
    let asks = ids.iter().map(|id| Ask {
        id: Some(*id),
        footprint: Some(Arc::clone(&made.footprint)),
        to_fill: true,
        expected: None,
    });
    for (id, found) in ids.iter().zip(block(bench.space.lookup(asks.collect()))) {
        let found = found.unwrap();
        assert_eq!(found.entry.as_deref(), Some(&id[..]));
        assert_eq!(found.standing.unwrap().sum(&made.footprint), Some(made.sum));
    }
    assert_eq!(block(bench.space.remove(ids)).unwrap(), 30);

    let function = FunctionId::of_digest(&[1; 32]);
    for number in 0..30 {
        let keeping = Keeping { id: function.lead([number; 16]), bytes: Vec::new(), ttl: Duration::from_secs(60) };
        block(bench.space.keep(keeping)).unwrap();
    }
    assert_eq!(block(bench.space.remove_function(function)).unwrap(), 30, "whichever node has them");

    let spared: Vec<_> = tables.iter().map(|table| bench.make(&on(table, column("a").eq(2))).unwrap()).collect();
    let writes = tables.iter().map(|table| written(table, [row([("a", 1), ("b", 9)])])).collect();
    bench.void(None, writes).unwrap();
    assert!(!bench.is_valid(&made));
    assert!(parts.iter().all(|part| !bench.is_valid(part)));
    assert!(spared.iter().all(|made| bench.is_valid(made)));
    let tables = tables.iter().map(|table| table.as_str().into()).collect::<Vec<_>>();
    let numbers = block(bench.space.last_voids(tables.clone())).unwrap();
    assert_eq!(numbers, block(bench.space.last_voids(tables)).unwrap());
    block(bench.space.void_everything(None)).unwrap();
    assert!(spared.iter().all(|made| !bench.is_valid(made)));
}

#[test]
fn a_table_that_moved_is_void() {
    if left_out() {
        return;
    }
    let cluster = RedisCluster::start(2, 0).unwrap();
    let bench = Bench::on(RedisStore::builder().cluster(cluster.urls()));
    let dependencies = on("orders", column("a").eq(1));
    let made = bench.make(&dependencies).unwrap();
    let slot = cluster.slot(&bench.key('m', "orders"));
    let from = cluster.owner(slot).unwrap();
    cluster.move_slot(slot, from, 1 - from);
    let valid = eventually("the store finds the table", || {
        let standing = bench.standing(&made.footprint).ok()?;
        Some(standing.sum(&made.footprint) == Some(made.sum))
    });
    assert!(!valid);
    assert!(bench.is_valid(&bench.make(&dependencies).unwrap()));
}

#[test]
fn one_node_down_leaves_the_others_tables() {
    if left_out() {
        return;
    }
    let cluster = RedisCluster::start(3, 0).unwrap();
    let bench = Bench::on(RedisStore::builder().cluster(cluster.urls()));
    cluster.node(0).cli(&["CONFIG", "SET", "cluster-require-full-coverage", "no"]);
    cluster.node(1).cli(&["CONFIG", "SET", "cluster-require-full-coverage", "no"]);
    cluster.node(2).cli(&["CONFIG", "SET", "cluster-require-full-coverage", "no"]);
    let tables: Vec<String> = (0..24).map(|number| format!("t{number}")).collect();
    let owner = |table: &str| cluster.owner(cluster.slot(&bench.key('m', table))).unwrap();
    let made: Vec<_> = tables
        .iter()
        .map(|table| (owner(table) == 0, bench.make(&Dependencies::table(table.as_str())).unwrap()))
        .collect();
    cluster.node(0).kill();
    eventually("the loss is noticed", || {
        let answers: Vec<_> =
            made.iter().map(|(down, made)| (*down, bench.standing(&made.footprint).is_err())).collect();
        answers.iter().all(|(down, failed)| down == failed).then_some(())
    });
    assert!(block(bench.space.void_everything(None)).is_err());
}
