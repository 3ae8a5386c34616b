use cache_core::cached;

#[cached(ttl = "15m", verify = "log")]
fn top() -> u64 {
    0
}

fn main() {}
