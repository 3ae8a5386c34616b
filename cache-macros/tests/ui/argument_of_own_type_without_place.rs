use cache_core::cached_as;

struct Filter;

#[cached_as(cache_core::Dependencies::table("article"))]
fn top(filter: &Filter) -> u64 {
    let _ = filter;
    0
}

fn main() {}
