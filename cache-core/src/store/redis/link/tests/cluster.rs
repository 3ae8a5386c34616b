//! Clusters, and their slots that move.

use std::collections::HashSet;

use test_servers::RedisCluster;

use super::*;

const KEYS: u16 = 300;

fn cluster_links(cluster: &RedisCluster) -> Links {
    open(Settings::cluster([&*cluster.urls()[0]]).unwrap()).unwrap()
}

fn key(number: u16) -> String {
    format!("key:{number}")
}

fn all(command: &str, rest: &[&str]) -> Vec<Group> {
    (0..KEYS).map(|number| group(&[&[command, &key(number)], rest].concat())).collect()
}

#[test]
fn groups_go_to_their_nodes_in_one_run() {
    if left_out() {
        return;
    }
    let cluster = RedisCluster::start(3, 0).unwrap();
    let links = cluster_links(&cluster);
    assert_eq!(links.masters().len(), 3);
    let written = links.block(links.run(all("SET", &["x"])));
    let incarnations: HashSet<u64> = written.iter().map(|answer| answer.as_ref().unwrap().incarnation).collect();
    assert_eq!(incarnations.len(), 3);
    let read = links.block(links.run(all("GET", &[])));
    for (written, read) in written.into_iter().zip(read) {
        let read = read.unwrap();
        assert_eq!(read.values, [bulk("x")]);
        assert_eq!(read.incarnation, written.unwrap().incarnation);
    }
    let sizes = links.masters().into_iter().map(|node| {
        let answer = links.block(links.run_on(&node, group(&["DBSIZE"]))).unwrap();
        let Value::Int(size) = answer.values[0] else { panic!("{answer:?}") };
        size
    });
    assert_eq!(sizes.sum::<i64>(), i64::from(KEYS));
}

#[test]
fn the_servers_agree_on_slots() {
    if left_out() {
        return;
    }
    let cluster = RedisCluster::start(1, 0).unwrap();
    for key in ["", "a", "m{shop:orders}", "{}", "{}a", "a{b}{c}", "a{b", "a}b{", "{{a}}", "}{a}{", "Grüße{ß}"] {
        assert_eq!(slot(key.as_bytes()), cluster.slot(key), "{key}");
    }
}

#[test]
fn a_slot_that_moves_is_told_and_then_found() {
    if left_out() {
        return;
    }
    let cluster = RedisCluster::start(3, 0).unwrap();
    let links = cluster_links(&cluster);
    let before = ask(&links, &["SET", "a", "1"]).unwrap().incarnation;
    let slot = slot(b"a");
    let from = cluster.owner(slot).unwrap();
    let to = (from + 1) % 3;

    cluster.begin_move(slot, from, to);
    assert_eq!(ask(&links, &["GET", "a"]).unwrap().values, [bulk("1")]);
    let tag_mates = ["{a}1", "a"];
    let fault = ask(&links, &["MGET", tag_mates[1], tag_mates[0]]).unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Moved, "{fault}");
    let fault = ask(&links, &["GET", tag_mates[0]]).unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Moved, "{fault}");

    cluster.finish_move(slot, from, to);
    // The routes may have been looked at again already, because of the faults before.
    if let Err(fault) = ask(&links, &["GET", "a"]) {
        assert_eq!(fault.kind(), FaultKind::Moved, "{fault}");
    }
    let after = answered(&links, &["GET", "a"]);
    assert_eq!(after.values, [bulk("1")]);
    assert_ne!(after.incarnation, before);
}

#[test]
fn a_lost_primary_leaves_the_others_alone_and_its_replica_is_found() {
    if left_out() {
        return;
    }
    let cluster = RedisCluster::start(3, 1).unwrap();
    let links = cluster_links(&cluster);
    let before: Vec<_> = links.block(links.run(all("SET", &["x"]))).into_iter().map(Result::unwrap).collect();
    let owners: Vec<usize> = (0..KEYS).map(|number| cluster.owner(slot(key(number).as_bytes())).unwrap()).collect();
    let lost = owners[0];
    let replica = (0..cluster.len())
        .find(|&node| {
            let primary = cluster.node(node).info("master_port");
            primary == Some(cluster.node(lost).port().to_string())
        })
        .unwrap();
    for number in 0..KEYS {
        // What was not copied would be lost with its primary.
        if owners[usize::from(number)] == lost {
            eventually("a copy", || {
                let answer = cluster.node(replica).cli(&["DBSIZE"]);
                (answer == cluster.node(lost).cli(&["DBSIZE"])).then_some(())
            });
            break;
        }
    }

    cluster.node(lost).kill();
    let answers = eventually("faults of the lost one alone", || {
        let answers = links.block(links.run(all("GET", &[])));
        let faults = answers.iter().zip(&owners).filter(|(answer, owner)| answer.is_err() && **owner == lost).count();
        (faults > 0).then_some(answers)
    });
    for (answer, owner) in answers.iter().zip(&owners) {
        assert_eq!(answer.is_err(), *owner == lost);
    }

    cluster.failover(replica);
    let answers = eventually("answers of all", || {
        let answers = links.block(links.run(all("GET", &[])));
        answers.into_iter().collect::<Result<Vec<_>, _>>().ok()
    });
    for ((answer, owner), before) in answers.iter().zip(&owners).zip(&before) {
        assert_eq!(answer.values, [bulk("x")]);
        assert_eq!(answer.incarnation == before.incarnation, *owner != lost);
    }
}

#[test]
fn a_cluster_and_a_server_are_not_taken_for_each_other() {
    if left_out() {
        return;
    }
    let cluster = RedisCluster::start(1, 0).unwrap();
    let fault = open(Settings::standalone(&cluster.urls()[0]).unwrap()).map(|_| ()).unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Refused);
    assert!(fault.to_string().contains("seed of a cluster"), "{fault}");
    let server = Redis::start().unwrap();
    let fault = open(Settings::cluster([&*server.url()]).unwrap()).map(|_| ()).unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Refused);
    assert!(fault.to_string().contains("as a single server"), "{fault}");
}
