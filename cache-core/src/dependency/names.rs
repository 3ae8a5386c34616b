//! Names of tables and columns, in one normal form.

use std::fmt;
use std::sync::Arc;

const TAG_PREFIX: char = '#';

/// The name of a table, or of a free tag.
///
/// Only the last part of a qualified name is kept and ASCII letters are folded to lower case, so that
/// `Shop.Article`, `"article"` and `article` are one table. Two tables that differ only in what is
/// dropped share their invalidations, which can only invalidate too much.
///
/// ```
/// use cache_core::Table;
/// assert_eq!(Table::from("Shop.Article"), Table::from("article"));
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Table(Arc<str>);

impl Table {
    pub(crate) fn tag(name: &str) -> Self {
        Table(format!("{TAG_PREFIX}{name}").into())
    }

    /// The name in its normal form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag's name when this stands for a free tag.
    pub fn as_tag(&self) -> Option<&str> {
        self.0.strip_prefix(TAG_PREFIX)
    }
}

impl From<&str> for Table {
    fn from(name: &str) -> Self {
        let last = name.rsplit('.').next().unwrap_or(name);
        Table(fold(last))
    }
}

/// The name of a column, with ASCII letters folded to lower case.
///
/// ```
/// use cache_core::Column;
/// assert_eq!(Column::from("Category_ID").as_str(), "category_id");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Column(Arc<str>);

impl Column {
    /// The name in its normal form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Column {
    fn from(name: &str) -> Self {
        Column(fold(name))
    }
}

fn fold(name: &str) -> Arc<str> {
    let name = name.trim_matches(['"', '`', '[', ']']);
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) { name.to_ascii_lowercase().into() } else { name.into() }
}

macro_rules! name_conversions {
    ($($name:ident),*) => {$(
        impl From<String> for $name {
            fn from(name: String) -> Self {
                $name::from(name.as_str())
            }
        }

        impl From<&String> for $name {
            fn from(name: &String) -> Self {
                $name::from(name.as_str())
            }
        }

        impl From<&$name> for $name {
            fn from(name: &$name) -> Self {
                name.clone()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }
    )*};
}

name_conversions!(Table, Column);

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_tag() {
            Some(tag) => write!(f, "tag {tag:?}"),
            None => f.write_str(&self.0),
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
