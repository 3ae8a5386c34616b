use cache_core::cached;

#[cached(ttl = limit())]
fn top() -> u64 {
    0
}

fn limit() -> u64 {
    3
}

fn main() {}
