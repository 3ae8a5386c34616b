use cache_core::cached_as;

#[cached_as(cache_core::Dependencies::table("article"), tll = "15m", frobnicate = 1, timeout = 60)]
fn top() -> u64 {
    0
}

fn main() {}
