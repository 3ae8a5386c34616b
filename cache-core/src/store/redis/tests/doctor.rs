//! What a store says of its servers.

use test_servers::Redis;

use super::*;

fn advice(server: &Redis, mode: Mode) -> String {
    let store = RedisStore::builder().url(server.url()).mode(mode).connect_blocking().unwrap();
    store.advice().iter().map(|advice| format!("{advice}\n")).collect()
}

#[test]
fn a_server_that_is_set_up_well_has_no_advice() {
    if left_out() {
        return;
    }
    let server =
        Redis::builder().config("maxmemory", "16mb").config("maxmemory-policy", "volatile-lfu").start().unwrap();
    assert_eq!(advice(&server, Mode::Strict(Strict::new())), "");
}

#[test]
fn dangerous_settings_are_named() {
    if left_out() {
        return;
    }
    for (settings, expected) in [
        (&[("maxmemory", "0")][..], "`maxmemory` is 0"),
        (&[("maxmemory", "16mb"), ("maxmemory-policy", "noeviction")], "noeviction"),
        (&[("maxmemory", "16mb"), ("maxmemory-policy", "volatile-ttl")], "volatile-ttl"),
        (
            &[("maxmemory", "16mb"), ("maxmemory-policy", "allkeys-lru"), ("busy-reply-threshold", "5")],
            "`busy-reply-threshold` is 5 ms",
        ),
    ] {
        let mut builder = Redis::builder();
        for (name, value) in settings {
            builder = builder.config(name, value);
        }
        let server = builder.start().unwrap();
        let advice = advice(&server, Mode::Fresh);
        assert_eq!(advice.lines().count(), 1, "{advice}");
        assert!(advice.contains(expected) && advice.contains(&server.port().to_string()), "{advice}");
    }
}

#[test]
fn replicas_without_a_minimum_are_named_where_it_matters() {
    if left_out() {
        return;
    }
    let primary =
        Redis::builder().config("maxmemory", "16mb").config("maxmemory-policy", "volatile-lfu").start().unwrap();
    let _replica = Redis::builder().replica_of(&primary).start().unwrap();
    assert_eq!(advice(&primary, Mode::Fresh), "");
    assert!(advice(&primary, Mode::Strict(Strict::new())).contains("`min-replicas-to-write` is 0"));
    let slack = |builder: RedisStoreBuilder| Bench::on(builder.url(primary.url())).space.limits.slack;
    assert_eq!(slack(RedisStore::builder()), Duration::from_secs(11));
    assert_eq!(slack(RedisStore::builder().failover_slack(Duration::from_secs(2))), Duration::from_secs(3));
    primary.cli(&["CONFIG", "SET", "min-replicas-to-write", "1", "min-replicas-max-lag", "4"]);
    assert_eq!(advice(&primary, Mode::Strict(Strict::new())), "");
    assert_eq!(slack(RedisStore::builder()), Duration::from_secs(5));
}
