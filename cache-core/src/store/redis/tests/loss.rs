//! Lost keys, lost scripts, other servers: misses, never a stale hit.

use test_servers::Redis;

use super::*;
use crate::store::shared::FaultKind;

#[test]
fn losing_a_key_is_a_miss() {
    if left_out() {
        return;
    }
    for letter in ['m', 'c'] {
        let bench = Bench::new(Mode::Fresh);
        let dependencies = on("orders", column("a").eq(1));
        let made = bench.make(&dependencies).unwrap();
        let key = if letter == 'c' { stamp_key(&bench, &made) } else { bench.key(letter, "orders") };
        assert_eq!(Redis::shared().cli(&["DEL", &key]), "1");
        assert!(!bench.is_valid(&made), "{letter}");
        let again = bench.make(&dependencies).unwrap();
        assert!(bench.is_valid(&again));
        assert!(!bench.is_valid(&made), "{letter}");
    }
}

#[test]
fn a_void_reaches_what_was_registered_again() {
    if left_out() {
        return;
    }
    let bench = Bench::new(Mode::Fresh);
    let dependencies = on("orders", column("a").eq(1));
    bench.void(None, vec![written("orders", [row([("a", 1)])])]).unwrap();
    bench.make(&dependencies).unwrap();
    bench.void(None, vec![written("orders", [row([("a", 1)])])]).unwrap();
    Redis::shared().cli(&["DEL", &bench.key('m', "orders")]);
    let made = bench.make(&dependencies).unwrap();
    bench.void(None, vec![written("orders", [row([("a", 1)])])]).unwrap();
    assert!(!bench.is_valid(&made));
}

#[test]
fn scripts_are_sent_again_to_a_server_that_forgot_them() {
    if left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let bench = Bench::on(RedisStore::builder().url(server.url()));
    for _ in 0..2 {
        let made = bench.make(&on("orders", column("a").eq(1))).unwrap();
        server.cli(&["SCRIPT", "FLUSH"]);
        bench.void(None, vec![written("orders", [row([("a", 1)])])]).unwrap();
        assert!(!bench.is_valid(&made));
        server.cli(&["SCRIPT", "FLUSH"]);
    }
}

#[test]
fn a_restart_voids_what_the_dump_brings_back() {
    if left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let bench = Bench::on(RedisStore::builder().url(server.url()));
    let dependencies = on("orders", column("a").eq(1));
    let made = bench.make(&dependencies).unwrap();
    let key = stamp_key(&bench, &made);
    server.cli(&["SAVE"]);
    bench.void(None, vec![written("orders", [row([("a", 1)])])]).unwrap();
    server.kill();
    server.restart();
    assert!(!server.cli(&["GET", &key]).is_empty(), "the stamp is back");
    let valid = eventually("the store is reached again", || {
        let standing = bench.standing(&made.footprint).ok()?;
        Some(standing.sum(&made.footprint) == Some(made.sum))
    });
    assert!(!valid);
    let again = bench.make(&dependencies).unwrap();
    assert!(bench.is_valid(&again));
}

#[test]
fn a_server_that_is_gone_is_a_fault() {
    if left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let bench = Bench::on(RedisStore::builder().url(server.url()));
    let made = bench.make(&on("orders", column("a").eq(1))).unwrap();
    server.kill();
    eventually("the loss is noticed", || bench.standing(&made.footprint).err());
    let writes = || vec![written("orders", [row([("a", 1)])])];
    assert!(bench.void(None, writes()).is_err());
    assert!(bench.stamp(&on("orders", column("a").eq(1))).is_err());
    assert!(block(bench.space.void_everything(None)).is_err());
    assert!(block(bench.space.last_voids(vec!["orders".into()])).is_err());
    assert!(block(bench.space.lease([1; 16], 1, Duration::from_secs(1))).is_err());
    let fault = bench.standing(&made.footprint).unwrap_err();
    assert!(matches!(fault.kind, FaultKind::Unreachable | FaultKind::BreakerOpen), "{fault:?}");
}

#[test]
fn keys_of_another_type_are_faults_and_void_puts_them_right() {
    if left_out() {
        return;
    }
    let bench = Bench::new(Mode::Fresh);
    let dependencies = on("orders", column("a").eq(1));
    let made = bench.make(&dependencies).unwrap();
    let writes = || vec![written("orders", [row([("a", 1)])])];
    let shapes = bench.key('m', "orders");
    Redis::shared().cli(&["SET", &shapes, "x"]);
    for fault in [bench.standing(&made.footprint).unwrap_err(), bench.stamp(&dependencies).unwrap_err()] {
        assert_eq!(fault.kind, FaultKind::Server);
        assert!(fault.message.contains("WRONGTYPE"), "{fault}");
    }
    bench.void(None, writes()).unwrap();
    let made = bench.make(&dependencies).unwrap();

    let stamp = stamp_key(&bench, &made);
    Redis::shared().cli(&["DEL", &stamp]);
    Redis::shared().cli(&["LPUSH", &stamp, "x"]);
    assert!(bench.standing(&made.footprint).is_err());
    assert!(bench.stamp(&dependencies).is_err());
    bench.void(None, writes()).unwrap();
    assert!(bench.is_valid(&bench.make(&dependencies).unwrap()));

    Redis::shared().cli(&["SET", &bench.key('x', "orders"), "x"]);
    bench.void(Some(3), writes()).unwrap();
    assert!(bench.is_valid(&bench.make(&dependencies).unwrap()));
}

#[test]
fn numbers_that_are_none_are_missing() {
    if left_out() {
        return;
    }
    let bench = Bench::new(Mode::Fresh);
    let made = bench.make(&on("orders", column("a").eq(1))).unwrap();
    for junk in ["", "x", "-1", "99999999999999999999", "0", "1.5"] {
        Redis::shared().cli(&["SET", &stamp_key(&bench, &made), junk]);
        let standing = bench.standing(&made.footprint).unwrap();
        assert_eq!(standing.tables[0].stamps, [0], "{junk}");
        assert!(!standing.is_whole());
    }
}

#[test]
fn a_full_server_takes_voids_and_nothing_else() {
    if left_out() {
        return;
    }
    let server = Redis::builder().config("maxmemory-policy", "noeviction").start().unwrap();
    let bench = Bench::on(RedisStore::builder().url(server.url()));
    let made = bench.make(&on("orders", column("a").eq(1))).unwrap();
    server.cli(&["CONFIG", "SET", "maxmemory", "100kb"]);
    let keeping = crate::store::shared::Keeping { id: [1; 16], bytes: vec![1], ttl: Duration::from_secs(60) };
    let fault = block(bench.space.keep(keeping)).unwrap_err();
    assert!(fault.message.contains("`maxmemory-policy`"), "{fault}");
    assert!(bench.stamp(&on("orders", column("a").eq(2))).is_err());
    bench.void(None, vec![written("orders", [row([("a", 1)])])]).unwrap();
    assert!(!bench.is_valid(&made));
}
