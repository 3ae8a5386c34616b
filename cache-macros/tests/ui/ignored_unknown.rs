use cache_core::cached_as;

#[cached_as(cache_core::Dependencies::table("article"), extra = count, ignore(db))]
fn top(count: u64) -> u64 {
    count
}

fn main() {}
