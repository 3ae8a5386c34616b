//! Arrays: membership in a list that is one bind.

use cache_sea_orm::prelude::*;
use sea_orm::{ColumnTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter, Statement};

use crate::shop::*;

#[tokio::test]
async fn membership_in_an_array_depends_on_its_values() {
    let Shop { db, cache, .. } = shop().await;
    let query = |ids: &[i32]| Article::find().filter(article::Column::Id.eq_any(ids.to_vec())).cached(&cache);
    assert_eq!(miss!(query(&[1, 3]).all(&db)).len(), 2);
    assert_eq!(hit!(query(&[1, 3]).all(&db)).len(), 2);
    assert_eq!(query(&[]).all(&db).await.unwrap().len(), 0);
    Article::delete_by_id(2).exec(&db).await.unwrap();
    assert_eq!(hit!(query(&[1, 3]).all(&db)).len(), 2);
    Article::delete_by_id(3).exec(&db).await.unwrap();
    assert_eq!(miss!(query(&[1, 3]).all(&db)).len(), 1);
}

#[derive(Clone, Debug, PartialEq, FromQueryResult)]
struct Labels {
    labels: Vec<String>,
}

#[tokio::test]
async fn columns_that_are_arrays_are_read_and_never_stale() {
    let shop = shop().await;
    shop.sql("CREATE TABLE box (id INTEGER PRIMARY KEY, labels TEXT[] NOT NULL)").await;
    shop.sql("INSERT INTO box VALUES (1, '{a,b}'), (2, '{c}')").await;
    let (db, cache) = (&shop.db, &shop.cache);
    let with = |labels: &[&str]| {
        let labels: Vec<String> = labels.iter().map(ToString::to_string).collect();
        let sql = "SELECT labels FROM box WHERE labels = $1";
        Labels::find_by_statement(Statement::from_sql_and_values(DbBackend::Postgres, sql, [labels.into()]))
            .cached(cache)
    };
    assert_eq!(miss!(with(&["a", "b"]).all(db)).len(), 1);
    assert_eq!(hit!(with(&["a", "b"]).all(db))[0].labels, ["a", "b"]);
    shop.sql("UPDATE box SET labels = '{a,b}' WHERE id = 2").await;
    assert_eq!(miss!(with(&["a", "b"]).all(db)).len(), 2);
}
