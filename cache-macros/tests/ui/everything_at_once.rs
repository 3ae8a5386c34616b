use cache_core::cached_as;

#[cached_as(ttl = 15, tll = "15m", ignore(db))]
const fn top(category: i32) -> &str {
    "x"
}

fn main() {}
