use cache_core::cached_as;

#[cached_as(if full { "article"; } else { "tag" })]
fn top(full: bool) -> bool {
    full
}

fn main() {}
