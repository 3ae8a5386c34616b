use cache_core::cached;

#[cached(ttl = "1m", cache_none = false)]
async fn count(id: u32) -> Result<u32, ()> {
    Ok(id)
}

fn main() {}
