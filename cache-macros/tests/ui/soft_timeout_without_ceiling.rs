use cache_core::cached;

#[cached(ttl = "1m", soft_timeout = "1s")]
fn top() -> Result<u64, String> {
    Ok(0)
}

fn main() {}
