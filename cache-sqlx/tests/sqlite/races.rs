//! Many callers at once: whoever's write was acknowledged reads what it wrote.

use sqlx::{Error, Executor};

use crate::shop::*;

const CALLERS: i64 = 6;
const ROUNDS: i64 = 30;

/// Writes into a category in one of several ways, and tells how many rows it has gained.
async fn write(shop: &Shop, category: i64, round: i64) -> Result<i64, Error> {
    let title = format!("{category} {round}");
    match (category + round * 7) % 6 {
        0 => insert(category, &title).execute(&shop.db).await.map(|_| 1),
        1 => {
            let text = "INSERT INTO article (category_id, title) VALUES (?, ?)";
            sqlx::query(text).bind(category).bind(title).execute(&shop.db).await.map(|_| 1)
        }
        2 => {
            let mut tx = shop.db.begin().await?;
            insert(category, &title).execute(&mut tx).await?;
            let mut savepoint = tx.begin().await?;
            insert(category, &format!("{title} b")).execute(&mut savepoint).await?;
            savepoint.commit().await?;
            tx.commit().await.map(|()| 2)
        }
        3 => {
            let mut tx = shop.db.begin_with("BEGIN IMMEDIATE").await?;
            insert(category, &title).execute(&mut tx).await?;
            count(category).cached(&shop.cache).fetch_one(&mut tx).await?;
            if round % 2 == 0 {
                tx.rollback().await?;
            }
            Ok(0)
        }
        4 => {
            let mut db = shop.db.acquire().await?;
            db.execute("BEGIN IMMEDIATE").await?;
            insert(category, &title).execute(&mut db).await?;
            db.execute("COMMIT").await?;
            Ok(1)
        }
        _ => {
            let text = "DELETE FROM article WHERE category_id = ? RETURNING id";
            let gone = cache_sqlx::query(text).bind(category).fetch_all(&shop.db).await?;
            Ok(-(gone.len() as i64))
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_has_written_reads_it() {
    let shop = std::sync::Arc::new(shop().await);
    for caller in 0..CALLERS {
        let text = "INSERT INTO category (id, name) VALUES (?, 'own')";
        cache_sqlx::query(text).bind(10 + caller).execute(&shop.db).await.unwrap();
    }
    let callers = (0..CALLERS).map(|caller| {
        let shop = std::sync::Arc::clone(&shop);
        tokio::spawn(async move {
            let category = 10 + caller;
            let mut expected = 0;
            for round in 0..ROUNDS {
                expected += write(&shop, category, round).await.unwrap();
                let told = count(category).cached(&shop.cache).fetch_one(&shop.db).await.unwrap();
                assert_eq!(told, expected, "category {category}, round {round}");
                let other = 10 + (caller + round) % CALLERS;
                articles(other).cached(&shop.cache).fetch_all(&shop.db).await.unwrap();
                let own = articles(category).cached(&shop.cache).fetch_all(&shop.db).await.unwrap();
                assert_eq!(own.len() as i64, expected, "category {category}, round {round}");
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    assert!(shop.cache.counters().hits > 0);
}
