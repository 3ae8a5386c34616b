use cache_core::cached;

#[cached(ttl = "15 lightyears", idle = true)]
fn top() -> u64 {
    0
}

fn main() {}
