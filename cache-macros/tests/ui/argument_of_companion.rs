use cache_core::cached_as;

#[cached_as(cache_core::dependencies!(article: category_id = category))]
fn top(category: i32) -> usize {
    0
}

fn drop_it() {
    top::invalidate("three");
    top::explain();
}

fn main() {}
