use cache_core::cached;

#[cached(ttl = "1m", cache_err = true)]
fn read(path: &str) -> Result<String, std::io::Error> {
    std::fs::read_to_string(path)
}

fn main() {}
