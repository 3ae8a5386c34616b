use cache_core::cached;

#[cached(ttl = "1m", stale_while_revalidate = 30)]
fn top() -> u64 {
    0
}

fn main() {}
