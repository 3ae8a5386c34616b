use cache_core::cached_as;

#[derive(Clone)]
struct Filter;

#[cached_as(cache_core::Dependencies::table("article"), extra = filter)]
fn top(filter: Filter) -> u64 {
    let _ = filter;
    0
}

fn main() {}
