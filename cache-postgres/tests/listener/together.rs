//! Many readers and foreign writers at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cache_core::Key;
use test_servers::left_out;

use crate::shop::{Shop, foreign, reads};

const ARTICLES: &str = "CREATE TABLE article (id integer PRIMARY KEY, category_id integer, stars integer);
    INSERT INTO article SELECT n, n % 6, 0 FROM generate_series(0, 59) AS n";

const KILL: &str =
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'cache-postgres'
     AND datname = current_database()";

fn query(category: usize) -> String {
    format!("SELECT * FROM article WHERE category_id = {category}")
}

fn sum(category: usize) -> String {
    format!("SELECT coalesce(sum(stars * 1000 + id), 0) FROM article WHERE category_id = {category}")
}

/// A text for each number, a third of them in transactions, some of these rolled back.
fn write(n: usize) -> String {
    let (id, category) = (n * 7_919 % 997 % 60, n * 104_729 % 991 % 6);
    let write = match n % 4 {
        0 => format!("UPDATE article SET category_id = {category} WHERE id = {id}"),
        1 => format!("UPDATE article SET stars = stars + 1 WHERE id = {id}"),
        2 => format!("DELETE FROM article WHERE id = {id}"),
        _ => format!("INSERT INTO article VALUES ({id}, {category}, 0) ON CONFLICT (id) DO UPDATE SET stars = 9"),
    };
    match n % 9 {
        0 => format!("BEGIN; {write}; ROLLBACK"),
        1 | 2 => format!("BEGIN; {write}; SAVEPOINT a; DELETE FROM article; ROLLBACK TO a; COMMIT"),
        _ => write,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_kept_in_the_end_is_what_the_database_holds() {
    if left_out() {
        return;
    }
    let shop = Arc::new(Shop::open("together", ARTICLES, &["article"]).await);
    let mut kept = 0;
    for round in 0..4_usize {
        let over = Arc::new(AtomicBool::new(false));
        let readers: Vec<_> = (0..3)
            .map(|_| {
                let (shop, over) = (Arc::clone(&shop), Arc::clone(&over));
                tokio::spawn(async move {
                    let client = foreign(&shop.url).await;
                    while !over.load(Ordering::Relaxed) {
                        for category in 0..6 {
                            let work = async || client.query_one(&sum(category), &[]).await.unwrap().get::<_, i64>(0);
                            let entry = shop.cache.entry(Key::new("sum").with(&category));
                            entry.depends_on(|| reads(&query(category))).get_or_fill_async(work).await;
                            // A hit never waits.
                            tokio::task::yield_now().await;
                        }
                    }
                })
            })
            .collect();
        let writers: Vec<_> = (0..3)
            .map(|writer| {
                let shop = Arc::clone(&shop);
                tokio::spawn(async move {
                    let client = foreign(&shop.url).await;
                    for n in 0..25 {
                        // Two writers may wait for each other: then one of them is rolled back.
                        if client.batch_execute(&write(round * 1_000 + writer * 100 + n)).await.is_err() {
                            client.batch_execute("ROLLBACK").await.unwrap();
                        }
                    }
                })
            })
            .collect();
        if round % 2 == 1 {
            shop.run(KILL).await;
        }
        for writer in writers {
            writer.await.unwrap();
        }
        shop.listener.catch_up().await.unwrap();
        over.store(true, Ordering::Relaxed);
        for reader in readers {
            reader.await.unwrap();
        }
        for category in 0..6_usize {
            if let Some(sum_kept) = shop.cache.get::<i64>(&Key::new("sum").with(&category)) {
                kept += 1;
                assert_eq!(sum_kept.to_string(), shop.ask(&sum(category)).await, "category {category}");
            }
        }
    }
    assert!(kept > 0 && shop.listener.status().gaps >= 2);
}
