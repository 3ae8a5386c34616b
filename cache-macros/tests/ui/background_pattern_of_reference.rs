use cache_core::cached;

#[cached(ttl = "1m", stale_while_revalidate = "30s")]
fn top((a, b): &(u8, u8)) -> u8 {
    a + b
}

fn main() {}
