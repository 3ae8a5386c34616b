use cache_core::CacheKey;

#[derive(CacheKey)]
union Either {
    number: u32,
    float: f32,
}

fn main() {}
