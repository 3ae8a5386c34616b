//! Writes: what a statement may have changed.

mod action;
mod image;
mod insert;
mod located;
mod lower;
mod returned;
mod returning;
mod update;

pub(crate) use action::Action;
pub(crate) use image::{Images, changes_of_table};
pub(crate) use located::Located;
pub(crate) use lower::actions;
pub(crate) use returning::{returns_columns, returns_wildcard};
