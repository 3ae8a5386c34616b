use cache_core::cached_as;

#[cached_as(cache_core::Dependencies::table("article"))]
const fn top() -> u64 {
    0
}

fn main() {}
