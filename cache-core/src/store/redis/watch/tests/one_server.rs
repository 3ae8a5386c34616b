//! What is heard from one server.

use super::*;

#[test]
fn changes_by_others_are_heard() {
    if test_servers::left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let stage = Stage::of(&server);
    let changes: [&[&str]; 8] = [
        &["SET", "c{shop:orders}01", "2"],
        &["PEXPIRE", "c{shop:orders}01", "100000"],
        &["DEL", "c{shop:orders}01"],
        &["EVAL", "return redis.call('UNLINK', KEYS[1])", "1", "c{shop:orders}01"],
        &["SET", "c{shop:orders}01", "2", "PX", "1"],
        &["HSET", "m{shop:orders}", "s", "1"],
        &["HDEL", "m{shop:orders}", "s"],
        &["UNLINK", "m{shop:orders}"],
    ];
    for change in changes {
        server.cli(&["SET", "c{shop:orders}01", "1"]);
        server.cli(&["HSET", "m{shop:orders}", "s", "0"]);
        stage.catches_up(&server);
        let kept = stage.keep_served(&["m{shop:orders}", "c{shop:orders}01"]);
        let unconcerned = stage.keep_served(&["m{shop:articles}", "c{shop:orders}02", "c{shop2:orders}01", "e:shop:1"]);
        for key in ["c{shop2:orders}01", "e:shop:1", "x{shop:orders}"] {
            server.cli(&["SET", key, "1"]);
        }
        server.cli(change);
        stage.becomes_suspect(&format!("a push for {change:?}"), &kept);
        assert!(stage.near.may_serve(&unconcerned), "{change:?}");
    }
    assert!(stage.watch.health().keys > 0);
}

#[test]
fn what_is_expected_is_told_of_too() {
    if test_servers::left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let stage = Stage::of(&server);
    stage.comes_back();
    let stamps = stage.near.expect(&[mark(b"c{shop:orders}01")]);
    server.cli(&["SET", "c{shop:orders}01", "1"]);
    eventually("a push", || stamps.voided_by());
    assert!(!stage.near.may_serve(&stored(0, stamps)));
}

#[test]
fn an_emptied_database_makes_all_suspect() {
    if test_servers::left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let stage = Stage::of(&server);
    for flush in ["FLUSHALL", "FLUSHDB"] {
        let kept = stage.keep_served(&["c{shop:orders}01"]);
        server.cli(&[flush]);
        stage.becomes_suspect(flush, &kept);
        stage.comes_back();
    }
    assert_eq!(stage.watch.health().losses, 0);
}

#[test]
fn an_evicted_key_is_heard() {
    if test_servers::left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let stage = Stage::of(&server);
    server.cli(&["SET", "c{shop:orders}01", "1"]);
    stage.catches_up(&server);
    let kept = stage.keep_served(&["c{shop:orders}01"]);
    server.cli(&["CONFIG", "SET", "maxmemory-policy", "allkeys-random"]);
    server.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    server.try_cli(&["SET", "other", "1"]).ok();
    stage.becomes_suspect("an eviction", &kept);
}

#[test]
fn it_ends_with_the_near_cache() {
    if test_servers::left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let Stage { links, near, .. } = Stage::of(&server);
    eventually("a listener", || (listening(&server).len() == 1).then_some(()));
    drop(near);
    eventually("no listener", || (listening(&server).is_empty()).then_some(()));
    drop(links);
}

#[test]
fn nothing_is_listened_to_where_all_hits_ask() {
    if test_servers::left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    for mode in [NearMode::Off, NearMode::Validated, NearMode::Bounded { staleness: Duration::ZERO }] {
        let settings = Settings::standalone(&server.url()).unwrap();
        let stage = Stage::new(settings, mode, Clock::system());
        thread::sleep(Duration::from_millis(50));
        assert!(listening(&server).is_empty(), "{mode:?}");
        assert!(stage.watch.health().fault.is_none(), "{mode:?}");
    }
}

#[test]
fn a_user_that_may_not_listen_is_told_so() {
    if test_servers::left_out() {
        return;
    }
    let server = Redis::builder()
        .user("near", "on >secret ~* +@all -client|tracking")
        .user("well", "on >secret ~* +ping +info +client|setname +client|tracking +hello")
        .start()
        .unwrap();
    let stage = |user: &str| {
        let url = format!("redis://{user}:secret@127.0.0.1:{}", server.port());
        let mode = NearMode::Bounded { staleness: BOUND };
        Stage::new(Settings::standalone(&url).unwrap(), mode, Clock::manual())
    };
    let refused = stage("near");
    let fault =
        eventually("a refusal", || refused.watch.health().fault.filter(|fault| fault.kind() == FaultKind::Refused));
    assert!(fault.to_string().contains("+client|tracking"), "{fault}");
    assert!(!fault.to_string().contains("secret"), "{fault}");
    assert_eq!(refused.near.staleness(), None);
    stage("well").comes_back();
}
