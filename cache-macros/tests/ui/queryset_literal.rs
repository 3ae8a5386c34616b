use cache_core::cached_as;

#[cached_as(7)]
fn top() -> u64 {
    0
}

fn main() {}
