//! What the suite asks.

use super::text::inlined;
use super::{Argument, Dialect};

/// A question about the shop.
///
/// A line about an article is what [`Article`](super::Article) displays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Question {
    /// The names of all categories.
    Categories,
    /// The article with this id, if there is one.
    Article(i32),
    /// The articles of a category.
    ArticlesIn(i32),
    /// The articles with these ids: a list in `IN`, which may be empty.
    ArticlesAmong(&'static [i32]),
    /// The articles that are in the category *or* have at least so many stars.
    ArticlesInOrRated(i32, i32),
    /// The articles whose stars are `NULL`.
    Unrated,
    /// The number of articles of a category.
    CountIn(i32),
    /// `true` or `false`: whether a category has a published article.
    AnyPublishedIn(i32),
    /// The first article of a category by descending id.
    LatestIn(i32),
    /// The articles of the category with this name, by a join.
    ArticlesOfCategory(&'static str),
    /// `article id|text of the comment or -`: the articles of a category, left joined with their comments.
    Discussion(i32),
    /// `id|text|stars`: the comments of an article.
    CommentsOf(i32),
    /// The names of the tags of an article, through `article_tag`.
    TagsOf(i32),
    /// The articles with the tag of this name, through `article_tag`.
    ArticlesTagged(&'static str),
    /// The articles whose id is in a subquery: those with a comment of at least so many stars.
    ArticlesCommented(i32),
    /// The articles for which a comment exists.
    Discussed,
    /// The articles for which no comment exists.
    Undiscussed,
    /// The sum of the stars of a category's articles, or `-`.
    StarsIn(i32),
    /// `category id|number of articles`: the categories with at least so many, by `GROUP BY` and `HAVING`.
    CategoriesWith(i32),
    /// The published articles of a category, through the view `live_article`.
    LiveIn(i32),
    /// The ids of the articles with exactly this price.
    Priced(&'static str),
    /// The ids of the articles below this price.
    CheaperThan(&'static str),
    /// The ids of the articles released on or after this date.
    ReleasedSince(&'static str),
    /// The ids of the articles with this title, as the column's collation compares it.
    Titled(&'static str),
    /// The ids of the articles with this status.
    InStatus(&'static str),
    /// `what` of the audit of an article, which a trigger writes.
    AuditOf(i32),
    /// The titles of articles and the names of tags, by a `UNION` as SQL text.
    Words,
    /// The articles of a category with this title, by SQL text with two binds.
    Text(i32, &'static str),
    /// The article with this id, locked until the transaction ends. Not to be cached; not asked of SQLite.
    Locked(i32),
    /// A number that is different every time. Not to be cached.
    Random,
}

const ARTICLE: [&str; 5] = ["a.id", "a.category_id", "a.title", FLAG, "a.stars"];
const FLAG: &str = "CASE WHEN a.published THEN 'true' ELSE 'false' END";

impl Question {
    /// The questions whose answers are to be cached.
    pub fn cacheable() -> Vec<Question> {
        use Question::*;
        let single = [
            Categories,
            Unrated,
            Discussed,
            Undiscussed,
            Words,
            ArticlesAmong(&[1, 2, 10]),
            ArticlesAmong(&[]),
            ArticlesInOrRated(1, 3),
            ArticlesInOrRated(2, 5),
            ArticlesOfCategory("Rust"),
            ArticlesOfCategory("Data"),
            ArticlesTagged("language"),
            ArticlesTagged("storage"),
            ArticlesTagged("unused"),
            ArticlesCommented(2),
            ArticlesCommented(4),
            CategoriesWith(2),
            CategoriesWith(3),
            Priced("12.50"),
            Priced("12.5"),
            Priced("9.99"),
            CheaperThan("10"),
            ReleasedSince("2024-01-01"),
            ReleasedSince("2025-01-01"),
            Titled("Ownership"),
            Titled("joins"),
            InStatus("open"),
            InStatus("closed"),
            Text(1, "Traits"),
            Text(2, "Joins"),
        ];
        let of_category = [ArticlesIn, CountIn, AnyPublishedIn, LatestIn, Discussion, StarsIn, LiveIn];
        let of_article = [Article, CommentsOf, TagsOf, AuditOf];
        let mut all = single.to_vec();
        all.extend((1..4).flat_map(|category| of_category.map(|question| question(category))));
        all.extend([1, 2, 3, 10].into_iter().flat_map(|article| of_article.map(|question| question(article))));
        all
    }

    /// The SQL that asks it; its one column is text, called `line`. For adapters whose library has no words of its own for
    /// it, together with [`Question::arguments`].
    pub fn sql(self, dialect: Dialect) -> String {
        dialect.placeholders(&self.template(dialect))
    }

    /// The values for the placeholders of [`Question::sql`].
    pub fn arguments(self) -> Vec<Argument> {
        use Question::*;
        match self {
            ArticlesInOrRated(category, stars) => vec![category.into(), stars.into()],
            ArticlesAmong(ids) => ids.iter().map(|id| (*id).into()).collect(),
            Article(n) | ArticlesIn(n) | CountIn(n) | AnyPublishedIn(n) | LatestIn(n) | Discussion(n)
            | CommentsOf(n) | TagsOf(n) | ArticlesCommented(n) | StarsIn(n) | LiveIn(n) | AuditOf(n) | Locked(n) => {
                vec![n.into()]
            }
            ArticlesOfCategory(text) | ArticlesTagged(text) | Titled(text) | InStatus(text) => vec![text.into()],
            Text(category, title) => vec![category.into(), title.into()],
            Categories | CategoriesWith(_) | Unrated | Discussed | Undiscussed | Priced(_) | CheaperThan(_)
            | ReleasedSince(_) | Words | Random => Vec::new(),
        }
    }

    /// The SQL that asks it without binds.
    pub(super) fn inlined(self, dialect: Dialect) -> String {
        inlined(&self.template(dialect), &self.arguments())
    }

    fn template(self, dialect: Dialect) -> String {
        use Question::*;
        let from = |columns: &[&str], rest: &str| format!("SELECT {} FROM {rest}", dialect.line(columns));
        let articles = |condition: &str| from(&ARTICLE, &format!("article a {condition}"));
        let ids = |condition: &str| from(&["a.id"], &format!("article a WHERE {condition}"));
        match self {
            Categories => from(&["c.name"], "category c"),
            Article(_) => articles("WHERE a.id = ?"),
            ArticlesIn(_) => articles("WHERE a.category_id = ?"),
            ArticlesAmong([]) => articles("WHERE 1 = 0"),
            ArticlesAmong(ids) => articles(&format!("WHERE a.id IN ({})", vec!["?"; ids.len()].join(", "))),
            ArticlesInOrRated(..) => articles("WHERE a.category_id = ? OR a.stars >= ?"),
            Unrated => articles("WHERE a.stars IS NULL"),
            CountIn(_) => from(&["COUNT(*)"], "article a WHERE a.category_id = ?"),
            AnyPublishedIn(_) => from(
                &["CASE WHEN COUNT(*) > 0 THEN 'true' ELSE 'false' END"],
                "article a WHERE a.category_id = ? AND a.published",
            ),
            LatestIn(_) => articles("WHERE a.category_id = ? ORDER BY a.id DESC LIMIT 1"),
            ArticlesOfCategory(_) => articles("JOIN category c ON c.id = a.category_id WHERE c.name = ?"),
            Discussion(_) => from(
                &["a.id", "m.text"],
                "article a LEFT JOIN comment m ON m.article_id = a.id WHERE a.category_id = ?",
            ),
            CommentsOf(_) => from(&["m.id", "m.text", "m.stars"], "comment m WHERE m.article_id = ?"),
            TagsOf(_) => from(&["t.name"], "tag t JOIN article_tag x ON x.tag_id = t.id WHERE x.article_id = ?"),
            ArticlesTagged(_) => {
                articles("JOIN article_tag x ON x.article_id = a.id JOIN tag t ON t.id = x.tag_id WHERE t.name = ?")
            }
            ArticlesCommented(_) => articles("WHERE a.id IN (SELECT m.article_id FROM comment m WHERE m.stars >= ?)"),
            Discussed => articles("WHERE EXISTS (SELECT 1 FROM comment m WHERE m.article_id = a.id)"),
            Undiscussed => articles("WHERE NOT EXISTS (SELECT 1 FROM comment m WHERE m.article_id = a.id)"),
            StarsIn(_) => from(&["SUM(a.stars)"], "article a WHERE a.category_id = ?"),
            CategoriesWith(least) => {
                let groups = format!("article a GROUP BY a.category_id HAVING COUNT(*) >= {least}");
                from(&["a.category_id", "COUNT(*)"], &groups)
            }
            LiveIn(_) => from(&ARTICLE, "live_article a WHERE a.category_id = ?"),
            Priced(price) => ids(&format!("a.price = {price}")),
            CheaperThan(price) => ids(&format!("a.price < {price}")),
            ReleasedSince(date) => ids(&format!("a.released >= '{date}'")),
            Titled(_) => ids("a.title = ?"),
            InStatus(_) => ids("a.status = ?"),
            AuditOf(_) => from(&["u.what"], "audit u WHERE u.article_id = ?"),
            Words => {
                "SELECT w.line FROM (SELECT a.title AS line FROM article a UNION SELECT t.name AS line FROM tag t) w"
                    .to_owned()
            }
            Text(..) => articles("WHERE a.category_id = ? AND a.title = ?"),
            Locked(_) => articles("WHERE a.id = ? FOR UPDATE"),
            Random => {
                let function = if dialect == Dialect::MySql { "RAND()" } else { "RANDOM()" };
                from(&[function], "category c WHERE c.id = 1")
            }
        }
    }
}
