//! The tables, one file each.

pub mod author;
pub mod category;
pub mod crate_author;
pub mod crate_category;
pub mod crate_keyword;
pub mod crate_licence;
pub mod dependency;
pub mod feature;
pub mod import;
pub mod keyword;
pub mod krate;
pub mod licence;
pub mod namespace;
pub mod note;
pub mod star;
pub mod version;
