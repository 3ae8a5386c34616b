//! Sentinels promote the replica of a primary that is gone.

use test_servers::{RedisSentinel, end_if_left_out};

/// Waits for what has to become true; the test hangs visibly where it does not.
fn until(happened: impl Fn() -> bool) {
    while !happened() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn the_replica_of_a_killed_primary_is_promoted() {
    end_if_left_out();
    let watched = RedisSentinel::start().unwrap();
    assert_eq!(watched.sentinel_urls().len(), 3);
    let [primary, replica] = watched.servers();
    assert_eq!(watched.primary(), primary.url());
    primary.cli(&["SET", "key", "1"]);
    assert_eq!(primary.cli(&["WAIT", "1", "5000"]), "1");

    watched.kill_primary();
    assert!(!primary.is_running());
    until(|| watched.primary() == replica.url());
    until(|| replica.info("role").as_deref() == Some("master"));
    assert_eq!(replica.cli(&["GET", "key"]), "1");
    replica.cli(&["SET", "key", "2"]);

    primary.restart();
    until(|| primary.info("master_link_status").as_deref() == Some("up"));
    assert_eq!(primary.cli(&["GET", "key"]), "2");

    watched.sentinel(0).kill();
    assert_eq!(watched.primary(), replica.url(), "another sentinel is asked");
}
