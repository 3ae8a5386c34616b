//! The crate browser, as a library so that its tests can reach it; `main.rs` tells what it does.

pub mod args;
pub mod claim;
pub mod database;
pub mod edit;
pub mod entity;
pub mod failure;
pub mod import;
pub mod journal;
pub mod query;
pub mod run;
pub mod smoke;
pub mod store;
pub mod web;
