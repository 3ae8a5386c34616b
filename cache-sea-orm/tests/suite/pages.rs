//! Pages and counts.

use cache_sea_orm::prelude::*;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::shop::*;

#[tokio::test]
async fn pages_and_their_number_are_cached() {
    let Shop { db, cache, .. } = shop().await;
    let pages = || Article::find().order_by_asc(article::Column::Id).cached(&cache).paginate(&db, 2);
    let ids = |rows: Vec<article::Model>| rows.iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(ids(miss!(pages().fetch_page(0))), [1, 2]);
    assert_eq!(ids(miss!(pages().fetch_page(1))), [3]);
    assert_eq!(ids(miss!(pages().fetch_page(2))), [0; 0]);
    assert_eq!(miss!(pages().num_items()), 3);
    assert_eq!(hit!(pages().num_pages()), 2);
    let both = hit!(pages().num_items_and_pages());
    assert_eq!((both.number_of_items, both.number_of_pages), (3, 2));
    assert_eq!(ids(hit!(pages().fetch_page(0))), [1, 2]);
    new_article(1).insert(&db).await.unwrap();
    assert_eq!(ids(miss!(pages().fetch_page(1))).len(), 2);
    assert_eq!(miss!(pages().num_items()), 4);
}

#[tokio::test]
async fn pages_are_granular_by_their_filter() {
    let Shop { db, cache, .. } = shop().await;
    let pages = || {
        let query = Article::find().filter(article::Column::CategoryId.eq(1)).order_by_asc(article::Column::Id);
        query.cached(&cache).paginate(&db, 10)
    };
    assert_eq!(miss!(pages().fetch()).len(), 2);
    new_article(2).insert(&db).await.unwrap();
    hit!(pages().fetch());
    new_article(1).insert(&db).await.unwrap();
    assert_eq!(miss!(pages().fetch()).len(), 3);
}

#[tokio::test]
async fn a_paginator_walks_to_the_end() {
    let Shop { db, cache, .. } = shop().await;
    for statements in [3, 0] {
        let ids = costs!(statements, async {
            let mut ids = Vec::new();
            let mut pages = Article::find().order_by_asc(article::Column::Id).cached(&cache).paginate(&db, 2);
            while let Some(rows) = pages.fetch_and_next().await? {
                ids.extend(rows.into_iter().map(|row| row.id));
            }
            Ok::<_, sea_orm::DbErr>(ids)
        });
        assert_eq!(ids, [1, 2, 3]);
    }
}

#[tokio::test]
async fn pages_of_other_shapes_are_cached() {
    let Shop { db, cache, .. } = shop().await;
    let titles = || {
        let query = Article::find().select_only().column(article::Column::Title).order_by_asc(article::Column::Id);
        query.into_tuple::<String>().cached(&cache).paginate(&db, 1)
    };
    assert_eq!(miss!(titles().fetch_page(1)), ["Joins"]);
    assert_eq!(hit!(titles().fetch_page(1)), ["Joins"]);
    let pairs = || Article::find().find_also_related(Category).cached(&cache).paginate(&db, 2);
    assert_eq!(miss!(pairs().fetch_page(1)).len(), 1);
    assert_eq!(hit!(pairs().fetch_page(1)).len(), 1);
    assert_eq!(miss!(pairs().num_items()), 3);
}

#[tokio::test]
async fn count_honours_a_limit_and_the_number_of_items_does_not() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Article::find().limit(2).cached(&cache);
    assert_eq!(query().count(&db).await.unwrap(), 2);
    assert_eq!(query().paginate(&db, 1).num_items().await.unwrap(), 3);
}
