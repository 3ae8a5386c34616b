use cache_core::cached_as;

#[cached_as(tags = format!("user-{user}"), ignore(user))]
fn page(user: u64) -> u64 {
    user
}

fn main() {}
