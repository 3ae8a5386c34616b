use cache_core::CacheKey;

#[derive(CacheKey)]
struct Outer {
    #[cache_key(skip)]
    inner: u8,
}

fn main() {}
