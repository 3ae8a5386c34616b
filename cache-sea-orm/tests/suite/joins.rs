//! Joins, relations, subqueries, aggregates.

use cache_sea_orm::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement, UnionType};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, JoinType, LoaderTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, RelationTrait,
};

use crate::shop::*;

pub(crate) async fn rename_category(db: &Db, id: i32, name: &str) {
    let mut row = Category::find_by_id(id).one(db).await.unwrap().unwrap().into_active_model();
    row.name = Set(name.to_owned());
    row.update(db).await.unwrap();
}

async fn comment_on(db: &Db, article: i32, stars: i32) {
    let comment = comment::ActiveModel {
        article_id: Set(article),
        text: Set("New".to_owned()),
        stars: Set(stars),
        ..Default::default()
    };
    comment.insert(db).await.unwrap();
}

#[tokio::test]
async fn a_condition_on_a_parent_is_dropped_by_saving_the_parent() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Article::find().inner_join(Category).filter(category::Column::Name.eq("Rust")).cached(&cache);
    assert_eq!(miss!(query().all(&db)).len(), 2);
    Category::insert(category::ActiveModel { name: Set("Other".to_owned()), ..Default::default() })
        .exec(&db)
        .await
        .unwrap();
    hit!(query().all(&db));
    rename_category(&db, 1, "Iron oxide").await;
    assert_eq!(miss!(query().all(&db)).len(), 0);
}

#[tokio::test]
async fn a_condition_on_a_child_is_dropped_by_saving_the_child() {
    let Shop { db, cache, .. } = shop().await;
    let query = || {
        let query = Article::find().distinct().inner_join(Comment).filter(comment::Column::Stars.eq(5));
        query.cached(&cache)
    };
    assert_eq!(miss!(query().all(&db)).len(), 0);
    comment_on(&db, 3, 1).await;
    hit!(query().all(&db));
    comment_on(&db, 3, 5).await;
    assert_eq!(miss!(query().all(&db)).len(), 1);
}

#[tokio::test]
async fn two_conditions_on_the_same_child_narrow_together() {
    let Shop { db, cache, .. } = shop().await;
    let query = || {
        let query = Article::find().inner_join(Comment).filter(comment::Column::Stars.eq(5));
        query.filter(comment::Column::Text.eq("New")).cached(&cache)
    };
    assert_eq!(miss!(query().all(&db)).len(), 0);
    comment_on(&db, 3, 4).await;
    hit!(query().all(&db));
    comment_on(&db, 3, 5).await;
    assert_eq!(miss!(query().all(&db)).len(), 1);
}

#[tokio::test]
async fn a_missing_counterpart_appears_when_it_is_linked() {
    let Shop { db, cache, .. } = shop().await;
    let bare = || Article::find().left_join(Cover).filter(cover::Column::Id.is_null()).cached(&cache);
    assert_eq!(miss!(bare().all(&db)).len(), 3);
    let cover = cover::ActiveModel { article_id: Set(1), colour: Set("red".to_owned()), ..Default::default() };
    let cover = cover.insert(&db).await.unwrap();
    assert_eq!(miss!(bare().all(&db)).len(), 2);
    let mut cover = cover.into_active_model();
    cover.article_id = Set(2);
    let cover = cover.update(&db).await.unwrap();
    assert_eq!(miss!(bare().all(&db)).iter().map(|row| row.id).collect::<Vec<_>>(), [1, 3]);
    Cover::delete_by_id(cover.id).exec(&db).await.unwrap();
    assert_eq!(miss!(bare().all(&db)).len(), 3);
}

fn articles_with_comments(stars: i32) -> SelectStatement {
    Query::select()
        .column(comment::Column::ArticleId)
        .from(Comment)
        .and_where(comment::Column::Stars.eq(stars))
        .to_owned()
}

#[tokio::test]
async fn a_subquery_in_a_list_is_a_dependency() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Article::find().filter(article::Column::Id.in_subquery(articles_with_comments(5))).cached(&cache);
    assert_eq!(miss!(query().all(&db)).len(), 0);
    comment_on(&db, 1, 3).await;
    hit!(query().all(&db));
    comment_on(&db, 1, 5).await;
    assert_eq!(miss!(query().all(&db)).len(), 1);
}

#[tokio::test]
async fn a_negated_subquery_is_a_dependency() {
    let Shop { db, cache, .. } = shop().await;
    let query =
        || Article::find().filter(article::Column::Id.not_in_subquery(articles_with_comments(4))).cached(&cache);
    assert_eq!(miss!(query().all(&db)).len(), 2);
    comment_on(&db, 2, 4).await;
    assert_eq!(miss!(query().all(&db)).len(), 1);
}

#[tokio::test]
async fn subqueries_nest_three_levels() {
    let Shop { db, cache, .. } = shop().await;
    let query = || {
        let categories = Query::select()
            .column(category::Column::Id)
            .from(Category)
            .and_where(category::Column::Name.eq("Data"))
            .to_owned();
        let articles = Query::select()
            .column(article::Column::Id)
            .from(Article)
            .and_where(article::Column::CategoryId.in_subquery(categories))
            .to_owned();
        Comment::find().filter(comment::Column::ArticleId.in_subquery(articles)).cached(&cache)
    };
    assert_eq!(miss!(query().all(&db)).len(), 1);
    Tag::delete_by_id(3).exec(&db).await.unwrap();
    hit!(query().all(&db));
    comment_on(&db, 2, 1).await;
    assert_eq!(miss!(query().all(&db)).len(), 2);
    let mut moved = Article::find_by_id(2).one(&db).await.unwrap().unwrap().into_active_model();
    moved.category_id = Set(1);
    moved.update(&db).await.unwrap();
    assert_eq!(miss!(query().all(&db)).len(), 0);
    rename_category(&db, 1, "Data").await;
    assert_eq!(miss!(query().all(&db)).len(), 4);
}

#[tokio::test]
async fn a_raw_fragment_as_a_subquery_is_seen() {
    let Shop { db, cache, .. } = shop().await;
    let query = || {
        let raw = Expr::cust("article.id IN (SELECT article_id FROM comment WHERE stars > 4)");
        Article::find().filter(raw).cached(&cache)
    };
    assert_eq!(miss!(query().all(&db)).len(), 0);
    comment_on(&db, 1, 5).await;
    assert_eq!(miss!(query().all(&db)).len(), 1);
}

#[tokio::test]
async fn exists_and_its_negation_are_dependencies() {
    let Shop { db, cache, .. } = shop().await;
    let inner = || {
        Query::select()
            .expr(Expr::val(1))
            .from(Comment)
            .and_where(Expr::col((Comment, comment::Column::ArticleId)).equals((Article, article::Column::Id)))
            .to_owned()
    };
    let with = || Article::find().filter(Expr::exists(inner())).cached(&cache);
    let without = || Article::find().filter(Expr::exists(inner()).not()).cached(&cache);
    assert_eq!(miss!(with().all(&db)).len(), 2);
    assert_eq!(miss!(without().all(&db)).len(), 1);
    comment_on(&db, 3, 1).await;
    assert_eq!(miss!(with().all(&db)).len(), 3);
    assert_eq!(miss!(without().all(&db)).len(), 0);
}

#[tokio::test]
async fn a_subquery_as_a_column_is_a_dependency() {
    let Shop { db, cache, .. } = shop().await;
    let query = || {
        let comments = Query::select().expr(Expr::cust("count(*)")).from(Comment).to_owned();
        let query = Category::find().select_only().column(category::Column::Id);
        query
            .expr_as(Expr::SubQuery(None, Box::new(comments.into())), "comments")
            .into_tuple::<(i32, i64)>()
            .cached(&cache)
    };
    assert_eq!(miss!(query().all(&db))[0].1, 3);
    comment_on(&db, 1, 1).await;
    assert_eq!(miss!(query().all(&db))[0].1, 4);
}

#[tokio::test]
async fn unions_intersections_and_differences_depend_on_all_parts() {
    for (kind, before) in
        [(UnionType::All, 3), (UnionType::Distinct, 3), (UnionType::Except, 2), (UnionType::Intersect, 0)]
    {
        let Shop { db, cache, .. } = shop().await;
        let query = || {
            let other = Article::find().filter(article::Column::CategoryId.eq(2)).into_query();
            let mut query = Article::find().filter(article::Column::CategoryId.eq(1));
            QueryTrait::query(&mut query).union(kind, other);
            query.cached(&cache)
        };
        assert_eq!(miss!(query().all(&db)).len(), before);
        new_article(3).insert(&db).await.unwrap();
        assert_eq!(hit!(query().all(&db)).len(), before);
        new_article(1).insert(&db).await.unwrap();
        miss!(query().all(&db));
        new_article(2).insert(&db).await.unwrap();
        miss!(query().all(&db));
    }
}

#[tokio::test]
async fn counting_children_is_dropped_by_a_child() {
    let Shop { db, cache, .. } = shop().await;
    let query = || {
        Article::find()
            .select_only()
            .column(article::Column::Id)
            .column_as(comment::Column::Id.count(), "comments")
            .left_join(Comment)
            .group_by(article::Column::Id)
            .order_by_asc(article::Column::Id)
            .into_tuple::<(i32, i64)>()
            .cached(&cache)
    };
    assert_eq!(miss!(query().all(&db)), [(1, 2), (2, 1), (3, 0)]);
    comment_on(&db, 3, 1).await;
    assert_eq!(miss!(query().all(&db)), [(1, 2), (2, 1), (3, 1)]);
}

#[tokio::test]
async fn having_is_dropped_by_the_rows_that_it_counts() {
    let Shop { db, cache, .. } = shop().await;
    let query = || {
        Article::find()
            .select_only()
            .column(article::Column::Id)
            .join(JoinType::InnerJoin, article_tag::Relation::Article.def().rev())
            .group_by(article::Column::Id)
            .having(Expr::cust("count(*) > 1"))
            .into_tuple::<i32>()
            .cached(&cache)
    };
    assert_eq!(miss!(query().all(&db)), Vec::<i32>::new());
    ArticleTag::insert(article_tag::ActiveModel { article_id: Set(1), tag_id: Set(2) }).exec(&db).await.unwrap();
    assert_eq!(miss!(query().all(&db)), [1]);
}

#[tokio::test]
async fn aggregates_are_cached_and_granular_by_their_filter() {
    let Shop { db, cache, .. } = shop().await;
    let best = |category: i32| {
        Article::find()
            .select_only()
            .column_as(article::Column::Stars.max(), "best")
            .filter(article::Column::CategoryId.eq(category))
            .into_tuple::<Option<i32>>()
            .cached(&cache)
    };
    assert_eq!(miss!(best(1).one(&db)), Some(Some(5)));
    assert_eq!(miss!(best(2).one(&db)), Some(Some(3)));
    article::ActiveModel { stars: Set(Some(9)), ..new_article(2) }.insert(&db).await.unwrap();
    assert_eq!(hit!(best(1).one(&db)), Some(Some(5)));
    assert_eq!(miss!(best(2).one(&db)), Some(Some(9)));
}

#[tokio::test]
async fn aggregates_that_differ_in_alias_or_filter_only_do_not_collide() {
    let Shop { db, cache, .. } = shop().await;
    let one = |alias: &'static str, category: i32| {
        let query = Article::find().select_only().column_as(article::Column::Id.max(), alias);
        query.filter(article::Column::CategoryId.eq(category)).into_tuple::<i32>().cached(&cache)
    };
    assert_eq!(miss!(one("a", 1).one(&db)), Some(3));
    assert_eq!(miss!(one("b", 1).one(&db)), Some(3));
    assert_eq!(miss!(one("a", 2).one(&db)), Some(2));
    assert_eq!(hit!(one("a", 1).one(&db)), Some(3));
}

#[tokio::test]
async fn an_aggregate_over_an_empty_selection_is_a_row() {
    let Shop { db, cache, .. } = shop().await;
    let query = || {
        let query = Article::find().select_only().column_as(article::Column::Id.count(), "n");
        query.filter(article::Column::Id.is_in(Vec::<i32>::new())).into_tuple::<i64>().cached(&cache)
    };
    assert_eq!(query().all(&db).await.unwrap(), [0]);
    assert_eq!(query().one(&db).await.unwrap(), Some(0));
}

#[tokio::test]
async fn every_joined_table_drops_and_no_other() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Article::find().find_also_related(Category).order_by_asc(article::Column::Id).cached(&cache);
    let rows = miss!(query().all(&db));
    assert_eq!(rows[0].1.as_ref().unwrap().name, "Rust");
    assert_eq!(hit!(query().all(&db)), rows);
    comment_on(&db, 1, 1).await;
    hit!(query().all(&db));
    rename_category(&db, 1, "Ferrum").await;
    assert_eq!(miss!(query().all(&db))[0].1.as_ref().unwrap().name, "Ferrum");
    new_article(1).insert(&db).await.unwrap();
    assert_eq!(miss!(query().all(&db)).len(), 4);
    assert_eq!(miss!(query().one(&db)).unwrap().1.unwrap().name, "Ferrum");
    assert_eq!(miss!(query().count(&db)), 4);
}

#[tokio::test]
async fn children_grouped_under_their_parent_are_cached() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Article::find().find_with_related(Comment).order_by_asc(article::Column::Id).cached(&cache);
    let rows = miss!(query().all(&db));
    assert_eq!(rows.iter().map(|(_, comments)| comments.len()).collect::<Vec<_>>(), [2, 1, 0]);
    assert_eq!(hit!(query().all(&db)), rows);
    comment_on(&db, 3, 1).await;
    assert_eq!(miss!(query().all(&db))[2].1.len(), 1);
}

#[tokio::test]
async fn three_joined_tables_are_cached() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Comment::find().find_also_related(Article).and_also_related(Category).cached(&cache);
    let rows = miss!(query().all(&db));
    assert_eq!(rows.len(), 3);
    assert_eq!(hit!(query().all(&db)), rows);
    rename_category(&db, 2, "Tables").await;
    let rows = miss!(query().all(&db));
    assert!(rows.iter().any(|(_, _, category)| category.as_ref().is_some_and(|row| row.name == "Tables")));
}

#[tokio::test]
async fn rows_loaded_for_several_parents_are_separate_entries() {
    let Shop { db, cache, .. } = shop().await;
    let parents = || Category::find().filter(category::Column::Id.is_in([1, 2])).cached(&cache);
    let children = || Article::find().filter(article::Column::CategoryId.is_in([1, 2])).cached(&cache);
    miss!(parents().all(&db));
    miss!(children().all(&db));
    new_article(2).insert(&db).await.unwrap();
    hit!(parents().all(&db));
    miss!(children().all(&db));
    let loaded = costs!(1, async {
        let parents = parents().all(&db).await?;
        parents.load_many(Article, &db).await
    });
    assert_eq!(loaded.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
}

#[tokio::test]
async fn ordering_by_another_table_depends_on_it() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Article::find().inner_join(Category).order_by_asc(category::Column::Name).cached(&cache);
    assert_eq!(miss!(query().all(&db))[0].id, 2);
    rename_category(&db, 2, "Zoology").await;
    assert_eq!(miss!(query().all(&db))[2].id, 2);
}

#[tokio::test]
async fn two_hops_back_are_dependencies() {
    let Shop { db, cache, .. } = shop().await;
    let query = || {
        Category::find()
            .distinct()
            .inner_join(Article)
            .join(JoinType::InnerJoin, article::Relation::Comment.def())
            .filter(comment::Column::Stars.eq(5))
            .cached(&cache)
    };
    assert_eq!(miss!(query().all(&db)).len(), 0);
    comment_on(&db, 2, 5).await;
    assert_eq!(miss!(query().all(&db))[0].name, "Data");
    Article::delete_by_id(2).exec(&db).await.unwrap();
    assert_eq!(miss!(query().all(&db)).len(), 0);
}

#[tokio::test]
async fn a_table_is_not_confused_with_a_prefix_of_its_name() {
    let Shop { db, cache, .. } = shop().await;
    let query = || Article::find().cached(&cache);
    miss!(query().all(&db));
    ArticleTag::insert(article_tag::ActiveModel { article_id: Set(3), tag_id: Set(3) }).exec(&db).await.unwrap();
    hit!(query().all(&db));
}
