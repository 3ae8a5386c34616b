use cache_core::cached_as;

#[cached_as(cache_core::Dependencies::table("article"))]
fn never() -> ! {
    loop {}
}

fn main() {}
