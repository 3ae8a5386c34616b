use cache_core::cached_as;

#[cached_as(tags = "front-page", tags = "shop")]
fn page() -> u64 {
    0
}

fn main() {}
