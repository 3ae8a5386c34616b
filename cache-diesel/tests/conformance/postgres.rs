//! PostgreSQL.

use std::sync::atomic::{AtomicU32, Ordering};

use cache_core::Cache;
use cache_core::testing::conformance::{
    self, Adapter, Argument, Client, Dialect, Failure, Features, Question, Shop, Write,
};
use cache_diesel::Database;
use cache_diesel::prelude::*;
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::dsl::{count_star, exists, sum};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};

use test_servers::Postgres;

use crate::client::client;
use crate::tables::*;
client!(PgConnection, Pg, Dialect::Postgres, |db, row| {
    diesel::insert_into(article::table).values(row).on_conflict(article::id).do_update().set(row).execute(db)
});

struct Diesel;

impl Adapter for Diesel {
    type Shop = Served;

    fn name(&self) -> String {
        "Diesel on PostgreSQL".to_owned()
    }

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn features(&self) -> Features {
        Features::default().with_savepoints().with_text()
    }

    async fn open(&self, script: &[String]) -> Result<Served, Failure> {
        static DATABASES: AtomicU32 = AtomicU32::new(0);
        let name = format!("conformance{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let url = Postgres::shared().create_database(&name);
        let mut plain = PgConnection::establish(&url)?;
        for statement in script {
            plain.batch_execute(statement)?;
        }
        Ok(Served { database: Database::new(cache_sql::Dialect::Postgres, &Cache::in_memory()), url })
    }
}

struct Served {
    database: Database,
    url: String,
}

impl Shop for Served {
    type Client = Handle;

    fn cache(&self) -> &Cache {
        self.database.cache()
    }

    async fn client(&self) -> Result<Handle, Failure> {
        let plain = PgConnection::establish(&self.url)?;
        let cache = self.database.cache().clone();
        Ok(Handle { conn: CachedConnection::with_database(plain, &self.database), cache })
    }
}

#[test]
fn it_conforms_on_postgres() {
    if test_servers::left_out() {
        return;
    }
    conformance::block_on(conformance::run(&Diesel)).assert();
}
