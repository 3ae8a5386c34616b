//! Arguments that are connections.

use super::*;

struct Db {
    dirty: bool,
}

impl Db {
    fn article(&self, id: i32) -> Dependencies {
        Dependencies::row("article", [("id", id)])
    }
}

impl Connection for Db {
    fn bypass(&self) -> bool {
        self.dirty
    }
}

#[test]
fn a_connection_needs_no_place_and_may_go_past_the_cache() {
    fixture!();
    #[cached_as(dependencies!(article: category_id = category), cache = &*CACHE)]
    fn titles(db: &Db, category: i32) -> usize {
        let _ = db;
        run()
    }
    let (clean, dirty) = (Db { dirty: false }, Db { dirty: true });
    assert_eq!((titles(&clean, 3), titles(&clean, 3)), (1, 1));
    assert_eq!((titles(&dirty, 3), titles(&dirty, 3), titles(&clean, 3)), (2, 3, 1));
    assert!(titles::invalidate(3));
}

#[test]
fn ignored_generic_and_mutable_connections_are_asked_as_well() {
    fixture!();
    #[cached_as(Dependencies::table("article"), ignore(db), cache = &*CACHE)]
    fn ignored(db: Arc<Db>) -> usize {
        let _ = db;
        run()
    }
    #[cached_as(Dependencies::table("article"), cache = &*CACHE)]
    fn generic<C: Connection>(db: &mut C) -> usize {
        let _ = db;
        run()
    }
    #[cached_as(db.article(id), cache = &*CACHE)]
    fn used(db: &Db, id: i32) -> usize {
        run()
    }
    let (mut clean, mut dirty) = (Db { dirty: false }, Db { dirty: true });
    assert_eq!((ignored(Arc::new(Db { dirty: true })), ignored(Arc::new(Db { dirty: false }))), (1, 2));
    assert_eq!(ignored(Arc::new(Db { dirty: false })), 2);
    assert_eq!((generic(&mut dirty), generic(&mut clean), generic(&mut clean)), (3, 4, 4));
    assert_eq!((used(&dirty, 1), used(&clean, 1), used(&clean, 1)), (5, 6, 6));
    assert!(generic::invalidate());
}
