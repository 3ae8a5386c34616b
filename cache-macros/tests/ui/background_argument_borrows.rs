use cache_core::cached;

#[cached(ttl = "1m", stale_while_revalidate = "30s")]
fn top(category: Option<&str>) -> usize {
    category.map_or(0, str::len)
}

fn main() {}
