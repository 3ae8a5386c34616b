use cache_core::cached;

#[cached(ttl = 15, idle = "15")]
fn top() -> u64 {
    0
}

fn main() {}
