//! Intents, their loss, replicas.

use test_servers::Redis;

use super::*;

const LONG: Duration = Duration::from_secs(600);

/// A reader whose quarantines are short, after the first one of the table, and a writer whose leases are long.
fn pair(table: &str) -> (Bench, Bench) {
    pair_on(&Redis::shared().url(), table)
}

fn pair_on(url: &str, table: &str) -> (Bench, Bench) {
    let mut reader = Bench::on(RedisStore::builder().url(url).mode(strict(Duration::from_millis(1))));
    reader.space.limits.slack = Duration::ZERO;
    let mut writer = Bench::named(RedisStore::builder().url(url).mode(strict(LONG)), &reader.namespace);
    writer.space.limits.slack = Duration::ZERO;
    leave_quarantine(&reader, table);
    (reader, writer)
}

fn leave_quarantine(reader: &Bench, table: &str) {
    eventually("the quarantine ends", || reader.make(&Dependencies::table(table)));
}

#[test]
fn what_was_announced_is_neither_served_nor_stamped() {
    if left_out() {
        return;
    }
    let (reader, writer) = pair("orders");
    let [one, two] = [1, 2].map(|number| on("orders", column("a").eq(number)));
    let (first, second) = (reader.make(&one).unwrap(), reader.make(&two).unwrap());
    writer.announce(9, vec![written("orders", [row([("a", 1)])])]).unwrap();
    assert!(!reader.is_valid(&first));
    assert!(reader.is_valid(&second));
    assert!(reader.make(&one).is_none());
    assert!(reader.make(&two).is_some());
    let lists = on("orders", column("a").is_in([1, 7]));
    assert!(reader.make(&lists).is_none(), "what equality does not say may match");
    assert!(reader.make(&on("orders", column("b").eq(1))).is_none(), "a column that the row does not tell may match");
    assert!(!reader.standing(&second.footprint).unwrap().is_settled());
    writer.void(Some(8), vec![written("orders", [row([("a", 1)])])]).unwrap();
    assert!(reader.make(&one).is_none(), "another transaction has ended");
    writer.void(Some(9), vec![written("orders", [row([("a", 1)])])]).unwrap();
    assert!(reader.is_valid(&reader.make(&one).unwrap()));
    assert!(reader.standing(&second.footprint).unwrap().is_settled());
}

#[test]
fn an_intent_ends_with_its_lease() {
    if left_out() {
        return;
    }
    let (reader, _) = pair("orders");
    let dependencies = on("orders", column("a").eq(1));
    reader.announce(9, vec![written("orders", [row([("a", 1)])])]).unwrap();
    let made = eventually("the lease ends", || reader.make(&dependencies));
    assert!(reader.is_valid(&made));
}

#[test]
fn dead_intents_do_not_keep_a_table_in_the_dark() {
    if left_out() {
        return;
    }
    let (reader, _) = pair("orders");
    for transaction in 1..=200 {
        reader.announce(transaction, vec![written("orders", [row([("a", 1)])])]).unwrap();
    }
    eventually("the leases end", || reader.make(&on("orders", column("a").eq(1))));
    assert_eq!(Redis::shared().cli(&["HLEN", &reader.key('x', "orders")]), "1");
}

#[test]
fn many_intents_and_many_images_stand_for_any_row() {
    if left_out() {
        return;
    }
    let (reader, writer) = pair("orders");
    let other = on("orders", column("a").eq(-1));
    let images = (0..65).map(|number| row([("a", number)])).collect();
    writer.announce(1, vec![Written { table: "orders".into(), images }]).unwrap();
    assert!(reader.make(&other).is_none());
    writer.void(Some(1), vec![written("orders", [row([("a", 1)])])]).unwrap();
    for transaction in 1..=32 {
        writer.announce(transaction, vec![written("orders", [row([("a", 1)])])]).unwrap();
    }
    assert!(reader.make(&other).is_some());
    writer.announce(33, vec![written("orders", [row([("a", 1)])])]).unwrap();
    assert!(reader.make(&other).is_none());
}

#[test]
fn an_intent_of_another_release_forbids_everything() {
    if left_out() {
        return;
    }
    let (reader, _) = pair("orders");
    Redis::shared().cli(&["HSET", &reader.key('x', "orders"), "77", "anything"]);
    assert!(reader.make(&on("orders", column("a").eq(1))).is_none());
}

#[test]
fn lost_intents_are_noticed() {
    if left_out() {
        return;
    }
    for letter in ['m', 'x'] {
        let (reader, writer) = pair("orders");
        let dependencies = on("orders", column("a").eq(1));
        let made = reader.make(&dependencies).unwrap();
        writer.announce(9, vec![written("orders", [row([("a", 1)])])]).unwrap();
        Redis::shared().cli(&["DEL", &reader.key(letter, "orders")]);
        assert!(!reader.standing(&made.footprint).unwrap().is_settled(), "{letter}");
        // Whoever has the long lease notices first: nothing is stamped for as long.
        assert!(writer.make(&dependencies).is_none(), "{letter}");
        assert_eq!(writer.store.tally().quarantined, 1);
        assert!(reader.make(&dependencies).is_none(), "{letter}");
        assert!(reader.make(&on("orders", column("a").eq(2))).is_none(), "{letter}");
        assert!(!reader.standing(&made.footprint).unwrap().is_settled(), "{letter}");
    }
}

#[test]
fn a_quarantine_is_not_cut_short() {
    if left_out() {
        return;
    }
    let (reader, writer) = pair("orders");
    let dependencies = on("orders", column("a").eq(1));
    for _ in 0..2 {
        Redis::shared().cli(&["DEL", &reader.key('x', "orders")]);
        assert!(writer.make(&dependencies).is_none());
        Redis::shared().cli(&["DEL", &reader.key('x', "orders")]);
        assert!(reader.make(&dependencies).is_none());
        let left = || Redis::shared().cli(&["HGET", &reader.key('m', "orders"), "q"]).parse::<u64>().unwrap();
        let now = Redis::shared().cli(&["TIME"]).lines().next().unwrap().parse::<u64>().unwrap() * 1000;
        assert!(left() > now + 500_000);
    }
}

#[test]
fn stamps_that_outlived_a_loss_are_not_filled_under() {
    if left_out() {
        return;
    }
    let (reader, writer) = pair("orders");
    let dependencies = on("orders", column("a").eq(1));
    let made = reader.make(&dependencies).unwrap();
    assert!(reader.standing(&made.footprint).unwrap().is_settled());
    for letter in ['m', 'x'] {
        Redis::shared().cli(&["DEL", &reader.key(letter, "orders")]);
    }
    assert!(writer.make(&dependencies).is_none());
    let standing = reader.standing(&made.footprint).unwrap();
    assert!(standing.is_whole(), "shape and stamp are there");
    assert!(!standing.is_settled());
}

#[test]
fn a_restart_puts_tables_under_quarantine() {
    if left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let (reader, writer) = pair_on(&server.url(), "orders");
    let dependencies = on("orders", column("a").eq(1));
    reader.make(&dependencies).unwrap();
    server.cli(&["SAVE"]);
    writer.announce(9, vec![written("orders", [row([("a", 1)])])]).unwrap();
    server.kill();
    server.restart();
    let stamped = eventually("the server is back", || writer.stamp(&dependencies).ok());
    assert!(!stamped.standing.is_whole(), "the intent is lost with what was written after the dump");
    eventually("the reader is back", || reader.stamp(&dependencies).ok());
    assert!(reader.make(&dependencies).is_none());
}

#[test]
fn replicas_have_an_announcement_before_it_counts() {
    if left_out() {
        return;
    }
    let primary = Redis::start().unwrap();
    let mode = |wait| Mode::Strict(Strict::new().wait(Duration::from_millis(wait)));
    let bench = |wait| Bench::on(RedisStore::builder().url(primary.url()).mode(mode(wait)));
    let writes = || vec![written("orders", [row([("a", 1)])])];
    let alone = bench(20).announce(1, writes()).unwrap_err();
    assert!(alone.message.contains("0 of 1 replicas"), "{alone}");
    let replicas = [(); 2].map(|()| Redis::builder().replica_of(&primary).start().unwrap());
    let writer = bench(900);
    for replica in &replicas {
        eventually("the replica listens", || {
            writer.announce(2, writes()).ok()?;
            (replica.cli(&["HEXISTS", &writer.key('x', "orders"), "2"]) == "1").then_some(())
        });
    }
    replicas[1].pause();
    let fault = bench(50).announce(3, writes()).unwrap_err();
    assert!(fault.message.contains("1 of 2 replicas"), "{fault}");
    replicas[1].resume();
}

#[test]
fn a_primary_without_its_replicas_serves_nothing_behind_a_fence() {
    if left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let fenced = Mode::Strict(Strict::new().lease(Duration::from_millis(1)).fence());
    let mut bench = Bench::on(RedisStore::builder().url(server.url()).mode(fenced));
    bench.space.limits.slack = Duration::ZERO;
    leave_quarantine(&bench, "orders");
    let made = bench.make(&on("orders", column("a").eq(1))).unwrap();
    assert!(bench.is_valid(&made));
    server.cli(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
    let fault = bench.standing(&made.footprint).unwrap_err();
    assert!(fault.message.contains("NOREPLICAS"), "{fault}");
    assert!(bench.announce(1, vec![written("orders", [row([("a", 1)])])]).is_err());
}

#[test]
fn too_long_a_wait_is_told_at_once() {
    if left_out() {
        return;
    }
    let mode = Mode::Strict(Strict::new().wait(Duration::from_millis(150)));
    let error = RedisStore::builder().url(Redis::shared().url()).mode(mode).connect_blocking().unwrap_err();
    assert!(error.to_string().contains("raise `timeout`"), "{error}");
}
