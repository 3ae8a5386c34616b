//! The shop's tables, and the rows that are read of them.

use cache_core::testing::conformance;
use diesel::prelude::*;
use diesel::sql_types::Text;

diesel::table! {
    category { id -> Integer, name -> Text, }
}

diesel::table! {
    article {
        id -> Integer,
        category_id -> Integer,
        title -> Text,
        published -> Bool,
        stars -> Nullable<Integer>,
        status -> Text,
    }
}

diesel::table! {
    comment { id -> Integer, article_id -> Integer, text -> Text, stars -> Integer, }
}

diesel::table! {
    tag { id -> Integer, name -> Text, }
}

diesel::table! {
    article_tag (article_id, tag_id) { article_id -> Integer, tag_id -> Integer, }
}

diesel::table! {
    live_article { id -> Integer, category_id -> Integer, title -> Text, published -> Bool, stars -> Nullable<Integer>, }
}

diesel::table! {
    audit { id -> Integer, article_id -> Integer, what -> Text, }
}

diesel::joinable!(article -> category (category_id));
diesel::joinable!(comment -> article (article_id));
diesel::joinable!(article_tag -> article (article_id));
diesel::joinable!(article_tag -> tag (tag_id));
diesel::allow_tables_to_appear_in_same_query!(category, article, comment, tag, article_tag);

#[derive(Clone, Debug, Queryable, Selectable, Insertable, Identifiable, AsChangeset)]
#[diesel(table_name = article)]
#[diesel(treat_none_as_null = true)]
pub(crate) struct Article {
    pub(crate) id: i32,
    pub(crate) category_id: i32,
    pub(crate) title: String,
    pub(crate) published: bool,
    pub(crate) stars: Option<i32>,
}

impl Article {
    pub(crate) fn line(&self) -> String {
        let Article { id, category_id, title, published, stars } = self;
        let title = title.as_str();
        conformance::Article { id: *id, category_id: *category_id, title, published: *published, stars: *stars }
            .to_string()
    }
}

impl From<conformance::Article<'_>> for Article {
    fn from(article: conformance::Article<'_>) -> Self {
        let conformance::Article { id, category_id, title, published, stars } = article;
        Article { id, category_id, title: title.to_owned(), published, stars }
    }
}

/// A row of one text.
#[derive(Clone, Debug, QueryableByName)]
pub(crate) struct Line {
    #[diesel(sql_type = Text)]
    pub(crate) line: String,
}
