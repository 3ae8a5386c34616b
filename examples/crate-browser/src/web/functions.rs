//! What templates can ask.
//!
//! Pages ask inside their cached blocks, so that a block that is served from the cache asks nothing. The
//! questions are asynchronous and templates are not: rendering happens on a thread that may wait.

use super::rows;
use crate::query::{
    Db,
    edges::{self, Direction},
    group::{self, Group},
    krate as one, list, statistics,
};
use cache_minijinja::block_on;
use minijinja::{Environment, Error, ErrorKind, Value, value::Serde};
use sea_orm::DbErr;
use serde::Serialize;
use std::fmt::Write as _;

/// Adds the functions, the querysets and the filters.
pub fn install(env: &mut Environment<'static>, db: &Db) {
    env.add_global("rows", rows::all(db));

    let db = || db.clone();
    let here = db();
    env.add_function("krate", move |name: &str| answer(one::by_name(&here, name)));
    let here = db();
    env.add_function("versions", move |id: i32| answer(one::versions(&here, id)));
    let here = db();
    env.add_function("reach", move |id: i32| answer(one::reach(&here, id)));
    let here = db();
    env.add_function("dependencies", move |id: i32| answer(edges::edges(&here, id, Direction::Dependencies)));
    let here = db();
    env.add_function("dependants", move |id: i32| answer(edges::edges(&here, id, Direction::Dependants)));
    let here = db();
    env.add_function("labels", move |word: &str, id: i32| answer(group::labels(&here, named(word)?, id)));
    let here = db();
    env.add_function("sizes", move |word: &str| answer(group::sizes(&here, named(word)?)));
    let here = db();
    env.add_function("crates_in", move |word: &str, name: &str| answer(group::crates(&here, named(word)?, name)));
    let here = db();
    env.add_function("starred", move || answer(list::starred(&here)));
    let here = db();
    env.add_function("members", move || answer(list::members(&here)));
    let here = db();
    env.add_function("popular", move |count: u64| answer(list::popular(&here, count)));
    let here = db();
    env.add_function("crates", move |page: u64| answer(list::page(&here, page)));
    let here = db();
    env.add_function("search", move |text: &str| answer(list::search(&here, text)));
    let here = db();
    env.add_function("statistics", move || answer(statistics::statistics(&here)));

    env.add_filter("segment", segment);
    env.add_filter("share", share);
}

/// Waits for an answer, on the thread that renders.
fn answer<T: Serialize>(question: impl Future<Output = Result<T, DbErr>>) -> Result<Value, Error> {
    match block_on(question)? {
        Ok(answer) => Ok(Value::from(Serde(answer))),
        Err(error) => Err(Error::new(ErrorKind::InvalidOperation, "the database refused").with_source(error)),
    }
}

fn named(word: &str) -> Result<Group, Error> {
    Group::named(word).ok_or_else(|| Error::new(ErrorKind::InvalidOperation, format!("there is no group `{word}`")))
}

/// A text as one segment of a path.
pub fn segment(text: &str) -> String {
    let mut path = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            path.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(path, "%{byte:02X}");
        }
    }
    path
}

/// A figure as whole hundredths of another, for the width of a bar.
fn share(part: f64, whole: f64) -> u8 {
    if whole > 0.0 { (part / whole * 100.0).round().clamp(1.0, 100.0) as u8 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::{segment, share};

    #[test]
    fn a_segment_survives_any_name() {
        assert_eq!(segment("command-line-utilities"), "command-line-utilities");
        assert_eq!(segment("algorithms::a/b?c"), "algorithms%3A%3Aa%2Fb%3Fc");
        assert_eq!(segment("é"), "%C3%A9");
    }

    #[test]
    fn a_share_is_visible_and_never_too_long() {
        assert_eq!(share(1.0, 1000.0), 1);
        assert_eq!(share(1000.0, 1000.0), 100);
        assert_eq!(share(1.0, 0.0), 0);
    }
}
