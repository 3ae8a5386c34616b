use cache_core::cached_as;

#[cached_as(cache_core::Dependencies::table("article"))]
fn top() -> u64 {
    "three"
}

#[cached_as(cache_core::Dependencies::table("article"), companions = none)]
async fn later() -> u64 {
    "three"
}

fn main() {}
