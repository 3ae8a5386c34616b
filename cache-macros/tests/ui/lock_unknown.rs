use cache_core::cached;

#[cached(ttl = "1m", lock = everybody)]
fn top() -> u64 {
    0
}

fn main() {}
