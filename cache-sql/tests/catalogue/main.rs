//! Catalogues and row images against real servers.
//!
//! The environment variable `CACHE_TESTS_NO_SERVICES` leaves them out, and says which.

mod agreement;
mod effects;
mod mariadb;
mod outside;
mod postgres;
mod results;
mod schema;
mod spelling;
mod sqlite;
mod values;
