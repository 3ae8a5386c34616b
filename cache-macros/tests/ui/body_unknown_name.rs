use cache_core::cached_as;

#[cached_as(cache_core::Dependencies::table("article"), extra = text)]
fn top(text: &str) -> usize {
    let length = text.length();
    lenght
}

fn main() {}
