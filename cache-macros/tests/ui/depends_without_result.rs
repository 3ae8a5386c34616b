use cache_core::cached_as;

#[cached_as(depends = || "article")]
fn top() -> u64 {
    0
}

fn main() {}
