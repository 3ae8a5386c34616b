use cache_core::cached;

#[cached(ttl = "1m", stale_if_error = "10m")]
fn top() -> u64 {
    0
}

fn main() {}
