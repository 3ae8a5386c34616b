//! Clusters share slots out, move them, and replace primaries.

use test_servers::{RedisCluster, end_if_left_out};

/// A key of each of the equal shares.
fn keys(cluster: &RedisCluster, shares: usize) -> Vec<String> {
    let key = |share| {
        let mut candidates = (0..).map(|number| format!("key:{number}"));
        candidates.find(|key| cluster.owner(cluster.slot(key)) == Some(share)).unwrap()
    };
    (0..shares).map(key).collect()
}

#[test]
fn each_primary_has_its_share_and_a_slot_moves() {
    end_if_left_out();
    let cluster = RedisCluster::start(3, 0).unwrap();
    assert_eq!((cluster.urls().len(), cluster.len()), (3, 3));
    for (node, key) in keys(&cluster, 3).iter().enumerate() {
        assert_eq!(cluster.node(node).cli(&["SET", key, "here"]), "OK");
        let elsewhere = cluster.node((node + 1) % 3).try_cli(&["GET", key]).unwrap_err().to_string();
        assert!(elsewhere.contains(&format!("127.0.0.1:{}", cluster.node(node).port())), "{elsewhere}");
    }

    let slot = cluster.slot("{article}");
    let from = cluster.owner(slot).unwrap();
    let to = (from + 1) % 3;
    for number in 0..250 {
        cluster.node(from).cli(&["SET", &format!("{{article}}:{number}"), &number.to_string()]);
    }
    cluster.begin_move(slot, from, to);
    let asked = cluster.node(from).try_cli(&["GET", "{article}:none"]).unwrap_err().to_string();
    assert!(asked.contains("ASK"), "{asked}");
    cluster.finish_move(slot, from, to);
    assert_eq!(cluster.owner(slot), Some(to));
    assert_eq!(cluster.node(to).cli(&["GET", "{article}:249"]), "249");
    assert_eq!(cluster.node(to).cli(&["CLUSTER", "COUNTKEYSINSLOT", &slot.to_string()]), "250");
    for other in [from, (to + 1) % 3] {
        assert!(cluster.node(other).try_cli(&["GET", "{article}:1"]).unwrap_err().to_string().contains("MOVED"));
    }
    cluster.move_slot(slot, to, from);
    assert_eq!(cluster.node(from).cli(&["GET", "{article}:249"]), "249");
}

#[test]
fn a_replica_takes_over() {
    end_if_left_out();
    let cluster = RedisCluster::start(3, 1).unwrap();
    let key = &keys(&cluster, 1)[0];
    let slot = cluster.slot(key);
    cluster.node(0).cli(&["SET", key, "1"]);
    assert_eq!(cluster.node(0).cli(&["WAIT", "1", "5000"]), "1");
    cluster.failover(3);
    assert_eq!(cluster.owner(slot), Some(3));
    assert_eq!(cluster.node(3).cli(&["GET", key]), "1");

    cluster.node(1).kill();
    cluster.failover(4);
    cluster.node(2).pause();
    cluster.failover(5);
    let first_of_each_share = [0, 5462, 10_923];
    assert_eq!(first_of_each_share.map(|slot| cluster.owner(slot)), [Some(3), Some(4), Some(5)]);
    cluster.node(2).resume();
    cluster.node(1).restart();
    for node in [0, 1, 2] {
        while cluster.node(node).info("role").as_deref() != Some("slave") {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

#[test]
fn a_cluster_of_one_and_a_cluster_of_none() {
    end_if_left_out();
    let cluster = RedisCluster::start(1, 0).unwrap();
    assert_eq!(cluster.node(0).cli(&["SET", "key", "1"]), "OK");
    let refused = RedisCluster::start(0, 1).unwrap_err().to_string();
    assert!(refused.contains("one primary"), "{refused}");
}
