//! A listener against a real server.

mod gaps;
mod installation;
mod reach;
mod schema;
mod shop;
mod texts;
mod together;
mod writes;
