use cache_core::CacheKey;

#[derive(CacheKey)]
#[cache_key(skip)]
struct Outer {
    #[cache_key(ignore)]
    inner: u8,
}

#[derive(CacheKey)]
enum Either {
    #[cache_key(skip)]
    Left,
    Right(u8),
}

fn main() {}
