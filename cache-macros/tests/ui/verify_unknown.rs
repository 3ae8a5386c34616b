use cache_core::cached_as;

#[cached_as("article", verify = "maybe")]
fn top() -> u64 {
    0
}

fn main() {}
