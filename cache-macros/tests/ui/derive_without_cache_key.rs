use cache_core::CacheKey;

struct Inner;

#[derive(CacheKey)]
struct Outer {
    inner: Inner,
}

fn main() {}
