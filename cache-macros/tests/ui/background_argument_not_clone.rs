use cache_core::{Connection, cached};

struct Db;

impl Connection for Db {
    fn bypass(&self) -> bool {
        false
    }
}

#[cached(ttl = "1m", refresh_ahead = "30s")]
fn top(db: &Db) -> u64 {
    u64::from(db.bypass())
}

fn main() {}
