//! Permissions, and what others see.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use test_servers::Redis;

use super::*;
use crate::store::shared::{FaultKind, Keeping};

const GUIDE: &str = include_str!("../../../../../docs/redis.md");

/// The rule that the guide names, for a namespace.
fn rule(namespace: &str) -> String {
    let line = GUIDE.lines().find(|line| line.starts_with("ACL SETUSER")).expect("the guide names a rule");
    let rule = line.split_once("on >secret ").expect("a password is set").1;
    format!("on >secret {}", rule.replace("shop", namespace))
}

#[test]
fn the_rule_of_the_guide_is_enough() {
    if left_out() {
        return;
    }
    let server = Redis::builder().user("cache", &rule("mine")).start().unwrap();
    let mode = Mode::Strict(Strict::new().lease(Duration::from_millis(1)).fence());
    let url = format!("redis://cache:secret@127.0.0.1:{}", server.port());
    let mut bench = Bench::named(RedisStore::builder().url(&url).mode(mode), "mine");
    bench.space.limits.slack = Duration::ZERO;
    assert!(bench.store.advice().iter().any(|advice| advice.text.contains("could not be looked at")));

    let dependencies = on("orders", column("a").eq(1));
    let made = eventually("the quarantine ends", || bench.make(&dependencies));
    assert!(bench.is_valid(&made));
    let id = [1; 16];
    let keeping = Keeping { id, bytes: vec![1], ttl: Duration::from_secs(9) };
    block(bench.space.keep(keeping)).unwrap();
    block(bench.space.touch(id, Duration::from_secs(9))).unwrap();
    assert!(block(bench.space.lease(id, 1, Duration::from_secs(9))).unwrap());
    assert!(block(bench.space.renew(id, 1, Duration::from_secs(9))).unwrap());
    assert!(!block(bench.space.renew(id, 2, Duration::from_secs(9))).unwrap());
    assert!(block(bench.space.holds(id, 1)).unwrap());
    block(bench.space.release(id, 1)).unwrap();
    assert_eq!(block(bench.space.remove(vec![id])).unwrap(), 1);
    let writes = || vec![written("orders", [row([("a", 1)])])];
    bench.announce(1, writes()).unwrap();
    bench.void(Some(1), writes()).unwrap();
    block(bench.space.last_voids(vec!["orders".into()])).unwrap();
    block(bench.space.void_everything(None)).unwrap();
    watch(&bench);

    let foreign = Bench::of(bench.store.clone(), "other");
    let fault = foreign.stamp(&dependencies).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Refused);
    assert!(fault.message.contains("docs/redis.md"), "{fault}");
    assert!(server.try_cli(&["PING"]).is_ok());
}

/// What a near cache asks for on a connection of its own.
fn watch(bench: &Bench) {
    let links = &bench.space.links;
    let node = links.masters().remove(0);
    let subscription = links.block(links.subscribe(&node, |_| ())).unwrap();
    let mut track = redis::cmd("CLIENT");
    track.arg("TRACKING").arg("ON").arg("BCAST");
    for prefix in bench.space.keys.watched_prefixes() {
        track.arg("PREFIX").arg(prefix);
    }
    let group = super::super::link::Group::new(0).with(track).with(redis::cmd("PING"));
    let answer = links.block(subscription.run(group)).unwrap();
    assert!(!answer.values.iter().any(|value| matches!(value, redis::Value::ServerError(_))), "{answer:?}");
}

#[test]
fn waiting_for_replicas_is_within_the_rule() {
    if left_out() {
        return;
    }
    let primary = Redis::builder().user("cache", &rule("mine")).start().unwrap();
    let _replica = Redis::builder().replica_of(&primary).start().unwrap();
    let mode = Mode::Strict(Strict::new().wait(Duration::from_millis(900)));
    let url = format!("redis://cache:secret@127.0.0.1:{}", primary.port());
    let bench = Bench::named(RedisStore::builder().url(&url).mode(mode), "mine");
    eventually("the replica listens", || bench.announce(1, vec![written("orders", [row([("a", 1)])])]).ok());
}

#[test]
fn nobody_who_listens_sees_a_value() {
    if left_out() {
        return;
    }
    const SECRET: &str = "ann@example.org";
    let server = Redis::start().unwrap();
    let mut listener = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    listener.write_all(b"MONITOR\r\n").unwrap();
    let mut lines = BufReader::new(listener).lines().map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), "+OK");

    let bench = Bench::on(RedisStore::builder().url(server.url()).mode(strict(LEASE)));
    let dependencies = on("users", column("email").eq(SECRET) & column("name").starts_with("Ann"));
    bench.stamp(&dependencies).unwrap();
    let image = Row::from([("email", SECRET), ("name", "Ann")]);
    bench.announce(1, vec![written("users", [image.clone()])]).unwrap();
    bench.void(Some(1), vec![written("users", [image])]).unwrap();
    bench.standing(&bench.stamping(&dependencies).footprint).unwrap();
    server.cli(&["ECHO", "the end"]);
    let seen: Vec<String> = lines.take_while(|line| !line.contains("the end")).collect();
    assert!(seen.iter().any(|line| line.contains("email:4=")), "the tokens are seen");
    assert!(!seen.iter().any(|line| line.contains("ann@") || line.contains("Ann")), "{seen:#?}");
}

const LEASE: Duration = Duration::from_secs(5);

#[test]
fn errors_hold_no_password() {
    if left_out() {
        return;
    }
    let server = Redis::builder().password("right").start().unwrap();
    let url = format!("redis://:hush@127.0.0.1:{}", server.port());
    let error = RedisStore::connect_blocking(&url).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Store);
    let builder = RedisStore::builder().url(&url).password("hush");
    assert!(!format!("{error} {error:?} {builder:?}").contains("hush"), "{error}");
    assert!(error.to_string().contains(&server.port().to_string()), "{error}");
    let store = RedisStore::builder().url(&url).password("right").connect_blocking().unwrap();
    assert!(!format!("{store:?}").contains("right"));
    let error = RedisStore::builder().username("ann").connect_blocking().unwrap_err();
    assert!(error.to_string().contains("password"), "{error}");
}
