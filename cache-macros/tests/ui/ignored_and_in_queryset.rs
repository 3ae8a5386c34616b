use cache_core::cached_as;

#[cached_as(cache_core::Dependencies::row("article", [("id", id)]), ignore(id))]
fn top(id: i32) -> i32 {
    id
}

fn main() {}
