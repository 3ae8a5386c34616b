use cache_core::cached;

#[cached(ttl = "1m", name = format!("x"))]
fn top() -> u64 {
    0
}

#[cached(ttl = "1m", name = "")]
fn bottom() -> u64 {
    0
}

fn main() {}
