use cache_core::cached_as;

#[cached_as(tags = [])]
fn none() -> u64 {
    0
}

#[cached_as(tags = ["front-page", ""])]
fn nameless() -> u64 {
    0
}

fn main() {}
