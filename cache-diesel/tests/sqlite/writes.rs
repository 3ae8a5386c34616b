//! Writes of every kind, and exactly what each of them drops.

use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::Integer;

use crate::shop::*;

/// The numbers of the categories whose articles are asked of the database again after `write`.
fn dropped(write: impl FnOnce(&mut Db)) -> Vec<i32> {
    let (cache, mut db) = shop();
    let of = |category: i32| article::table.filter(article::category_id.eq(category)).cached(&cache);
    for category in 1..=4 {
        miss!(cache, of(category).load::<Article>(&mut db));
    }
    write(&mut db);
    let mut dropped = Vec::new();
    for category in 1..=4 {
        let hits = cache.counters().hits;
        let cached = of(category).load::<Article>(&mut db).expect("an answer");
        if cache.counters().hits == hits {
            dropped.push(category);
        }
        let real = article::table.filter(article::category_id.eq(category)).load::<Article>(&mut db);
        assert_eq!(cached, real.expect("an answer"));
    }
    dropped
}

#[test]
fn inserts() {
    assert_eq!(
        dropped(|db| {
            diesel::insert_into(article::table).values(new(9, 3, "Nine")).execute(db).expect("a write");
        }),
        [3]
    );
    assert_eq!(
        dropped(|db| {
            let rows = vec![new(8, 2, "Eight"), new(9, 3, "Nine")];
            diesel::insert_into(article::table).values(&rows).execute(db).expect("a write");
        }),
        [2, 3]
    );
    assert_eq!(
        dropped(|db| {
            let rows =
                [(article::id.eq(8), article::category_id.eq(4)), (article::id.eq(9), article::category_id.eq(3))];
            diesel::insert_into(article::table).values(&rows[..]).execute(db).expect("a write");
        }),
        [3, 4]
    );
}

#[test]
fn inserts_that_return_rows() {
    assert_eq!(
        dropped(|db| {
            let row: Article = diesel::insert_into(article::table)
                .values(new(9, 3, "Nine"))
                .returning(Article::as_returning())
                .get_result(db)
                .expect("a row");
            assert_eq!(row.title, "Nine");
        }),
        [3]
    );
    assert_eq!(
        dropped(|db| {
            let titles: Vec<String> = diesel::insert_into(article::table)
                .values((article::category_id.eq(4), article::title.eq("New")))
                .returning(article::title)
                .get_results(db)
                .expect("rows");
            assert_eq!(titles, ["New"]);
        }),
        [4]
    );
}

#[test]
fn updates() {
    assert_eq!(
        dropped(|db| {
            diesel::update(article::table.filter(article::category_id.eq(1)))
                .set(article::stars.eq(3))
                .execute(db)
                .expect("a write");
        }),
        [1]
    );
    assert_eq!(
        dropped(|db| {
            diesel::update(article::table.filter(article::category_id.eq(2)))
                .set(article::category_id.eq(3))
                .execute(db)
                .expect("a write");
        }),
        [2, 3]
    );
}

#[test]
fn an_update_by_number_that_returns_its_row_drops_only_the_row() {
    assert_eq!(
        dropped(|db| {
            let row: Article = diesel::update(article::table.find(3))
                .set(article::stars.eq(3))
                .returning(Article::as_returning())
                .get_result(db)
                .expect("a row");
            assert_eq!(row.stars, Some(3));
        }),
        [2]
    );
}

#[test]
fn saved_changes() {
    assert!(
        dropped(|db| {
            let row: Article = (&new(3, 4, "Moved")).save_changes(db).expect("a row");
            assert_eq!(row.category_id, 4);
        })
        .contains(&4)
    );
}

#[test]
fn deletes() {
    assert_eq!(
        dropped(|db| {
            diesel::delete(article::table.filter(article::category_id.eq(2))).execute(db).expect("a write");
        }),
        [2]
    );
    assert!(
        dropped(|db| {
            let titles: Vec<String> =
                diesel::delete(article::table.find(3)).returning(article::title).get_results(db).expect("rows");
            assert_eq!(titles, ["Joins"]);
        })
        .contains(&2)
    );
}

#[test]
fn upserts_and_replaces() {
    let dropped = dropped(|db| {
        diesel::insert_into(article::table)
            .values(new(3, 4, "Joins"))
            .on_conflict(article::id)
            .do_update()
            .set(article::category_id.eq(4))
            .execute(db)
            .expect("a write");
        diesel::replace_into(article::table).values(new(9, 3, "Nine")).execute(db).expect("a write");
    });
    assert!(dropped.contains(&2) && dropped.contains(&3) && dropped.contains(&4), "{dropped:?}");
}

#[test]
fn raw_sql_and_batches() {
    assert_eq!(
        dropped(|db| {
            diesel::sql_query("UPDATE article SET stars = 0 WHERE category_id = ?")
                .bind::<Integer, _>(2)
                .execute(db)
                .expect("a write");
        }),
        [2]
    );
    assert_eq!(
        dropped(|db| {
            db.batch_execute(
                "INSERT INTO article VALUES (8, 3, 'a', NULL); DELETE FROM article WHERE category_id = 2; SELECT 1",
            )
            .expect("a batch");
        }),
        [2, 3]
    );
}

#[test]
fn other_tables_drop_nothing() {
    assert!(
        dropped(|db| {
            diesel::insert_into(category::table).values(category::name.eq("C")).execute(db).expect("a write");
        })
        .is_empty()
    );
}

#[test]
fn a_write_that_breaks_a_constraint_leaves_everything_right() {
    let (cache, mut db) = shop();
    let names = || category::table.select(category::name).cached(&cache);
    miss!(cache, names().load::<String>(&mut db));
    let twice = diesel::insert_into(category::table).values(category::name.eq("Rust")).execute(&mut db);
    assert!(matches!(twice, Err(Error::DatabaseError(..))), "{twice:?}");
    assert_eq!(names().load::<String>(&mut db).expect("an answer"), ["Rust", "SQL"]);
}

#[test]
fn cascades_are_followed() {
    let (cache, mut db) = shop();
    let comments = |article: i32| comment::table.filter(comment::article_id.eq(article)).cached(&cache);
    miss!(cache, comments(1).count(&mut db));
    miss!(cache, comments(3).count(&mut db));
    diesel::delete(article::table.find(1)).execute(&mut db).expect("a write");
    assert_eq!(miss!(cache, comments(1).count(&mut db)), 0);
}

#[test]
fn an_iteration_that_stops_early_has_written_all_the_same() {
    let (cache, mut db) = shop();
    let stars = || article::table.select(article::stars).order(article::id).cached(&cache);
    miss!(cache, stars().load::<Option<i32>>(&mut db));
    {
        let mut rows = diesel::update(article::table)
            .set(article::stars.eq(1))
            .returning(article::id)
            .load_iter::<i32, diesel::connection::DefaultLoadingMode>(&mut db)
            .expect("rows");
        assert!(rows.next().is_some());
    }
    assert_eq!(miss!(cache, stars().load::<Option<i32>>(&mut db)), [Some(1); 3]);
}

#[test]
fn a_write_whose_rows_nobody_asks_for_does_not_run() {
    let (cache, mut db) = shop();
    let stars = || article::table.select(article::stars).order(article::id).cached(&cache);
    let before = miss!(cache, stars().load::<Option<i32>>(&mut db));
    let rows = diesel::delete(article::table)
        .returning(article::id)
        .load_iter::<i32, diesel::connection::DefaultLoadingMode>(&mut db)
        .expect("rows");
    drop(rows);
    assert_eq!(stars().load::<Option<i32>>(&mut db).expect("an answer"), before);
}
