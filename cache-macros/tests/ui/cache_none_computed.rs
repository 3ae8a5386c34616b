use cache_core::cached;

#[cached(ttl = "1m", cache_none = id > 3)]
fn find(id: u32) -> Option<u32> {
    Some(id)
}

fn main() {}
