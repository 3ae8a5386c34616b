//! The pages of the guide show code that is compiled: as doctests, or as excerpts of files that are.

use std::fs;
use std::path::{Path, PathBuf};

const DOCTESTS: &str = include_str!("../src/lib.rs");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The lines without the space around them; the empty ones are left out.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

fn contains(whole: &str, excerpt: &str) -> bool {
    let (whole, excerpt) = (lines(whole), lines(excerpt));
    !excerpt.is_empty() && whole.windows(excerpt.len()).any(|window| window == excerpt)
}

/// What is wrong with a page: Rust that is not compiled, and excerpts that are none.
fn faults(page: &str, read: impl Fn(&str) -> String) -> Vec<String> {
    let mut faults = Vec::new();
    let mut source = None;
    let mut block: Option<(&str, String)> = None;
    for line in page.lines() {
        match (line.trim().strip_prefix("```"), block.take()) {
            (Some(language), None) => block = Some((language, String::new())),
            (Some(_), Some((language, text))) => match source.take() {
                Some(path) if !contains(&read(path), &text) => faults.push(format!("not in {path}:\n{text}")),
                None if language.starts_with("rust") && language != "rust" && language != "rust,no_run" => {
                    faults.push(format!("neither compiled nor an excerpt:\n{text}"));
                }
                _ => {}
            },
            (None, Some((language, text))) => block = Some((language, format!("{text}{line}\n"))),
            (None, None) => {
                let comment = line.trim().strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"));
                source = comment.or(source.filter(|_| line.trim().is_empty()));
            }
        }
    }
    faults
}

#[test]
fn every_page_is_compiled() {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap_or_default();
    let pages = fs::read_dir(root().join("docs/guide")).unwrap();
    let mut wrong = Vec::new();
    for page in pages {
        let name = page.unwrap().file_name().into_string().unwrap();
        let text = read(&format!("docs/guide/{name}"));
        if !DOCTESTS.contains(&format!("include_str!(\"../../docs/guide/{name}\")")) {
            wrong.push(format!("{name} is not among the doctests of this package"));
        }
        wrong.extend(faults(&text, read).into_iter().map(|fault| format!("{name}: {fault}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_check_sees_what_is_wrong() {
    let read = |_: &str| "fn one() {\n    two();\n}\n".to_owned();
    for (page, count) in [
        ("```rust\nanything();\n```", 0),
        ("```rust,ignore\ntwo();\n```", 1),
        ("<!-- a.rs -->\n```rust,ignore\ntwo();\n}\n```", 0),
        ("<!-- a.rs -->\n```rust,ignore\nthree();\n```", 1),
        ("<!-- a.rs -->\nSomething else.\n```rust,ignore\ntwo();\n```", 1),
        ("```toml\na = 1\n```", 0),
    ] {
        assert_eq!(faults(page, read).len(), count, "{page}");
    }
}
