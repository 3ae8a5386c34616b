use cache_core::cached_as;

#[cached_as(cache_core::Dependencies::table("article"), extra = category)]
fn top(category: i32, count: u64) -> Vec<u64> {
    vec![category as u64; count as usize]
}

fn main() {}
