//! The map of behaviours in `README.md` names tests that exist, and leaves no line out.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

const MAP: &str = include_str!("../README.md");

/// The parts of the project that a line may be left for.
const PARTS: [&str; 2] = ["command line and operations", "other stores"];

/// How many behaviours there are; the list may only grow.
const BEHAVIOURS: usize = 165;

struct Behaviour<'m> {
    text: &'m str,
    shown: Vec<&'m str>,
}

fn behaviours(map: &str) -> Vec<Behaviour<'_>> {
    let mut found: Vec<Behaviour<'_>> = Vec::new();
    for line in map.lines().skip_while(|line| !line.starts_with("## ")) {
        if let Some(text) = line.strip_prefix("- ") {
            found.push(Behaviour { text, shown: Vec::new() });
        } else if let (Some(shown), Some(behaviour)) = (line.strip_prefix("  - "), found.last_mut()) {
            behaviour.shown.push(shown);
        } else {
            assert!(line.is_empty() || line.starts_with("## "), "neither heading nor list: {line}");
        }
    }
    found
}

/// Whether a source has a test of this name: a function right under an attribute that makes it one.
fn has_test(source: &str, name: &str) -> bool {
    let is_it = |line: &str| {
        let function = line.trim_start().trim_start_matches("async ").strip_prefix("fn ");
        function.and_then(|rest| rest.strip_prefix(name)).is_some_and(|rest| rest.starts_with('('))
    };
    let lines: Vec<&str> = source.lines().collect();
    let above = |at: usize| lines[..at].iter().rev().take_while(|line| line.trim_start().starts_with("#["));
    let is_test = |attribute: &str| attribute.trim_start().starts_with("#[test]") || attribute.contains("::test");
    lines.iter().enumerate().any(|(at, line)| is_it(line) && above(at).any(|attribute| is_test(attribute)))
}

/// What is wrong with one line under a behaviour.
fn fault<'m>(shown: &'m str, sources: &mut HashMap<&'m str, String>) -> Option<String> {
    if let Some(part) = shown.strip_prefix("left for: ") {
        return (!PARTS.contains(&part)).then(|| format!("no part is called {part:?}"));
    }
    if let Some(why) = shown.strip_prefix("not applicable: ") {
        return (why.len() < 20).then(|| format!("{why:?} does not say why"));
    }
    let test = shown.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
    let Some((path, name)) = test.and_then(|test| test.split_once("::")) else {
        return Some(format!("{shown:?} is neither a test nor a reason"));
    };
    let source = sources.entry(path).or_insert_with(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        fs::read_to_string(root.join(path)).unwrap_or_default()
    });
    (!has_test(source, name)).then(|| format!("{path} has no test {name}"))
}

fn faults(map: &str) -> Vec<String> {
    let mut sources = HashMap::new();
    let mut faults = Vec::new();
    for behaviour in behaviours(map) {
        if behaviour.shown.is_empty() {
            faults.push(format!("not mapped: {}", behaviour.text));
        }
        let wrong = behaviour.shown.iter().filter_map(|shown| fault(shown, &mut sources));
        faults.extend(wrong.map(|fault| format!("{}: {fault}", behaviour.text)));
    }
    faults
}

#[test]
fn every_behaviour_is_mapped_to_a_test_that_exists() {
    assert_eq!(faults(MAP), [""; 0]);
    assert!(behaviours(MAP).len() >= BEHAVIOURS, "{} behaviours", behaviours(MAP).len());
}

#[test]
fn the_check_sees_what_is_wrong() {
    let shown = "`tests/tests/readme.rs::the_check_sees_what_is_wrong`";
    assert_eq!(faults(&format!("## A\n\n- text\n  - {shown}\n  - left for: other stores")), [""; 0]);
    for wrong in [
        "",
        "  - `tests/tests/readme.rs::the_check_sees`",
        "  - `tests/tests/readme.rs::faults`",
        "  - `tests/tests/nowhere.rs::the_check_sees_what_is_wrong`",
        "  - left for: later",
        "  - not applicable: no",
        "  - soon",
    ] {
        assert_eq!(faults(&format!("## A\n\n- text\n{wrong}")).len(), 1, "{wrong}");
    }
}
