use cache_core::cached;

#[cached(ttl = "1m", cache_err = true)]
fn find(id: u32) -> Option<u32> {
    Some(id)
}

fn main() {}
