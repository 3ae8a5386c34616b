//! Which tables a profile is for.

use std::cmp::Reverse;

/// Tables in which tools for migrations keep what they have done: only an exact name reaches them.
const HISTORIES: [&str; 8] = [
    "seaql_migrations",
    "__diesel_schema_migrations",
    "_sqlx_migrations",
    "django_migrations",
    "refinery_schema_history",
    "flyway_schema_history",
    "schema_migrations",
    "ar_internal_metadata",
];

const STAR: u8 = b'*';

/// How specific a pattern is: exact before not, more parts, more letters, fewer stars.
pub(super) type Rank = (bool, usize, usize, Reverse<usize>);

/// The parts of a name, each possibly with stars, in the normal form of [`crate::Table`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    text: Box<str>,
    rank: Rank,
}

/// Whether a pattern is for a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    No,
    /// The pattern is an exact name with a schema, and the table was named without.
    Perhaps,
    Yes,
}

impl Pattern {
    /// Reads a pattern, or says what is wrong with it.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut parts: Vec<String> = text.trim().split('.').map(|part| bare(part).to_ascii_lowercase()).collect();
        for part in &mut parts {
            while part.contains("**") {
                *part = part.replace("**", "*");
            }
            if part.is_empty() {
                return Err("a part of the name is empty; write `table`, `schema.table` or `schema.*`".into());
            }
            if part.starts_with('#') {
                return Err("a name that begins with `#` is no lasting table; leave the profile out".into());
            }
            if let Some(wildcard) = part.chars().find(|c| matches!(c, '%' | '?')) {
                return Err(format!("`{wildcard}` is not a wildcard; write `*`, which stands for any letters"));
            }
        }
        // "Of any schema" says no more than the name without one.
        let leading = parts.iter().take_while(|part| *part == "*").count().min(parts.len() - 1);
        let text: Box<str> = parts[leading..].join(".").into();
        let stars = text.bytes().filter(|byte| *byte == STAR).count();
        let letters = text.chars().filter(|c| !matches!(c, '*' | '.')).count();
        let rank = (stars == 0, parts.len() - leading, letters, Reverse(stars));
        Ok(Pattern { text, rank })
    }

    /// The pattern in its normal form.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn rank(&self) -> Rank {
        self.rank
    }

    /// Whether the pattern is for the table of this name. Allocates nothing.
    pub(super) fn reaches(&self, table: &str) -> Reach {
        let exact = self.rank.0;
        if !exact && is_history(table) {
            return Reach::No;
        }
        let mut told = table.rsplit('.').map(bare);
        for part in self.text.rsplit('.') {
            match told.next() {
                Some(name) if matches(part.as_bytes(), name.as_bytes()) => {}
                None if exact => return Reach::Perhaps,
                _ => return Reach::No,
            }
        }
        Reach::Yes
    }
}

/// Whether a name stands for a table that lasts: a free tag, a temporary table and an empty name do not.
pub(super) fn is_lasting(table: &str) -> bool {
    let name = last(table);
    !name.is_empty() && !name.starts_with('#')
}

fn is_history(table: &str) -> bool {
    let name = last(table);
    HISTORIES.iter().any(|history| name.eq_ignore_ascii_case(history))
}

fn last(table: &str) -> &str {
    bare(table.rsplit('.').next().unwrap_or(table))
}

fn bare(part: &str) -> &str {
    part.trim_matches(['"', '`', '[', ']'])
}

/// Whether a name is what a part stands for: on a mismatch the last star takes one letter more.
fn matches(part: &[u8], name: &[u8]) -> bool {
    let (mut here, mut there) = (0, 0);
    let mut star = None;
    while there < name.len() {
        if part.get(here) == Some(&STAR) {
            star = Some((here, there));
            here += 1;
        } else if part.get(here) == Some(&name[there].to_ascii_lowercase()) {
            here += 1;
            there += 1;
        } else if let Some((at, taken)) = &mut star {
            *taken += 1;
            (here, there) = (*at + 1, *taken);
        } else {
            return false;
        }
    }
    part[here..].iter().all(|byte| *byte == STAR)
}
