use cache_core::cached;

#[cached(ttl = "1m", result = true)]
fn find(id: u32) -> Result<u32, ()> {
    Ok(id)
}

#[cached(ttl = "1m", option = true)]
fn find_some(id: u32) -> Option<u32> {
    Some(id)
}

fn main() {}
