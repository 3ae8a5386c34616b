use cache_core::cached_as;

#[cached_as(cache_core::Dependencies::table("article"), extra = text)]
fn top(text: &str) -> Result<u64, std::fmt::Error> {
    let number: u64 = text.parse()?;
    Ok(number)
}

#[cached_as(cache_core::Dependencies::table("article"), extra = text)]
async fn later(text: &str) -> u64 {
    text.parse::<u64>()?
}

fn main() {}
