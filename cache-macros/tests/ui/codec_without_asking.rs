use cache_core::cached;

type Name = &'static str;

#[cached(ttl = "15m")]
fn top() -> Option<Name> {
    None
}

#[cached(ttl = "15m", codec = none)]
fn not_asked() -> Option<Name> {
    None
}

fn main() {}
