//! Listening over an encrypted connection.

#![cfg(feature = "tls")]

use std::process::Command;

use cache_core::Cache;
use cache_postgres::Listener;
use test_servers::{Postgres, left_out};
use tokio_postgres::NoTls;

const CERTIFY: &str = "COPY (SELECT 1) TO PROGRAM 'openssl req -x509 -newkey rsa:2048 -nodes -keyout server.key \
    -out server.crt -days 2 -subj /CN=cache-postgres -addext subjectAltName=IP:127.0.0.1 \
    -addext basicConstraints=critical,CA:FALSE 2>/dev/null && chmod 600 server.key'";

/// Not a test of its own: another process runs it, with the certificates that are to be trusted.
#[tokio::test]
#[ignore = "is run by another test"]
async fn listens() {
    let url = std::env::var("LISTEN_TO").unwrap();
    let listener = Listener::start(&url, &Cache::in_memory()).await.unwrap();
    listener.catch_up().await.unwrap();
    let (client, connection) = tokio_postgres::connect(&url.replace("require", "disable"), NoTls).await.unwrap();
    tokio::spawn(connection);
    let sql = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND application_name = 'cache-postgres'";
    assert_eq!(client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 1);
}

#[tokio::test]
async fn encrypted_connections_need_a_certificate_that_is_trusted() {
    if left_out() {
        return;
    }
    let server = Postgres::start().unwrap();
    let (client, connection) = tokio_postgres::connect(&server.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    for sql in [CERTIFY, "ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()"] {
        client.batch_execute(sql).await.unwrap();
    }
    while client.query_one("SHOW ssl", &[]).await.unwrap().get::<_, String>(0) != "on" {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let certificate: String = client.query_one("SELECT pg_read_file('server.crt')", &[]).await.unwrap().get(0);
    let path = std::env::temp_dir().join(format!("cache-postgres-{}.crt", std::process::id()));
    std::fs::write(&path, certificate).unwrap();
    let url = format!("{}?sslmode=require", server.url());
    let listen = |trusted: Option<&std::path::Path>| {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--ignored", "--exact", "listens"]).env("LISTEN_TO", &url);
        if let Some(path) = trusted {
            child.env("SSL_CERT_FILE", path);
        }
        child.output().unwrap()
    };
    let trusting = listen(Some(&path));
    let doubting = listen(None);
    std::fs::remove_file(&path).unwrap();
    assert!(trusting.status.success(), "{}", String::from_utf8_lossy(&trusting.stdout));
    assert!(!doubting.status.success());
    let said = String::from_utf8_lossy(&doubting.stdout);
    assert!(said.contains("UnknownIssuer"), "{said}");
}
