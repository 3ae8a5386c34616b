use cache_core::cached;

#[cached(ttl = "1m", cache_err = true)]
fn number(text: &str) -> Result<u32, &str> {
    text.parse().map_err(|_| text)
}

fn main() {}
