use cache_core::cached_as;

#[cached_as(reads)]
fn top(category: i32) -> i32 {
    category
}

fn main() {}
