use cache_core::cached;

#[cached(ttl = "1m")]
fn top(found: &mut Vec<u8>) -> usize {
    found.push(1);
    found.len()
}

struct Own;

#[cached(ttl = "1m")]
fn own(found: &mut Own) -> usize {
    let _ = found;
    3
}

fn main() {}
