use cache_core::cached;

#[cached(cache_core::Dependencies::table("article"), ttl = "15m")]
fn top() -> u64 {
    0
}

fn main() {}
