use cache_core::cached;

#[cached(ttl = "1m", cache = 3)]
fn top() -> u64 {
    0
}

fn main() {}
