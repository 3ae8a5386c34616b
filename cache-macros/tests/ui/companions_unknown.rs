use cache_core::cached;

#[cached(ttl = "1m", companions = many)]
fn top() -> u64 {
    0
}

fn main() {}
