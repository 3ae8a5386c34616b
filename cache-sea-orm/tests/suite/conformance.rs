//! The suite that every adapter passes.

use cache_core::Cache;
use cache_core::testing::conformance::{self, Adapter, Argument, Client, Dialect, Failure, Features, Question, Write};
use cache_sea_orm::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ActiveValue::Unchanged, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait,
    FromQueryResult, JoinType, ModelTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, RelationTrait, Statement,
    TransactionTrait,
};

use crate::database::{self, Place};
use crate::shop::{Article, ArticleTag, Category, Comment, Db, Tag, article, article_tag, category, comment, tag};

struct SeaOrm(DbBackend);

impl SeaOrm {
    async fn here() -> Self {
        SeaOrm(database::open().await.0.get_database_backend())
    }
}

fn dialect(backend: DbBackend) -> Dialect {
    match backend {
        DbBackend::Postgres => Dialect::Postgres,
        DbBackend::MySql => Dialect::MySql,
        _ => Dialect::Sqlite,
    }
}

impl Adapter for SeaOrm {
    type Shop = Shop;

    fn name(&self) -> String {
        format!("SeaORM on {:?}", self.0)
    }

    fn dialect(&self) -> Dialect {
        dialect(self.0)
    }

    fn features(&self) -> Features {
        Features::default().with_savepoints()
    }

    async fn open(&self, script: &[String]) -> Result<Shop, Failure> {
        let (connection, place) = database::open_many().await;
        for statement in script {
            connection.execute_unprepared(statement).await?;
        }
        let cache = Cache::in_memory();
        Ok(Shop { db: CachedConnection::new(connection, &cache), cache, _place: place })
    }
}

struct Shop {
    cache: Cache,
    db: Db,
    _place: Place,
}

impl conformance::Shop for Shop {
    type Client = Handle;

    fn cache(&self) -> &Cache {
        &self.cache
    }

    async fn client(&self) -> Result<Handle, Failure> {
        Ok(Handle { db: self.db.clone(), open: Vec::new() })
    }
}

/// A pool, and the transaction that is open with its savepoints.
struct Handle {
    db: Db,
    open: Vec<CachedTransaction>,
}

#[derive(Clone, Debug, FromQueryResult)]
struct Line {
    line: String,
}

/// Does `$work` with the innermost transaction, or with the pool.
macro_rules! on {
    ($handle:ident, |$connection:ident| $work:expr) => {
        match $handle.open.last() {
            Some($connection) => $work,
            None => {
                let $connection = &$handle.db;
                $work
            }
        }
    };
}

fn lines(articles: &[article::Model]) -> Vec<String> {
    let line = |article: &article::Model| {
        let article::Model { id, category_id, title, published, stars } = article;
        conformance::Article { id: *id, category_id: *category_id, title, published: *published, stars: *stars }
            .to_string()
    };
    articles.iter().map(line).collect()
}

fn texts<T: ToString>(texts: &[T]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

fn or_dash<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

impl Client for Handle {
    fn dialect(&self) -> Dialect {
        dialect(self.db.get_database_backend())
    }

    async fn ask(&mut self, question: Question) -> Result<Vec<String>, Failure> {
        let cache = self.db.cache().clone();
        let in_category = |category: i32| Article::find().filter(article::Column::CategoryId.eq(category));
        let articles = match question {
            Question::Article(id) => {
                let row = on!(self, |db| Article::by_key(id).cached(&cache).one(db).await?);
                return Ok(lines(row.as_slice()));
            }
            Question::LatestIn(category) => {
                let query = in_category(category).order_by_desc(article::Column::Id).cached(&cache);
                return Ok(lines(on!(self, |db| query.one(db).await?).as_slice()));
            }
            Question::Categories => {
                let categories = on!(self, |db| Category::find().cached(&cache).all(db).await?);
                return Ok(categories.into_iter().map(|category| category.name).collect());
            }
            Question::CountIn(category) => {
                return Ok(texts(&[on!(self, |db| in_category(category).cached(&cache).count(db).await?)]));
            }
            Question::AnyPublishedIn(category) => {
                let query = in_category(category).filter(article::Column::Published.eq(true)).cached(&cache);
                return Ok(texts(&[on!(self, |db| query.exists(db).await?)]));
            }
            Question::Discussion(category) => {
                let query = in_category(category).find_with_related(Comment).cached(&cache);
                let articles = on!(self, |db| query.all(db).await?);
                let line = |(article, comments): (article::Model, Vec<comment::Model>)| match &comments[..] {
                    [] => vec![format!("{}|-", article.id)],
                    comments => comments.iter().map(|comment| format!("{}|{}", article.id, comment.text)).collect(),
                };
                return Ok(articles.into_iter().flat_map(line).collect());
            }
            Question::CommentsOf(article) => {
                let owner =
                    article::Model { id: article, category_id: 0, title: String::new(), published: false, stars: None };
                let comments = on!(self, |db| owner.related(Comment).cached(&cache).all(db).await?);
                let line = |row: comment::Model| format!("{}|{}|{}", row.id, row.text, row.stars);
                return Ok(comments.into_iter().map(line).collect());
            }
            Question::TagsOf(article) => {
                let owner =
                    article::Model { id: article, category_id: 0, title: String::new(), published: false, stars: None };
                let tags = on!(self, |db| owner.related(Tag).cached(&cache).all(db).await?);
                return Ok(tags.into_iter().map(|tag| tag.name).collect());
            }
            Question::StarsIn(category) => {
                let kind = if self.dialect() == Dialect::MySql { "CHAR" } else { "TEXT" };
                let sum = article::Column::Stars.sum().cast_as(kind);
                let query = in_category(category).select_only().expr_as(sum, "sum");
                let query = query.into_tuple::<Option<String>>().cached(&cache);
                return Ok(vec![or_dash(on!(self, |db| query.one(db).await?).flatten())]);
            }
            Question::CategoriesWith(count) => {
                let number = || article::Column::Id.count();
                let query = Article::find().select_only().column(article::Column::CategoryId).expr_as(number(), "n");
                let query = query.group_by(article::Column::CategoryId).having(number().gte(i64::from(count)));
                let query = query.into_tuple::<(i32, i64)>().cached(&cache);
                let rows = on!(self, |db| query.all(db).await?);
                return Ok(rows.into_iter().map(|(category, number)| format!("{category}|{number}")).collect());
            }
            Question::ArticlesIn(category) => in_category(category),
            Question::ArticlesAmong(ids) => Article::find().filter(article::Column::Id.is_in(ids.iter().copied())),
            Question::ArticlesInOrRated(category, stars) => {
                let either = article::Column::CategoryId.eq(category).or(article::Column::Stars.gte(stars));
                Article::find().filter(either)
            }
            Question::Unrated => Article::find().filter(article::Column::Stars.is_null()),
            Question::ArticlesOfCategory(name) => {
                let query = Article::find().join(JoinType::InnerJoin, article::Relation::Category.def());
                query.filter(category::Column::Name.eq(name))
            }
            Question::ArticlesTagged(name) => {
                let query = Article::find().join(JoinType::InnerJoin, article_tag::Relation::Article.def().rev());
                let query = query.join(JoinType::InnerJoin, article_tag::Relation::Tag.def());
                query.filter(tag::Column::Name.eq(name))
            }
            Question::ArticlesCommented(stars) => {
                let commented = Comment::find().select_only().column(comment::Column::ArticleId);
                let commented = commented.filter(comment::Column::Stars.gte(stars)).into_query();
                Article::find().filter(article::Column::Id.in_subquery(commented))
            }
            Question::Discussed | Question::Undiscussed => {
                let comments = Query::select()
                    .expr(Expr::val(1))
                    .from(Comment)
                    .and_where(Expr::col((Comment, comment::Column::ArticleId)).equals((Article, article::Column::Id)))
                    .to_owned();
                let exists = Expr::exists(comments);
                Article::find().filter(if question == Question::Discussed { exists } else { exists.not() })
            }
            Question::Titled(title) => {
                let query = Article::find().filter(article::Column::Title.eq(title)).cached(&cache);
                let rows = on!(self, |db| query.all(db).await?);
                return Ok(rows.into_iter().map(|row| row.id.to_string()).collect());
            }
            other => return self.raw(&other.sql(self.dialect()), &other.arguments()).await,
        };
        Ok(lines(&on!(self, |db| articles.cached(&cache).all_shared(db).await?)))
    }

    async fn raw(&mut self, sql: &str, arguments: &[Argument]) -> Result<Vec<String>, Failure> {
        let cache = self.db.cache().clone();
        let binds = arguments.iter().map(|argument| match argument {
            Argument::Int(number) => sea_orm::Value::from(*number),
            Argument::Text(text) => sea_orm::Value::from(text.clone()),
        });
        let statement = Statement::from_sql_and_values(self.db.get_database_backend(), sql, binds);
        let query = Line::find_by_statement(statement).cached(&cache);
        let rows = on!(self, |db| query.all(db).await?);
        Ok(rows.into_iter().map(|row| row.line).collect())
    }

    async fn lines(&mut self, sql: &str) -> Result<Vec<String>, Failure> {
        let statement = Statement::from_string(self.db.get_database_backend(), sql);
        let rows = on!(self, |db| Line::find_by_statement(statement).all(db).await?);
        Ok(rows.into_iter().map(|row| row.line).collect())
    }

    async fn write(&mut self, write: Write) -> Result<(), Failure> {
        match write {
            Write::Insert(new) => {
                on!(self, |db| active(new).insert(db).await?);
            }
            Write::Append(category_id, title) => {
                let new = article::ActiveModel {
                    category_id: Set(category_id),
                    title: Set(title.to_owned()),
                    ..Default::default()
                };
                on!(self, |db| new.insert(db).await?);
            }
            Write::InsertMany(new) => {
                on!(self, |db| Article::insert_many(new.iter().copied().map(active)).exec(db).await?);
            }
            Write::Upsert(new) => {
                use article::Column::{CategoryId, Id, Published, Stars, Title};
                let conflict = OnConflict::column(Id).update_columns([CategoryId, Title, Published, Stars]).to_owned();
                on!(self, |db| Article::insert(active(new)).on_conflict(conflict).exec_without_returning(db).await?);
            }
            Write::Retitle(id, title) => {
                let row =
                    article::ActiveModel { id: Unchanged(id), title: Set(title.to_owned()), ..Default::default() };
                on!(self, |db| row.update(db).await?);
            }
            Write::Move(id, category) => {
                let row = article::ActiveModel { id: Unchanged(id), category_id: Set(category), ..Default::default() };
                on!(self, |db| row.update(db).await?);
            }
            Write::Rate(id, stars) => {
                let row = article::ActiveModel { id: Unchanged(id), stars: Set(stars), ..Default::default() };
                on!(self, |db| row.save(db).await?);
            }
            Write::PublishIn(category, published) => {
                let update = Article::update_many().col_expr(article::Column::Published, Expr::value(published));
                let update = update.filter(article::Column::CategoryId.eq(category));
                on!(self, |db| update.exec(db).await?);
            }
            Write::PraiseIn(category) => {
                let stars = Expr::col(article::Column::Stars).add(1);
                let update = Article::update_many().col_expr(article::Column::Stars, stars);
                let update = update.filter(article::Column::CategoryId.eq(category));
                on!(self, |db| update.exec(db).await?);
            }
            Write::Delete(id) => {
                on!(self, |db| match Article::find_by_id(id).one(db).await? {
                    Some(row) => row.delete(db).await?.rows_affected,
                    None => 0,
                });
            }
            Write::DeleteIn(category) => {
                let delete = Article::delete_many().filter(article::Column::CategoryId.eq(category));
                on!(self, |db| delete.exec(db).await?);
            }
            Write::RenameCategory(id, name) => {
                let row = category::ActiveModel { id: Unchanged(id), name: Set(name.to_owned()) };
                on!(self, |db| row.update(db).await?);
            }
            Write::DeleteCategory(id) => {
                on!(self, |db| Category::delete_by_id(id).exec(db).await?);
            }
            Write::Comment(id, article_id, text, stars) => {
                let new = comment::ActiveModel {
                    id: Set(id),
                    article_id: Set(article_id),
                    text: Set(text.to_owned()),
                    stars: Set(stars),
                };
                on!(self, |db| new.insert(db).await?);
            }
            Write::Tag(article_id, tag_id) => {
                let link = article_tag::ActiveModel { article_id: Set(article_id), tag_id: Set(tag_id) };
                on!(self, |db| ArticleTag::insert(link).exec_without_returning(db).await?);
            }
            Write::Untag(article_id, tag_id) => {
                on!(self, |db| ArticleTag::delete_by_id((article_id, tag_id)).exec(db).await?);
            }
            Write::RenameTag(id, name) => {
                let row = tag::ActiveModel { id: Unchanged(id), name: Set(name.to_owned()) };
                on!(self, |db| row.update(db).await?);
            }
            other => self.execute(&other.sql(self.dialect())).await?,
        }
        Ok(())
    }

    async fn execute(&mut self, sql: &str) -> Result<(), Failure> {
        on!(self, |db| db.execute_unprepared(sql).await?);
        Ok(())
    }

    async fn begin(&mut self) -> Result<(), Failure> {
        let transaction = on!(self, |db| db.begin().await?);
        self.open.push(transaction);
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), Failure> {
        let transaction = self.open.pop().ok_or("no transaction is open")?;
        Ok(transaction.commit().await?)
    }

    async fn roll_back(&mut self) -> Result<(), Failure> {
        let transaction = self.open.pop().ok_or("no transaction is open")?;
        Ok(transaction.rollback().await?)
    }

    async fn abandon(&mut self) -> Result<(), Failure> {
        drop(self.open.pop());
        Ok(())
    }
}

fn active(article: conformance::Article<'_>) -> article::ActiveModel {
    let conformance::Article { id, category_id, title, published, stars } = article;
    article::ActiveModel {
        id: Set(id),
        category_id: Set(category_id),
        title: Set(title.to_owned()),
        published: Set(published),
        stars: Set(stars),
    }
}

#[tokio::test]
async fn it_conforms() {
    conformance::run(&SeaOrm::here().await).await.assert();
}
