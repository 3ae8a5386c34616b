//! Cached responses, seen from outside: routers of axum that are asked one request after the other, or many at once.

mod bodies;
mod coherence;
mod conditions;
mod database;
mod desk;
mod flights;
mod hits;
mod kept_out;
mod property;
mod sharing;
mod users;
