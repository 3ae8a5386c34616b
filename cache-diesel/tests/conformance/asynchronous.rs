//! The connections of `diesel-async`, with the questions and writes as SQL text.

use std::sync::atomic::{AtomicU32, Ordering};

use cache_core::Cache;
use cache_core::testing::conformance::{self, Adapter, Argument, Client, Dialect, Failure, Features, Shop};
use cache_diesel::Database;
use cache_diesel::asynchronous::prelude::*;
use diesel::sql_types::{Integer, Text};
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncMysqlConnection, AsyncPgConnection, RunQueryDsl,
    SimpleAsyncConnection, TransactionManager,
};

use crate::tables::Line;

macro_rules! conforms {
    ($name:ident, $connection:ty, $backend:ty, $dialect:ident, $test:ident, |$database:ident| $url:expr) => {
        mod $name {
            use super::*;

            struct Diesel;

            impl Adapter for Diesel {
                type Shop = Served;

                fn name(&self) -> String {
                    concat!("diesel-async: ", stringify!($connection)).to_owned()
                }

                fn dialect(&self) -> Dialect {
                    Dialect::$dialect
                }

                fn features(&self) -> Features {
                    Features::default().with_savepoints().with_text()
                }

                async fn open(&self, script: &[String]) -> Result<Served, Failure> {
                    static DATABASES: AtomicU32 = AtomicU32::new(0);
                    let $database = format!("async{}", DATABASES.fetch_add(1, Ordering::Relaxed));
                    let url = $url;
                    let database = Database::new(cache_sql::Dialect::$dialect, &Cache::in_memory());
                    let served = Served { database, url };
                    let mut plain = served.connect().await?;
                    for statement in script {
                        plain.batch_execute(statement).await?;
                    }
                    Ok(served)
                }
            }

            struct Served {
                database: Database,
                url: String,
            }

            impl Served {
                async fn connect(&self) -> Result<$connection, Failure> {
                    Ok(<$connection>::establish(&self.url).await?)
                }
            }

            impl Shop for Served {
                type Client = Handle;

                fn cache(&self) -> &Cache {
                    self.database.cache()
                }

                async fn client(&self) -> Result<Handle, Failure> {
                    let plain = self.connect().await?;
                    Ok(Handle(CachedAsyncConnection::with_database(plain, &self.database).await))
                }
            }

            struct Handle(CachedAsyncConnection<$connection>);

            impl Client for Handle {
                fn dialect(&self) -> Dialect {
                    Dialect::$dialect
                }

                async fn raw(&mut self, sql: &str, arguments: &[Argument]) -> Result<Vec<String>, Failure> {
                    let mut query = diesel::sql_query(sql).into_boxed::<$backend>();
                    for argument in arguments {
                        query = match argument {
                            Argument::Int(number) => query.bind::<Integer, _>(*number),
                            Argument::Text(text) => query.bind::<Text, _>(text.clone()),
                        };
                    }
                    let cache = self.0.database().cache().clone();
                    let rows: Vec<Line> = query.cached(&cache).load(&mut self.0).await?;
                    Ok(rows.into_iter().map(|row| row.line).collect())
                }

                async fn lines(&mut self, sql: &str) -> Result<Vec<String>, Failure> {
                    let rows: Vec<Line> = RunQueryDsl::load(diesel::sql_query(sql), &mut self.0).await?;
                    Ok(rows.into_iter().map(|row| row.line).collect())
                }

                async fn execute(&mut self, sql: &str) -> Result<(), Failure> {
                    let word = sql.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
                    if ["INSERT", "UPDATE", "DELETE"].contains(&word.as_str()) {
                        RunQueryDsl::execute(diesel::sql_query(sql), &mut self.0).await?;
                        return Ok(());
                    }
                    Ok(self.0.batch_execute(sql).await?)
                }

                async fn begin(&mut self) -> Result<(), Failure> {
                    Ok(AnsiTransactionManager::begin_transaction(&mut self.0).await?)
                }

                async fn commit(&mut self) -> Result<(), Failure> {
                    Ok(AnsiTransactionManager::commit_transaction(&mut self.0).await?)
                }

                async fn roll_back(&mut self) -> Result<(), Failure> {
                    Ok(AnsiTransactionManager::rollback_transaction(&mut self.0).await?)
                }
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                if test_servers::left_out() {
                    return;
                }
                conformance::run(&Diesel).await.assert();
            }
        }
    };
}

conforms!(postgres, AsyncPgConnection, diesel::pg::Pg, Postgres, it_conforms, |name| {
    test_servers::Postgres::shared().create_database(&name)
});
conforms!(mariadb, AsyncMysqlConnection, diesel::mysql::Mysql, MySql, it_conforms, |name| {
    test_servers::MariaDb::shared().create_database(&name)
});
