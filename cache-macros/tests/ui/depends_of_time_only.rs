use cache_core::cached;

#[cached(ttl = "15m", depends = |_| "article")]
fn top() -> u64 {
    0
}

fn main() {}
