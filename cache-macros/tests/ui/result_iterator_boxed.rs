use cache_core::cached_as;

#[cached_as(cache_core::Dependencies::table("article"))]
fn top() -> Box<dyn Iterator<Item = u8>> {
    Box::new(0..3)
}

fn main() {}
