use cache_core::cached_as;

struct Select;

#[cached_as(Select)]
fn top() -> u64 {
    0
}

fn main() {}
