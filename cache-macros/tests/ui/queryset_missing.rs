use cache_core::cached_as;

#[cached_as(ttl = "15m")]
fn top() -> u64 {
    0
}

fn main() {}
