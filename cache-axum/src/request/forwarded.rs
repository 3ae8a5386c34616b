//! The host and the scheme that a client has asked for, as proxies tell of them.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::list::split;

/// Whoever writes links reads these, and anybody can send them: a page that was made under one host must not be served
/// under another.
pub(crate) static NAMES: [HeaderName; 6] = [
    header::HOST,
    header::FORWARDED,
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-forwarded-prefix"),
];

/// What of the fields is part of a key, with the place of each in [`NAMES`]; `None` when one of them is no text.
pub(crate) fn parts(headers: &HeaderMap) -> Option<Vec<(usize, String)>> {
    let mut parts = Vec::new();
    for (place, name) in NAMES.iter().enumerate() {
        for value in headers.get_all(name) {
            let text = std::str::from_utf8(value.as_bytes()).ok()?;
            parts.push((place, if *name == header::FORWARDED { of_the_origin(text) } else { text.to_owned() }));
        }
    }
    Some(parts)
}

/// Leaves of `Forwarded` what is part of a key.
pub(crate) fn hide_addresses(headers: &mut HeaderMap) {
    let lines: Vec<_> = headers.get_all(header::FORWARDED).iter().cloned().collect();
    headers.remove(header::FORWARDED);
    for line in lines {
        let left = line.to_str().map(of_the_origin).ok().filter(|left| !left.is_empty());
        if let Some(left) = left.and_then(|left| HeaderValue::try_from(left).ok()) {
            headers.append(header::FORWARDED, left);
        }
    }
}

/// A `Forwarded` without the addresses of the client and of the proxies. What cannot be told apart is kept as it is.
fn of_the_origin(text: &str) -> String {
    // Escapes in quotes are rare, and hide where a quote ends.
    if text.contains('\\') {
        return text.to_owned();
    }
    let of_an_address = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default().trim();
        name.eq_ignore_ascii_case("for") || name.eq_ignore_ascii_case("by")
    };
    let elements = split(text, ',').map(|element| {
        let pairs: Vec<&str> = split(element, ';').filter(|pair| !of_an_address(pair)).collect();
        pairs.join(";")
    });
    elements.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_left_out_and_nothing_else() {
        assert_eq!(of_the_origin(r#"For="[2001:db8::1]:47";proto=https, for=1.2.3.4;host=a"#), "proto=https,host=a");
        assert_eq!(of_the_origin(r#"for="a;host=b""#), "");
        assert_eq!(of_the_origin("host=shop.example; secret=x;by=_me"), "host=shop.example;secret=x");
        let odd = r#"for="\";host=a""#;
        assert_eq!(of_the_origin(odd), odd);
    }

    #[test]
    fn fields_do_not_stand_for_each_other() {
        let of =
            |name: &'static str| parts(&HeaderMap::from_iter([(HeaderName::from_static(name), "a".parse().unwrap())]));
        assert_ne!(of("host"), of("x-forwarded-host"));
        assert_eq!(of("host"), Some(vec![(0, "a".to_owned())]));
    }
}
