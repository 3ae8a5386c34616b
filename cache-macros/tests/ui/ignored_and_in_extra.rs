use cache_core::cached_as;

#[cached_as(cache_core::Dependencies::table("article"), extra = (category, count), ignore(count))]
fn top(category: i32, count: u64) -> u64 {
    category as u64 + count
}

fn main() {}
