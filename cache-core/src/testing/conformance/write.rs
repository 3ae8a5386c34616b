//! What the suite writes.

use std::fmt;

use super::text::quoted;
use super::{Dialect, Question};

/// The columns of an article that every adapter reads.
///
/// It displays as a line of an answer: `id|category|title|published|stars`, with `-` for no stars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Article<'t> {
    /// Its key.
    pub id: i32,
    /// The category that it belongs to.
    pub category_id: i32,
    /// Its title.
    pub title: &'t str,
    /// Whether the view shows it.
    pub published: bool,
    /// How it was rated.
    pub stars: Option<i32>,
}

impl fmt::Display for Article<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Article { id, category_id, title, published, stars } = self;
        write!(f, "{id}|{category_id}|{title}|{published}|")?;
        match stars {
            Some(stars) => write!(f, "{stars}"),
            None => f.write_str("-"),
        }
    }
}

impl Article<'_> {
    fn values(&self) -> String {
        let Article { id, category_id, title, published, stars } = self;
        let stars = stars.map_or_else(|| "NULL".to_owned(), |stars| stars.to_string());
        format!("({id}, {category_id}, {}, {}, {stars})", quoted(title), flag(*published))
    }
}

fn flag(flag: bool) -> &'static str {
    if flag { "TRUE" } else { "FALSE" }
}

/// A write to the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Write {
    /// Inserts one article by instance.
    Insert(Article<'static>),
    /// Inserts an unrated, unpublished article of this category and title, whose id the database chooses.
    Append(i32, &'static str),
    /// Inserts several articles by one statement.
    InsertMany(&'static [Article<'static>]),
    /// Inserts an article, or updates the one that has its id.
    Upsert(Article<'static>),
    /// Updates the title of one article by instance.
    Retitle(i32, &'static str),
    /// Updates the category of one article by instance.
    Move(i32, i32),
    /// Updates the stars of one article by instance.
    Rate(i32, Option<i32>),
    /// Updates the price of one article.
    Reprice(i32, &'static str),
    /// Updates the date of one article.
    Release(i32, &'static str),
    /// Updates the status of one article.
    SetStatus(i32, &'static str),
    /// Sets `published` of all articles of a category by one statement.
    PublishIn(i32, bool),
    /// Adds a star to all articles of a category by one statement: an expression of the column.
    PraiseIn(i32),
    /// Deletes one article by instance, and by foreign keys what hangs on it.
    Delete(i32),
    /// Deletes all articles of a category by one statement.
    DeleteIn(i32),
    /// Updates the name of a category.
    RenameCategory(i32, &'static str),
    /// Deletes a category, and by foreign keys its articles with all that hangs on them.
    DeleteCategory(i32),
    /// Inserts a comment: id, article, text, stars.
    Comment(i32, i32, &'static str, i32),
    /// Deletes a comment.
    DeleteComment(i32),
    /// Gives an article a tag.
    Tag(i32, i32),
    /// Takes a tag from an article.
    Untag(i32, i32),
    /// Takes all tags from an article.
    ClearTags(i32),
    /// Takes a tag from all articles.
    ClearArticles(i32),
    /// Updates the name of a tag.
    RenameTag(i32, &'static str),
}

const COLUMNS: &str = "article (id, category_id, title, published, stars)";

impl Write {
    /// One of each kind.
    pub fn all() -> Vec<Write> {
        use Write::*;
        const NEW: Article<'static> =
            Article { id: 10, category_id: 1, title: "Lifetimes", published: true, stars: Some(4) };
        const MORE: [Article<'static>; 2] =
            [NEW, Article { id: 11, category_id: 2, title: "Keys", published: false, stars: None }];
        vec![
            Insert(NEW),
            Append(1, "Macros"),
            InsertMany(&MORE),
            Upsert(NEW),
            Upsert(Article { id: 1, ..NEW }),
            Upsert(Article { id: 2, ..NEW }),
            Retitle(1, "Borrowing"),
            Retitle(1, "JOINS"),
            Move(1, 2),
            Rate(1, None),
            Rate(3, Some(2)),
            Rate(4, Some(5)),
            Reprice(2, "12.50"),
            Reprice(1, "9.99"),
            Release(3, "2025-06-30"),
            Release(1, "2020-02-29"),
            SetStatus(1, "closed"),
            PublishIn(1, true),
            PublishIn(2, false),
            PraiseIn(2),
            Delete(1),
            Delete(4),
            DeleteIn(1),
            RenameCategory(2, "Rust"),
            DeleteCategory(1),
            Comment(10, 3, "New", 5),
            DeleteComment(2),
            Tag(1, 2),
            Untag(1, 1),
            ClearTags(1),
            ClearArticles(1),
            RenameTag(1, "unused"),
        ]
    }

    /// The SQL that does it. For adapters whose library has no words of its own for it.
    pub fn sql(self, dialect: Dialect) -> String {
        use Write::*;
        let set = |id: i32, column: &str, value: &str| format!("UPDATE article SET {column} = {value} WHERE id = {id}");
        match self {
            Insert(article) => format!("INSERT INTO {COLUMNS} VALUES {}", article.values()),
            Append(category, title) => {
                format!("INSERT INTO article (category_id, title) VALUES ({category}, {})", quoted(title))
            }
            InsertMany(articles) => {
                let values: Vec<String> = articles.iter().map(Article::values).collect();
                format!("INSERT INTO {COLUMNS} VALUES {}", values.join(", "))
            }
            Upsert(article) => {
                let (clause, source, end) = match dialect {
                    Dialect::MySql => ("ON DUPLICATE KEY UPDATE", "VALUES(", ")"),
                    _ => ("ON CONFLICT (id) DO UPDATE SET", "excluded.", ""),
                };
                let columns = ["category_id", "title", "published", "stars"];
                let columns = columns.map(|column| format!("{column} = {source}{column}{end}"));
                format!("INSERT INTO {COLUMNS} VALUES {} {clause} {}", article.values(), columns.join(", "))
            }
            Retitle(id, title) => set(id, "title", &quoted(title)),
            Move(id, category) => set(id, "category_id", &category.to_string()),
            Rate(id, stars) => set(id, "stars", &stars.map_or_else(|| "NULL".to_owned(), |stars| stars.to_string())),
            Reprice(id, price) => set(id, "price", price),
            Release(id, date) => set(id, "released", &quoted(date)),
            SetStatus(id, status) => set(id, "status", &quoted(status)),
            PublishIn(category, published) => {
                format!("UPDATE article SET published = {} WHERE category_id = {category}", flag(published))
            }
            PraiseIn(category) => format!("UPDATE article SET stars = stars + 1 WHERE category_id = {category}"),
            Delete(id) => format!("DELETE FROM article WHERE id = {id}"),
            DeleteIn(category) => format!("DELETE FROM article WHERE category_id = {category}"),
            RenameCategory(id, name) => format!("UPDATE category SET name = {} WHERE id = {id}", quoted(name)),
            DeleteCategory(id) => format!("DELETE FROM category WHERE id = {id}"),
            Comment(id, article, text, stars) => format!(
                "INSERT INTO comment (id, article_id, text, stars) VALUES ({id}, {article}, {}, {stars})",
                quoted(text)
            ),
            DeleteComment(id) => format!("DELETE FROM comment WHERE id = {id}"),
            Tag(article, tag) => format!("INSERT INTO article_tag (article_id, tag_id) VALUES ({article}, {tag})"),
            Untag(article, tag) => {
                format!("DELETE FROM article_tag WHERE article_id = {article} AND tag_id = {tag}")
            }
            ClearTags(article) => format!("DELETE FROM article_tag WHERE article_id = {article}"),
            ClearArticles(tag) => format!("DELETE FROM article_tag WHERE tag_id = {tag}"),
            RenameTag(id, name) => format!("UPDATE tag SET name = {} WHERE id = {id}", quoted(name)),
        }
    }

    /// Questions whose cached answers must survive it: their tables or their conditions have nothing to do with it.
    pub(super) fn spares(self) -> Vec<Question> {
        use Question::{ArticlesIn, Categories, CommentsOf, CountIn, LatestIn, TagsOf};
        use Write::*;
        let article = Question::Article;
        match self {
            Insert(_) | Append(..) => {
                vec![Categories, ArticlesIn(2), CountIn(2), LatestIn(2), CommentsOf(1), TagsOf(1)]
            }
            InsertMany(_) => vec![Categories, ArticlesIn(3), CountIn(3), article(1), CommentsOf(1), TagsOf(1)],
            Upsert(_) => vec![Categories, CommentsOf(1), TagsOf(1)],
            Retitle(..) | Move(..) | Reprice(..) | Release(..) | SetStatus(..) | Rate(..) => {
                vec![Categories, article(10), CommentsOf(1), TagsOf(1)]
            }
            PublishIn(category, _) | PraiseIn(category) => {
                let other = 3 - category;
                vec![Categories, ArticlesIn(other), CountIn(other), ArticlesIn(3), CommentsOf(1), TagsOf(1)]
            }
            Delete(_) => vec![Categories, article(2), article(10)],
            DeleteIn(_) => vec![Categories, ArticlesIn(2), CountIn(3)],
            RenameCategory(..) => vec![ArticlesIn(1), ArticlesIn(2), CommentsOf(1), TagsOf(1)],
            DeleteCategory(_) => Vec::new(),
            Comment(..) => vec![Categories, ArticlesIn(1), CommentsOf(1), CommentsOf(2), TagsOf(1)],
            DeleteComment(_) => vec![Categories, ArticlesIn(1), TagsOf(1)],
            Tag(..) | Untag(..) | ClearTags(_) => vec![Categories, ArticlesIn(1), CommentsOf(1), TagsOf(2), TagsOf(3)],
            ClearArticles(_) => vec![Categories, ArticlesIn(1), CommentsOf(1)],
            RenameTag(..) => vec![Categories, ArticlesIn(1), CommentsOf(1)],
        }
    }
}
