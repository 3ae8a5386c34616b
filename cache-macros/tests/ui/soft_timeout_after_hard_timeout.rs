use cache_core::{TimedOut, cached};

#[cached(ttl = "1m", stale_if_error = "10m", soft_timeout = "2s", hard_timeout = "1s")]
fn top() -> Result<u64, TimedOut> {
    Ok(0)
}

fn main() {}
