use cache_core::cached_as;

struct Page;

#[cached_as(cache_core::Dependencies::table("article"))]
fn top() -> Page {
    Page
}

#[cached_as(cache_core::Dependencies::table("article"))]
async fn later() -> Result<Vec<Page>, ()> {
    Ok(Vec::new())
}

fn main() {}
