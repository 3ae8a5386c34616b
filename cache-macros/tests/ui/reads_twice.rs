use cache_core::cached_as;

#[cached_as(reads, reads)]
fn top() -> u64 {
    0
}

fn main() {}
