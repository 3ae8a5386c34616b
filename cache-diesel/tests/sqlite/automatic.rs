//! Queries that are cached because the profiles of their tables say so.

use cache_core::{Cache, Operation, Profile, Profiles};
use cache_diesel::prelude::*;
use diesel::dsl::max;
use diesel::prelude::*;

use crate::shop::*;

fn shop_with(list: &[(&str, &str)]) -> (Cache, Db) {
    let set = |builder: cache_core::ProfilesBuilder, (table, text): &(&str, &str)| {
        builder.set(*table, text.parse::<Profile>().expect("a profile"))
    };
    let profiles = list.iter().fold(Profiles::builder(), set).build().expect("profiles");
    let cache = Cache::builder().profiles(profiles).build();
    let db = shop_of(&cache);
    (cache, db)
}

#[test]
fn without_a_profile_every_query_asks() {
    let (cache, mut db) = shop();
    for _ in 0..2 {
        miss!(cache, article::table.auto(&cache).load::<Article>(&mut db));
        miss!(cache, article::table.auto(&cache).count(&mut db));
    }
}

#[test]
fn a_profile_allows_its_operations_and_no_others() {
    let (cache, mut db) = shop_with(&[("article", "get, count")]);
    miss!(cache, article::table.find(1).auto(&cache).first::<Article>(&mut db));
    hit!(cache, article::table.find(1).auto(&cache).first::<Article>(&mut db));
    miss!(cache, article::table.auto(&cache).count(&mut db));
    hit!(cache, article::table.auto(&cache).count(&mut db));
    let best = || article::table.select(max(article::stars)).auto(&cache);
    for _ in 0..2 {
        miss!(cache, article::table.auto(&cache).load::<Article>(&mut db));
        miss!(cache, best().first::<Option<i32>>(&mut db));
    }
    diesel::delete(article::table.find(3)).execute(&mut db).expect("a write");
    miss!(cache, article::table.auto(&cache).count(&mut db));
}

#[test]
fn a_join_needs_the_profiles_of_all_its_tables() {
    let (cache, mut db) = shop_with(&[("article", "all"), ("category", "none"), ("comment", "fetch")]);
    let joined = || article::table.inner_join(category::table).select(article::id).auto(&cache);
    let commented = || article::table.inner_join(comment::table).select(article::id).auto(&cache);
    miss!(cache, joined().load::<i32>(&mut db));
    miss!(cache, joined().load::<i32>(&mut db));
    miss!(cache, commented().load::<i32>(&mut db));
    hit!(cache, commented().load::<i32>(&mut db));
}

#[test]
fn named_operations_narrow_and_nocache_asks_every_time() {
    let (cache, mut db) = shop_with(&[("article", "all")]);
    let ids = || article::table.select(article::id);
    for _ in 0..2 {
        miss!(cache, ids().auto(&cache).ops([Operation::Count]).load::<i32>(&mut db));
        miss!(cache, ids().cached(&cache).ops([Operation::Get]).load::<i32>(&mut db));
        miss!(cache, ids().cached(&cache).nocache().load::<i32>(&mut db));
    }
    miss!(cache, ids().auto(&cache).load::<i32>(&mut db));
    hit!(cache, ids().auto(&cache).load::<i32>(&mut db));
}
