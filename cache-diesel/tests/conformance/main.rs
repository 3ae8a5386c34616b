//! The suite that every adapter passes, on the three database systems.

mod asynchronous;
mod client;
mod mysql;
mod postgres;
mod sqlite;
mod tables;
