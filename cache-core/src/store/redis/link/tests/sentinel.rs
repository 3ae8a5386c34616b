//! Primaries that sentinels know.

use test_servers::RedisSentinel;

use super::*;

fn settings(servers: &RedisSentinel, name: &str) -> Settings {
    Settings::sentinel(servers.sentinel_urls().iter().map(String::as_str), name).unwrap()
}

#[test]
fn a_failover_is_followed() {
    if left_out() {
        return;
    }
    let servers = RedisSentinel::start().unwrap();
    let links = open(settings(&servers, RedisSentinel::NAME)).unwrap();
    let before = ask(&links, &["SET", "a", "1"]).unwrap();
    assert_eq!(before.values, [Value::Okay]);
    let primary = links.masters();
    let [old, new] = servers.servers().each_ref().map(|server| Address::tcp("127.0.0.1", server.port(), false));
    assert_eq!(primary, [old]);

    servers.kill_primary();
    let after = answered(&links, &["SET", "a", "2"]);
    assert_ne!(after.incarnation, before.incarnation);
    assert_eq!(links.masters(), [new]);
    assert_eq!(servers.servers()[1].cli(&["GET", "a"]), "2");
    let fault = links.block(links.run_on(&primary[0], group(&["GET", "a"]))).unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Moved, "{fault}");
}

#[test]
fn a_primary_that_was_deposed_is_not_used_when_it_comes_back() {
    if left_out() {
        return;
    }
    let servers = RedisSentinel::start().unwrap();
    let links = open(settings(&servers, RedisSentinel::NAME)).unwrap();
    let old = links.masters().pop().unwrap();
    servers.kill_primary();
    answered(&links, &["SET", "a", "1"]);
    // It takes itself for the primary until the sentinels have looked at it for a while.
    servers.servers()[0].restart();
    let fault = links.block(links.subscribe(&old, |_| ())).unwrap_err();
    assert_eq!(fault.kind(), FaultKind::NotPrimary, "{fault}");
    assert!(fault.to_string().contains("the sentinels call"), "{fault}");
}

#[test]
fn one_sentinel_is_enough_and_an_unknown_name_is_told() {
    if left_out() {
        return;
    }
    let servers = RedisSentinel::start().unwrap();
    let message = open(settings(&servers, "other")).map(|_| ()).unwrap_err().to_string();
    assert!(message.contains("watches no primary `other`"), "{message}");
    servers.sentinel(0).kill();
    servers.sentinel(1).kill();
    let links = open(settings(&servers, RedisSentinel::NAME)).unwrap();
    assert_eq!(value(&links, &["ECHO", "x"]), bulk("x"));
}

#[test]
fn a_sentinel_and_a_server_are_not_taken_for_each_other() {
    if left_out() {
        return;
    }
    let servers = RedisSentinel::start().unwrap();
    let url = &servers.sentinel_urls()[0];
    let fault = open(Settings::standalone(url).unwrap()).map(|_| ()).unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Refused);
    assert!(fault.to_string().contains("is a sentinel"), "{fault}");
    let url = servers.servers()[0].url();
    let fault = open(Settings::sentinel([&*url], RedisSentinel::NAME).unwrap()).map(|_| ()).unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Refused, "{fault}");
}

#[test]
fn sentinels_have_credentials_of_their_own() {
    if left_out() {
        return;
    }
    let servers = RedisSentinel::start().unwrap();
    for number in 0..servers.sentinel_urls().len() {
        servers.sentinel(number).cli(&["ACL", "SETUSER", "ann", "on", ">annsword", "+@all"]);
        servers.sentinel(number).cli(&["ACL", "SETUSER", "default", "-sentinel"]);
    }
    let urls = servers.sentinel_urls();
    let with = |credentials: &str| {
        let urls: Vec<String> =
            urls.iter().map(|url| url.replace("redis://", &format!("redis://{credentials}"))).collect();
        open(Settings::sentinel(urls.iter().map(String::as_str), RedisSentinel::NAME).unwrap())
    };
    let fault = with("").map(|_| ()).unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Refused, "{fault}");
    let fault = with("ann:wrongword@").map(|_| ()).unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Refused, "{fault}");
    assert!(!fault.to_string().contains("wrongword"), "{fault}");
    assert_eq!(value(&with("ann:annsword@").unwrap(), &["ECHO", "x"]), bulk("x"));
}
