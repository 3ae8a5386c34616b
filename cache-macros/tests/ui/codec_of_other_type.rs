use cache_core::cached;

#[cached(ttl = "15m", codec = "json")]
fn top() -> String {
    String::new()
}

fn main() {}
