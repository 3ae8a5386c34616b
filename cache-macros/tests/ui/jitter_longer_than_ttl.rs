use cache_core::cached;

#[cached(ttl = "1m", jitter = "1m")]
fn top() -> u64 {
    0
}

fn main() {}
