//! Several primaries, and slots that move between them.

use test_servers::RedisCluster;

use super::*;
use crate::store::redis::link::slot;

fn stage(cluster: &RedisCluster) -> Stage {
    let settings = Settings::cluster([&*cluster.urls()[0]]).unwrap();
    Stage::new(settings, NearMode::Bounded { staleness: BOUND }, Clock::manual())
}

/// A conjunction's key for each of the nodes.
fn keys(cluster: &RedisCluster, nodes: usize) -> Vec<String> {
    let of = |node| {
        let mut keys = (0..).map(|number| format!("c{{shop:t{number}}}01"));
        keys.find(|key| cluster.owner(slot(key.as_bytes())) == Some(node)).unwrap()
    };
    (0..nodes).map(of).collect()
}

#[test]
fn all_primaries_are_heard_and_none_may_be_silent() {
    if test_servers::left_out() {
        return;
    }
    let cluster = RedisCluster::start(3, 0).unwrap();
    let stage = stage(&cluster);
    for (node, key) in keys(&cluster, 3).iter().enumerate() {
        let kept = stage.keep_served(&[key]);
        cluster.node(node).cli(&["SET", key, "1"]);
        stage.becomes_suspect(key, &kept);
    }
    let kept = stage.keep_served(&["c{shop:orders}01"]);
    cluster.node(2).pause();
    stage.clock.advance(BOUND);
    assert!(!stage.near.may_serve(&kept));
    eventually("a fault", || stage.watch.health().fault);
    assert!(!stage.near.may_serve(&kept));
    cluster.node(2).resume();
    stage.comes_back();
    assert!(!stage.near.may_serve(&kept));
}

#[test]
fn a_slot_that_moves_takes_its_values_along() {
    if test_servers::left_out() {
        return;
    }
    let cluster = RedisCluster::start(3, 0).unwrap();
    let stage = stage(&cluster);
    let key = &keys(&cluster, 1)[0];
    cluster.node(0).cli(&["SET", key, "1"]);
    stage.comes_back();
    let kept = stage.keep_served(&[key]);
    cluster.move_slot(slot(key.as_bytes()), 0, 1);
    stage.becomes_suspect("what the move took away", &kept);
    let kept = stage.keep_served(&[key]);
    cluster.node(1).cli(&["SET", key, "2"]);
    stage.becomes_suspect("the new owner", &kept);
}

#[test]
fn a_replica_that_takes_over_is_listened_to() {
    if test_servers::left_out() {
        return;
    }
    let cluster = RedisCluster::start(3, 1).unwrap();
    let stage = stage(&cluster);
    let key = &keys(&cluster, 1)[0];
    let kept = stage.keep_served(&[key]);
    cluster.node(0).kill();
    eventually("the end of the lease", || stage.near.staleness().is_none().then_some(()));
    cluster.failover(3);
    stage.comes_back();
    assert!(!stage.near.may_serve(&kept));
    let kept = stage.keep_served(&[key]);
    cluster.node(3).cli(&["SET", key, "1"]);
    stage.becomes_suspect("the new primary", &kept);
}
