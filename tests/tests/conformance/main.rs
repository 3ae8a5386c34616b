//! The suite of adapters on PostgreSQL and MariaDB, by the contract alone: plain drivers with a session beside them.

mod mariadb;
mod postgres;
mod wire;
