use cache_core::cached;

#[cached(ttl = "1m", cache_none = false)]
fn count(id: u32) -> u64 {
    u64::from(id)
}

fn main() {}
