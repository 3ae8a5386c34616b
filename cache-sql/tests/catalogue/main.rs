//! Catalogues and row images against real servers.
//!
//! The environment variable `CACHE_TESTS_NO_SERVICES` leaves them out.

mod agreement;
mod effects;
mod mariadb;
mod outside;
mod postgres;
mod schema;
mod server;
mod spelling;
mod sqlite;
mod values;
