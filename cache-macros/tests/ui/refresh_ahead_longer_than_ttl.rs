use cache_core::cached;

#[cached(ttl = "1m", refresh_ahead = "2m")]
fn top() -> u64 {
    0
}

fn main() {}
