//! The table of configurations makes sense, and the README shows it.

use models::configurations::all;
use models::property::Property;

const README: &str = include_str!("../README.md");

#[test]
fn names_are_unique() {
    let mut names: Vec<&str> = all().iter().map(|one| one.name).collect();
    names.sort_unstable();
    let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
    assert_eq!(twice, None);
}

#[test]
fn expectations_are_letters_of_properties() {
    for one in all() {
        let known: String = Property::ALL.iter().map(|property| property.letter()).collect();
        let unknown: Vec<char> = one.violated.chars().filter(|letter| !known.contains(*letter)).collect();
        assert!(unknown.is_empty(), "{}: there is no property {unknown:?}", one.name);
    }
}

#[test]
fn an_ablation_breaks_more_than_what_it_is_made_from() {
    let configurations = all();
    for ablation in &configurations {
        let Some(name) = ablation.ablates else { continue };
        let whole = configurations.iter().find(|one| one.name == name);
        let whole = whole.unwrap_or_else(|| panic!("{} ablates {name}, which is not there", ablation.name));
        assert!(
            whole.violated.chars().all(|letter| ablation.violated.contains(letter))
                && ablation.violated.len() > whole.violated.len(),
            "{} breaks {}, {name} breaks {}",
            ablation.name,
            ablation.violated,
            whole.violated,
        );
    }
}

#[test]
fn the_readme_shows_every_configuration() {
    for one in all() {
        let violated = if one.violated.is_empty() { "-" } else { one.violated };
        let start = format!("| `{}` | {violated} |", one.name);
        let row = README.lines().find(|line| line.starts_with(&start));
        assert!(
            row.is_some_and(|row| row.ends_with(&format!("| {} |", one.because))),
            "no row {start} .. {}",
            one.because
        );
    }
}
