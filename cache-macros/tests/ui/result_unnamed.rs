use cache_core::cached_as;

#[cached_as(cache_core::Dependencies::table("article"))]
fn top() -> impl Iterator<Item = u8> {
    0..3
}

#[cached_as(cache_core::Dependencies::table("article"))]
fn later() -> impl Future<Output = u8> {
    async { 3 }
}

#[cached_as(cache_core::Dependencies::table("article"))]
fn boxed() -> std::pin::Pin<Box<dyn Future<Output = u8>>> {
    Box::pin(async { 3 })
}

fn main() {}
