use cache_core::cached;

#[cached(ttl = "1m", cache_err = true, cache_none = false)]
fn find(id: u32) -> Result<u32, u32> {
    Ok(id)
}

fn main() {}
