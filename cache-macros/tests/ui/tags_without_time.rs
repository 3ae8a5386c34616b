use cache_core::cached;

#[cached(tags = "front-page")]
fn page() -> u64 {
    0
}

fn main() {}
