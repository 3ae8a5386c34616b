//! `Cache-Control` of a response, as far as it says who may keep it and for how long.

use http::{HeaderMap, header};

use crate::list;

/// What a handler has said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CacheControl {
    /// For one user only.
    pub(crate) private: bool,
    /// Not to be kept, or not to be served without asking again.
    pub(crate) forbids: bool,
    /// How many seconds it counts as fresh, where it says so.
    pub(crate) max_age: Option<u64>,
}

impl CacheControl {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut said = CacheControl::default();
        let Some(directives) = list::elements(headers, &header::CACHE_CONTROL) else {
            return CacheControl { forbids: true, ..said };
        };
        let mut shared = None;
        for directive in directives {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            // What is no number counts as none at all, which is the careful reading.
            let seconds = || value.trim().trim_matches('"').parse().unwrap_or(0);
            match name.trim().to_ascii_lowercase().as_str() {
                "private" => said.private = true,
                "no-store" | "no-cache" => said.forbids = true,
                "max-age" => said.max_age = shorter(said.max_age, seconds()),
                "s-maxage" => shared = shorter(shared, seconds()),
                _ => {}
            }
        }
        said.max_age = shared.or(said.max_age);
        said.forbids |= said.max_age == Some(0);
        said
    }
}

fn shorter(known: Option<u64>, other: u64) -> Option<u64> {
    Some(known.map_or(other, |known| known.min(other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &'static str) -> CacheControl {
        CacheControl::of(&HeaderMap::from_iter([(header::CACHE_CONTROL, value.parse().unwrap())]))
    }

    #[test]
    fn directives_are_read_in_any_writing() {
        assert_eq!(of("public, Max-Age=60"), CacheControl { max_age: Some(60), ..Default::default() });
        assert_eq!(of("max-age=60, s-maxage=\"5\""), CacheControl { max_age: Some(5), ..Default::default() });
        assert!(of("PRIVATE").private);
        assert!(of("private=\"set-cookie, x\"").private);
        assert!(of("no-cache=\"set-cookie\"").forbids);
        assert!(of("public,no-store").forbids);
        assert_eq!(CacheControl::of(&HeaderMap::new()), CacheControl::default());
    }

    #[test]
    fn unsure_is_not_kept() {
        assert!(of("max-age=soon").forbids);
        assert!(of("max-age=0").forbids);
        assert!(of("max-age=60, max-age=0").forbids);
        assert!(of("max-age=60, s-maxage=0").forbids);
        assert!(!of("foo=\"no-store, private\"").forbids);
    }
}
