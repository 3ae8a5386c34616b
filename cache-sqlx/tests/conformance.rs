//! The suite that every adapter passes: through pools with their transactions, and through connections with transactions as
//! text.

use std::sync::atomic::{AtomicUsize, Ordering};

use cache_core::Cache;
use cache_core::testing::conformance::{self, Adapter, Argument, Client, Dialect, Failure, Features, Report, Shop};
use cache_sqlx::prelude::*;
use sqlx::mysql::MySqlPoolOptions;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Executor, MySql, Pool, Postgres, Sqlite};
use test_servers::{MariaDb, Postgres as PostgresServer};

fn fresh_name() -> String {
    static NAMES: AtomicUsize = AtomicUsize::new(0);
    format!("shop_{}", NAMES.fetch_add(1, Ordering::Relaxed))
}

struct Database<DB: cache_sqlx::Backend> {
    db: CachedPool<DB>,
    _folder: Option<tempfile::TempDir>,
}

async fn sqlite(script: &[String]) -> Result<(Pool<Sqlite>, Option<tempfile::TempDir>), Failure> {
    let folder = tempfile::tempdir()?;
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("shop.db"))
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal);
    let pool = SqlitePoolOptions::new().max_connections(8).connect_with(options).await?;
    for statement in script {
        pool.execute(AssertSqlSafe(statement.clone())).await?;
    }
    Ok((pool, Some(folder)))
}

async fn postgres(script: &[String]) -> Result<(Pool<Postgres>, Option<tempfile::TempDir>), Failure> {
    let url = PostgresServer::shared().create_database(&fresh_name());
    let pool = PgPoolOptions::new().max_connections(5).connect(&url).await?;
    for statement in script {
        pool.execute(AssertSqlSafe(statement.clone())).await?;
    }
    Ok((pool, None))
}

async fn mysql(script: &[String]) -> Result<(Pool<MySql>, Option<tempfile::TempDir>), Failure> {
    let url = MariaDb::shared().create_database(&fresh_name());
    let pool = MySqlPoolOptions::new().max_connections(5).connect(&url).await?;
    for statement in script {
        pool.execute(AssertSqlSafe(statement.clone())).await?;
    }
    Ok((pool, None))
}

/// Runs `$body` with the place that statements go to: the open transaction, or what is outside of it.
macro_rules! at {
    ($client:expr, |$db:ident| $body:expr) => {
        match &mut $client.transaction {
            Some($db) => $body,
            None => {
                let $db = $client.outside.place();
                $body
            }
        }
    };
}

macro_rules! suite {
    ($module:ident, $db:ident, $dialect:ident) => {
        mod $module {
            use super::*;

            struct Pools;
            struct Connections;

            struct PoolClient {
                outside: Outside,
                transaction: Option<CachedTransaction<'static, $db>>,
            }

            struct Outside(CachedPool<$db>);

            impl Outside {
                fn place(&self) -> &CachedPool<$db> {
                    &self.0
                }
            }

            struct ConnectionClient {
                db: CachedConnection<$db>,
                depth: usize,
            }

            macro_rules! adapter {
                ($adapter:ident, $name:expr, $client:ident, $features:expr, |$pool:ident| $make:expr) => {
                    impl Adapter for $adapter {
                        type Shop = Make<$adapter>;

                        fn name(&self) -> String {
                            format!("SQLx on {}, {}", stringify!($db), $name)
                        }

                        fn dialect(&self) -> Dialect {
                            Dialect::$dialect
                        }

                        fn features(&self) -> Features {
                            $features
                        }

                        async fn open(&self, script: &[String]) -> Result<Make<$adapter>, Failure> {
                            let (pool, folder) = super::$module(script).await?;
                            let db = CachedPool::new(pool, &Cache::in_memory());
                            Ok(Make(Database { db, _folder: folder }, std::marker::PhantomData))
                        }
                    }

                    impl Shop for Make<$adapter> {
                        type Client = $client;

                        fn cache(&self) -> &Cache {
                            self.0.db.cache()
                        }

                        async fn client(&self) -> Result<$client, Failure> {
                            let $pool = &self.0.db;
                            Ok($make)
                        }
                    }
                };
            }

            struct Make<A>(Database<$db>, std::marker::PhantomData<A>);

            adapter!(Pools, "pools", PoolClient, Features::default(), |pool| {
                PoolClient { outside: Outside(pool.clone()), transaction: None }
            });
            adapter!(
                Connections,
                "connections",
                ConnectionClient,
                Features::default().with_savepoints().with_text(),
                |pool| ConnectionClient { db: pool.acquire().await?, depth: 0 }
            );

            fn query(sql: &str, arguments: &[Argument]) -> cache_sqlx::QueryAs<$db, String> {
                let query = cache_sqlx::query_scalar(AssertSqlSafe(sql.to_owned()));
                arguments.iter().fold(query, |query, argument| match argument {
                    Argument::Int(number) => query.bind(*number),
                    Argument::Text(text) => query.bind(text.as_str()),
                })
            }

            impl Client for PoolClient {
                fn dialect(&self) -> Dialect {
                    Dialect::$dialect
                }

                async fn raw(&mut self, sql: &str, arguments: &[Argument]) -> Result<Vec<String>, Failure> {
                    let cache = self.outside.0.cache().clone();
                    let query = query(sql, arguments).cached(&cache);
                    Ok(at!(self, |db| query.fetch_all(db).await?))
                }

                async fn lines(&mut self, sql: &str) -> Result<Vec<String>, Failure> {
                    Ok(at!(self, |db| query(sql, &[]).fetch_all(db).await?))
                }

                async fn execute(&mut self, sql: &str) -> Result<(), Failure> {
                    let sql = AssertSqlSafe(sql.to_owned());
                    at!(self, |db| Executor::execute(db, sql).await?);
                    Ok(())
                }

                async fn begin(&mut self) -> Result<(), Failure> {
                    self.transaction = Some(self.outside.0.begin().await?);
                    Ok(())
                }

                async fn commit(&mut self) -> Result<(), Failure> {
                    Ok(self.transaction.take().ok_or("none is open")?.commit().await?)
                }

                async fn roll_back(&mut self) -> Result<(), Failure> {
                    Ok(self.transaction.take().ok_or("none is open")?.rollback().await?)
                }

                async fn abandon(&mut self) -> Result<(), Failure> {
                    drop(self.transaction.take());
                    Ok(())
                }
            }

            impl ConnectionClient {
                async fn say(&mut self, words: String) -> Result<(), Failure> {
                    Executor::execute(&mut self.db, AssertSqlSafe(words)).await?;
                    Ok(())
                }
            }

            impl Client for ConnectionClient {
                fn dialect(&self) -> Dialect {
                    Dialect::$dialect
                }

                async fn raw(&mut self, sql: &str, arguments: &[Argument]) -> Result<Vec<String>, Failure> {
                    let cache = self.db.database().cache().clone();
                    Ok(query(sql, arguments).cached(&cache).fetch_all(&mut self.db).await?)
                }

                async fn lines(&mut self, sql: &str) -> Result<Vec<String>, Failure> {
                    Ok(query(sql, &[]).fetch_all(&mut self.db).await?)
                }

                async fn execute(&mut self, sql: &str) -> Result<(), Failure> {
                    self.say(sql.to_owned()).await
                }

                async fn begin(&mut self) -> Result<(), Failure> {
                    let words = match self.depth {
                        0 => "BEGIN".to_owned(),
                        depth => format!("SAVEPOINT level_{depth}"),
                    };
                    self.say(words).await?;
                    self.depth += 1;
                    Ok(())
                }

                async fn commit(&mut self) -> Result<(), Failure> {
                    self.depth -= 1;
                    match self.depth {
                        0 => self.say("COMMIT".to_owned()).await,
                        depth => self.say(format!("RELEASE SAVEPOINT level_{depth}")).await,
                    }
                }

                async fn roll_back(&mut self) -> Result<(), Failure> {
                    self.depth -= 1;
                    match self.depth {
                        0 => self.say("ROLLBACK".to_owned()).await,
                        depth => {
                            self.say(format!("ROLLBACK TO SAVEPOINT level_{depth}")).await?;
                            self.say(format!("RELEASE SAVEPOINT level_{depth}")).await
                        }
                    }
                }
            }

            async fn report(pools: bool) -> Report {
                match pools {
                    true => conformance::run(&Pools).await,
                    false => conformance::run(&Connections).await,
                }
            }

            #[tokio::test]
            async fn pools_conform() {
                if Dialect::$dialect != Dialect::Sqlite && test_servers::left_out() {
                    return;
                }
                report(true).await.assert();
            }

            #[tokio::test]
            async fn connections_conform() {
                if Dialect::$dialect != Dialect::Sqlite && test_servers::left_out() {
                    return;
                }
                report(false).await.assert();
            }
        }
    };
}

suite!(sqlite, Sqlite, Sqlite);
suite!(postgres, Postgres, Postgres);
suite!(mysql, MySql, MySql);
