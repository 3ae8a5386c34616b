//! `If-None-Match`.

use http::{HeaderMap, HeaderValue, header};

use crate::list;

/// The entity tags that a client has already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct IfNoneMatch {
    any: bool,
    opaque: Vec<String>,
}

impl IfNoneMatch {
    /// What the request says; what cannot be read matches nothing.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let elements = list::elements(headers, &header::IF_NONE_MATCH).unwrap_or_default();
        IfNoneMatch {
            any: elements == ["*"],
            opaque: elements.into_iter().map(|tag| weak(tag).to_owned()).filter(|tag| tag.starts_with('"')).collect(),
        }
    }

    /// Whether the client has a response with this tag, by weak comparison (RFC 9110, 8.8.3.2 and 13.1.2).
    pub(crate) fn is_met_by(&self, tag: Option<&HeaderValue>) -> bool {
        let tag = tag.and_then(|tag| tag.to_str().ok());
        self.any || tag.is_some_and(|tag| self.opaque.iter().any(|known| known == weak(tag)))
    }
}

fn weak(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(sent: &[&str], tag: &'static str) -> bool {
        let lines = sent.iter().map(|line| (header::IF_NONE_MATCH, line.parse().unwrap()));
        let mut headers = HeaderMap::new();
        lines.for_each(|(name, value)| _ = headers.append(name, value));
        IfNoneMatch::of(&headers).is_met_by(Some(&HeaderValue::from_static(tag)))
    }

    #[test]
    fn tags_are_compared_weakly() {
        assert!(met(&[r#""a""#], r#""a""#));
        assert!(met(&[r#"W/"a""#], r#""a""#));
        assert!(met(&[r#""a""#], r#"W/"a""#));
        assert!(met(&[r#""x", "a,b" , "c""#], r#""a,b""#));
        assert!(met(&[r#""x""#, r#""a""#], r#""a""#));
        assert!(met(&["*"], r#""a""#));
    }

    #[test]
    fn what_is_no_tag_matches_nothing() {
        assert!(!met(&["a"], r#""a""#));
        assert!(!met(&["a"], "a"));
        assert!(!met(&[r#""A""#], r#""a""#));
        assert!(!met(&[r#"*, "b""#], r#""a""#));
        assert!(!met(&[r#""a"#], r#""a""#));
        assert!(!met(&[], r#""a""#));
        assert!(!IfNoneMatch::default().is_met_by(None));
    }
}
