//! The licences that an SPDX expression names.

/// The names in `expression`, each once, in order; an exception stays with its licence.
///
/// ```
/// # use crate_browser::import::licence::names;
/// assert_eq!(names("MIT OR Apache-2.0"), ["MIT", "Apache-2.0"]);
/// assert_eq!(names("MIT/Apache-2.0"), ["MIT", "Apache-2.0"]);
/// assert_eq!(
///     names("(Apache-2.0 WITH LLVM-exception) AND MIT"),
///     ["Apache-2.0 WITH LLVM-exception", "MIT"]
/// );
/// ```
pub fn names(expression: &str) -> Vec<String> {
    let spaced = expression.replace(['/', '(', ')', ','], " ");
    let mut names: Vec<String> = Vec::new();
    let mut words = spaced.split_whitespace();
    while let Some(word) = words.next() {
        match word.to_ascii_uppercase().as_str() {
            "OR" | "AND" => {}
            "WITH" => {
                if let (Some(last), Some(exception)) = (names.last_mut(), words.next()) {
                    last.push_str(" WITH ");
                    last.push_str(exception);
                }
            }
            _ => names.push(word.to_owned()),
        }
    }
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}
