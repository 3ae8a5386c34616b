//! Lists in header fields.

use http::{HeaderMap, HeaderName};

/// The elements of a list, trimmed, empty ones left out. A separator between quotes separates nothing; what follows a
/// quote that is never closed is one element.
pub(crate) fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let parts = text.split(move |letter| {
        if letter == '"' {
            quoted = !quoted;
        }
        letter == separator && !quoted
    });
    parts.map(str::trim).filter(|part| !part.is_empty())
}

/// The elements of all lines of a field; `None` when one of them is no text.
pub(crate) fn elements<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Vec<&'a str>> {
    let lines: Option<Vec<&str>> = headers.get_all(name).iter().map(|line| line.to_str().ok()).collect();
    Some(lines?.into_iter().flat_map(|line| split(line, ',')).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_together() {
        let split = |text| split(text, ',').collect::<Vec<_>>();
        assert_eq!(split(r#" a , b="x, y" ,,c"#), ["a", r#"b="x, y""#, "c"]);
        assert_eq!(split(r#"a, "b, c"#), ["a", r#""b, c"#]);
        assert!(split(" , ").is_empty());
    }

    #[test]
    fn a_field_may_have_several_lines() {
        let mut headers = HeaderMap::new();
        headers.append(http::header::VARY, "accept, origin".parse().unwrap());
        headers.append(http::header::VARY, "cookie".parse().unwrap());
        assert_eq!(elements(&headers, &http::header::VARY), Some(vec!["accept", "origin", "cookie"]));
        headers.append(http::header::VARY, http::HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(elements(&headers, &http::header::VARY), None);
    }
}
