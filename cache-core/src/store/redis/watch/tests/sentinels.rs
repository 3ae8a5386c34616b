//! A primary that sentinels replace.

use test_servers::RedisSentinel;

use super::*;

#[test]
fn the_new_primary_is_listened_to() {
    if test_servers::left_out() {
        return;
    }
    let servers = RedisSentinel::start().unwrap();
    let urls = servers.sentinel_urls();
    let settings = Settings::sentinel(urls.iter().map(String::as_str), RedisSentinel::NAME).unwrap();
    let stage = Stage::new(settings, NearMode::Bounded { staleness: BOUND }, Clock::manual());
    let kept = stage.keep_served(&["c{shop:orders}01"]);
    servers.kill_primary();
    eventually("the end of the lease", || stage.near.staleness().is_none().then_some(()));
    stage.comes_back();
    assert!(!stage.near.may_serve(&kept));
    let kept = stage.keep_served(&["c{shop:orders}01"]);
    servers.servers()[1].cli(&["SET", "c{shop:orders}01", "1"]);
    stage.becomes_suspect("the new primary", &kept);
}
