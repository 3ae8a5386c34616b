use cache_core::cached_as;

#[cached_as(cache_core::Dependencies::table("article"))]
async fn top(words: &[&str], limit: Option<u8>, (from, to): (u8, u8)) -> u64 {
    let _ = (words, limit, from, to);
    0
}

fn main() {}
