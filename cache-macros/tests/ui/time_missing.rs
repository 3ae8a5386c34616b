use cache_core::cached;

#[cached]
fn top() -> u64 {
    0
}

fn main() {}
