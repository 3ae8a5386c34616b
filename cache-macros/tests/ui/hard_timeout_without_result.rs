use cache_core::cached;

#[cached(ttl = "1m", hard_timeout = "1s")]
fn top() -> u64 {
    0
}

fn main() {}
