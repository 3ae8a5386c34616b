use cache_core::cached_as;

#[derive(Clone)]
struct Id(i32);

#[cached_as(cache_core::Dependencies::row("article", [("id", id.0)]), ignore(id))]
fn top(id: Id) -> i32 {
    id.0
}

fn main() {}
