use cache_core::cached_as;

use cache_core::CacheKey;

#[derive(CacheKey)]
struct Filter(u8);

fn query(filter: &Filter) -> cache_core::Dependencies {
    cache_core::Dependencies::row("article", [("id", filter.0)])
}

#[cached_as(query(&filter))]
fn top(filter: Filter) -> u64 {
    u64::from(filter.0)
}

fn main() {}
