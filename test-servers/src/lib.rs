//! Throw-away database servers for tests, on Unix.
//!
//! A server listens on a free port of 127.0.0.1, keeps its data in a temporary folder, and is stopped and removed when it
//! is dropped. It does not outlive the test process either, however that ends.
//!
//! [`Postgres::shared`] and [`MariaDb::shared`] start one server for all tests of a process; each test then makes a database
//! of its own. [`Redis::shared`] does the same, and each test then takes a namespace of its own.
//!
//! ```no_run
//! use test_servers::Postgres;
//!
//! if test_servers::left_out() {
//!     return;
//! }
//! let url = Postgres::shared().create_database("articles");
//! assert!(url.starts_with("postgres://postgres@127.0.0.1:"));
//! ```

#![deny(missing_docs)]

mod account;
mod error;
mod folder;
mod mariadb;
mod port;
mod postgres;
mod process;
mod program;
mod redis;

pub use error::Error;
pub use mariadb::MariaDb;
pub use postgres::Postgres;
pub use redis::{Redis, RedisBuilder, RedisCluster, RedisSentinel};

/// Whether tests that need a server are to be left out, because `CACHE_TESTS_NO_SERVICES` is set; prints which test that is.
pub fn left_out() -> bool {
    let left_out = std::env::var_os("CACHE_TESTS_NO_SERVICES").is_some();
    if left_out {
        let thread = std::thread::current();
        println!("left out, because CACHE_TESTS_NO_SERVICES is set: {}", thread.name().unwrap_or("a test"));
    }
    left_out
}

/// Ends the test binary, as passed, when servers are left out: for binaries of which every test needs one.
///
/// It says so past the capture of the test harness, which would swallow it.
pub fn end_if_left_out() {
    use std::io::Write;
    if std::env::var_os("CACHE_TESTS_NO_SERVICES").is_some() {
        let _ = writeln!(
            std::io::stderr(),
            "all tests of this binary are left out, because CACHE_TESTS_NO_SERVICES is set"
        );
        std::process::exit(0);
    }
}
