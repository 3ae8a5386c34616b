use cache_core::cached_as;

#[cached_as(tags = ["user", 7])]
fn page(user: u64) -> u64 {
    user
}

fn main() {}
