//! Rows that appear, or that somebody wants, between the question for the rows of a write and the write.

use cache_sea_orm::prelude::*;
use cache_sql::adapter::{Announcement, Database, Outcome, Session};
use cache_sql::{Ask, Counted, Dialect, Exact};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, IsolationLevel, QueryFilter,
    Statement, TransactionTrait,
};

use crate::shop::*;

const WRITE: &str = "UPDATE article SET stars = stars + 1 WHERE stars > 4";

/// A write in a transaction, up to where its rows are locked.
struct Halfway {
    shop: Shop,
    session: Session,
    announcement: Announcement,
    exact: Exact,
    transaction: DatabaseTransaction,
}

async fn answer(transaction: &DatabaseTransaction, ask: &Ask) -> Result<Vec<Vec<String>>, DbErr> {
    assert!(ask.binds.is_empty());
    if ask.script {
        transaction.execute_unprepared(&ask.sql).await?;
        return Ok(Vec::new());
    }
    let rows = transaction.query_all_raw(Statement::from_string(transaction.get_database_backend(), &ask.sql)).await?;
    let text = |row: &sea_orm::QueryResult| (0..row.column_names().len()).map(|at| row.try_get_by_index(at)).collect();
    rows.iter().map(text).collect()
}

async fn halfway() -> Halfway {
    let shop = shop_of_many().await;
    lists(&shop).await;
    assert_eq!(lists(&shop).await, [0; 3]);
    let raw = shop.db.inner();
    let dialect = match raw.get_database_backend() {
        DbBackend::Postgres => Dialect::Postgres,
        _ => Dialect::MySql,
    };
    let database = Database::new(dialect, &shop.cache).with_exact_rows();
    let pool = Session::pool(&database);
    let transaction = raw.begin_with_config(Some(IsolationLevel::ReadCommitted), None).await.unwrap();
    let request = pool.wants_schema_to_begin().unwrap();
    let ask = request.sql();
    let schema = transaction.query_all_raw(Statement::from_string(raw.get_database_backend(), ask)).await.unwrap();
    let text = |row: &sea_orm::QueryResult| (0..row.column_names().len()).map(|at| row.try_get_by_index(at)).collect();
    request.answer(schema.iter().map(text).collect::<Result<Vec<Vec<String>>, DbErr>>());
    let session = pool.begin();
    let mut announcement = session.announce(WRITE, Vec::new);
    let mut exact = announcement.exact().unwrap();
    while let Some(ask) = exact.before() {
        exact.answer(answer(&transaction, &ask).await);
    }
    assert!(!exact.is_broken());
    Halfway { shop, session, announcement, exact, transaction }
}

impl Halfway {
    /// Runs the write and commits it.
    async fn finish(self) -> Shop {
        let Halfway { shop, session, mut announcement, mut exact, transaction } = self;
        let rows = transaction.execute_unprepared(WRITE).await.unwrap().rows_affected();
        exact.written(Counted::Affected(rows));
        while let Some(ask) = exact.after() {
            exact.answer(answer(&transaction, &ask).await);
        }
        announcement.tell(&exact);
        announcement.over(Outcome::Done, None).await.unwrap();
        let committing = session.committing();
        transaction.commit().await.unwrap();
        committing.done().await.unwrap();
        shop
    }
}

/// The statements that the articles of each category cost.
async fn lists(shop: &Shop) -> [u64; 3] {
    let mut costs = [0; 3];
    for category in [1, 2, 3] {
        let query = Article::find().filter(article::Column::CategoryId.eq(category)).cached(&shop.cache);
        let (rows, cost) = cache_core::observe::measure_async(query.all(&shop.db)).await;
        let fresh = Article::find().filter(article::Column::CategoryId.eq(category)).all(shop.db.inner()).await;
        let (mut rows, mut fresh) = (rows.unwrap(), fresh.unwrap());
        rows.sort_by_key(|article| article.id);
        fresh.sort_by_key(|article| article.id);
        assert_eq!(rows, fresh);
        costs[category as usize - 1] = cost.statements;
    }
    costs
}

#[tokio::test]
async fn without_anybody_between_the_rows_are_told() {
    let shop = halfway().await.finish().await;
    assert_eq!(lists(&shop).await, [1, 0, 0]);
}

#[tokio::test]
async fn a_row_that_appears_after_the_question_leaves_the_text_to_tell() {
    let halfway = halfway().await;
    let appears = "INSERT INTO article (category_id, title, published, stars) VALUES (3, 'phantom', TRUE, 9)";
    halfway.shop.sql(appears).await;
    lists(&halfway.shop).await;
    let shop = halfway.finish().await;
    assert_eq!(lists(&shop).await, [1, 1, 1]);
}

#[tokio::test]
async fn a_row_that_grows_into_the_condition_after_the_question_leaves_the_text_to_tell() {
    let halfway = halfway().await;
    halfway.shop.sql("UPDATE article SET stars = 8 WHERE id = 2").await;
    lists(&halfway.shop).await;
    let shop = halfway.finish().await;
    assert_eq!(lists(&shop).await, [1, 1, 1]);
}

#[tokio::test]
async fn a_row_that_was_told_cannot_leave() {
    let halfway = halfway().await;
    let backend = halfway.transaction.get_database_backend();
    let other = halfway.shop.db.inner().begin().await.unwrap();
    let wanted = Statement::from_string(backend, "SELECT id FROM article WHERE id = 1 FOR UPDATE NOWAIT");
    assert!(other.query_all_raw(wanted).await.is_err(), "the row is not locked");
    other.rollback().await.unwrap();
    assert_eq!(lists(&halfway.finish().await).await, [1, 0, 0]);
}
