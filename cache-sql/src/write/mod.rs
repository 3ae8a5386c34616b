//! Writes: what a statement may have changed.

mod action;
mod image;
mod lower;
mod returned;

pub(crate) use action::Action;
pub(crate) use image::changes_of_table;
pub(crate) use lower::{actions, returns_columns, returns_wildcard};
