use cache_core::cached;

#[cached(reads, ttl = "15m")]
fn top() -> u64 {
    0
}

fn main() {}
