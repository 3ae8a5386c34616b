//! A database behind a wrapped connection: SQLite by way of SeaORM.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use cache_axum::{DependsOn, ResponseScope};
use cache_core::{Cache, Dependencies};
use cache_sea_orm::prelude::*;
use sea_orm::{
    ActiveValue::Set, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement, entity::prelude::*,
};

use crate::desk::{read, title};

mod article {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "article")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub title: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use article::Entity as Article;

#[derive(Clone)]
struct Paper {
    cache: Cache,
    db: CachedConnection<DatabaseConnection>,
}

async fn cached(State(paper): State<Paper>, Path(id): Path<i32>) -> String {
    let article = Article::find_by_id(id).cached(&paper.cache).one(&paper.db).await.unwrap();
    article.map(|article| article.title).unwrap_or_default()
}

async fn bare(State(paper): State<Paper>, Path(id): Path<i32>) -> String {
    let article = Article::find_by_id(id).one(&paper.db).await.unwrap();
    article.map(|article| article.title).unwrap_or_default()
}

async fn declared(scope: ResponseScope, paper: State<Paper>, id: Path<i32>) -> String {
    scope.depends_on(&title(id.0)).await;
    bare(paper, id).await
}

async fn declared_afterwards(paper: State<Paper>, id: Path<i32>) -> (DependsOn, String) {
    (DependsOn(Dependencies::table("article")), bare(paper, id).await)
}

async fn mixed(paper: State<Paper>, id: Path<i32>) -> String {
    format!("{} {}", cached(paper.clone(), Path(1)).await, bare(paper, id).await)
}

async fn visits(State(paper): State<Paper>, Path(id): Path<i32>) -> String {
    let count = format!("UPDATE article SET visits = visits + 1 WHERE id = {id}");
    paper.db.execute_unprepared(&count).await.unwrap();
    let asked = format!("SELECT visits FROM article WHERE id = {id}");
    let row = paper.db.query_one_raw(Statement::from_string(paper.db.get_database_backend(), asked)).await.unwrap();
    row.unwrap().try_get_by_index::<i32>(0).unwrap().to_string()
}

async fn paper() -> (Paper, Router) {
    let mut options = ConnectOptions::new("sqlite::memory:");
    options.max_connections(1).sqlx_logging(false);
    let cache = Cache::in_memory();
    let db = CachedConnection::new(Database::connect(options).await.unwrap(), &cache);
    db.execute_unprepared(
        "CREATE TABLE article (id INTEGER PRIMARY KEY, title TEXT NOT NULL, visits INTEGER NOT NULL DEFAULT 0)",
    )
    .await
    .unwrap();
    db.execute_unprepared("INSERT INTO article (id, title) VALUES (1, 'One'), (2, 'Two'), (3, 'Three')").await.unwrap();
    let paper = Paper { cache, db };
    let app = Router::new()
        .route("/cached/{id}", get(cached))
        .route("/bare/{id}", get(bare))
        .route("/declared/{id}", get(declared))
        .route("/afterwards/{id}", get(declared_afterwards))
        .route("/mixed/{id}", get(mixed))
        .route("/visits/{id}", get(visits))
        .layer(cache_axum::ResponseCache::new(&paper.cache).cache_status("desk"))
        .with_state(paper.clone());
    (paper, app)
}

async fn rename(paper: &Paper, id: i32, title: &str) {
    article::ActiveModel { id: Set(id), title: Set(title.to_owned()) }.update(&paper.db).await.unwrap();
}

#[tokio::test]
async fn a_write_through_the_connection_drops_what_shows_the_row() {
    let (paper, app) = paper().await;
    for page in ["cached", "bare", "declared", "afterwards"] {
        let uris = [format!("/{page}/1"), format!("/{page}/2")];
        for uri in &uris {
            assert!(!read(&app, uri).await.is_hit(), "{uri}");
            assert!(read(&app, uri).await.is_hit(), "{uri}");
        }
        rename(&paper, 1, page).await;
        assert_eq!(read(&app, &uris[0]).await.body, page);
        // Declared of the whole table.
        assert_eq!(read(&app, &uris[1]).await.is_hit(), page != "afterwards");
    }
}

#[tokio::test]
async fn what_is_read_past_the_cache_is_known_by_its_connection() {
    let (paper, app) = paper().await;
    let shown = async || read(&app, "/mixed/2").await;
    assert_eq!((shown().await.body, shown().await.is_hit()), ("One Two".to_owned(), true));
    rename(&paper, 3, "Third").await;
    assert!(shown().await.is_hit());
    for (id, title, page) in [(2, "Second", "One Second"), (1, "First", "First Second")] {
        rename(&paper, id, title).await;
        assert_eq!((shown().await.body.as_str(), shown().await.is_hit()), (page, true));
    }
}

#[tokio::test]
async fn a_handler_that_writes_is_not_stored() {
    let (paper, app) = paper().await;
    for visits in 1..3 {
        assert_eq!(read(&app, "/visits/1").await.body, visits.to_string());
    }
    drop(paper);
}

#[tokio::test]
async fn a_transaction_that_is_rolled_back_drops_nothing_and_shows_nothing() {
    use sea_orm::TransactionTrait;
    let (paper, app) = paper().await;
    read(&app, "/cached/1").await;
    let transaction = paper.db.begin().await.unwrap();
    let changed = article::ActiveModel { id: Set(1), title: Set("Draft".to_owned()) };
    changed.clone().update(&transaction).await.unwrap();
    transaction.rollback().await.unwrap();
    let answer = read(&app, "/cached/1").await;
    assert_eq!((answer.body.as_str(), answer.is_hit()), ("One", true));
    let transaction = paper.db.begin().await.unwrap();
    changed.update(&transaction).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(read(&app, "/cached/1").await.body, "Draft");
}
