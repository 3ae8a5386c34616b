use cache_core::cached;

#[cached(ttl = "1m", hard_timeout = "1s")]
fn top() -> Result<u64, std::fmt::Error> {
    Ok(0)
}

fn main() {}
