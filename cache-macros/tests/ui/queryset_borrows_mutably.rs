use cache_core::cached_as;

struct Db;

impl Db {
    fn query(&self) -> cache_core::Dependencies {
        cache_core::Dependencies::none()
    }
}

#[cached_as(db.query())]
fn top(db: &mut Db) -> u64 {
    let _ = db;
    0
}

fn main() {}
