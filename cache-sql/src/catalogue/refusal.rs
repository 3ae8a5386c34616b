//! Why a relation must not be read through the cache.

use std::sync::Arc;

use cache_core::Table;

use super::Catalogue;
use super::body::{Lexeme, lexemes};
use crate::Statement;

pub(super) fn unknown(name: &Table) -> Arc<str> {
    format!(
        "the relation {name} is not known: define it in a schema that the catalogue reads, or, if it is new, call forget_schema"
    )
    .into()
}

/// Looks through the definitions of views: they must read nothing but relations whose rows may be cached.
///
/// `routines` are the functions that users have defined; they may be called like one that is known to be pure.
pub(super) fn of_views(catalogue: &mut Catalogue, definitions: Vec<(Table, String)>, routines: &[Table]) {
    let mut reads: Vec<(Table, Vec<Table>)> = Vec::new();
    for (view, definition) in definitions {
        match read(catalogue, &definition, routines) {
            Ok(tables) => reads.push((view, tables)),
            Err(reason) => refuse(catalogue, &view, &reason),
        }
    }
    loop {
        let mut refused = Vec::new();
        for (view, tables) in &reads {
            let reason = tables.iter().filter(|table| *table != view).find_map(|table| catalogue.refusal(table));
            if let (Some(reason), Some(None)) = (reason, catalogue.relations.get(view)) {
                refused.push((view.clone(), reason));
            }
        }
        if refused.is_empty() {
            return;
        }
        for (view, reason) in refused {
            refuse(catalogue, &view, &reason);
        }
    }
}

/// The tables that a definition reads, or why what it gives must not be cached.
fn read(catalogue: &Catalogue, definition: &str, routines: &[Table]) -> Result<Vec<Table>, Arc<str>> {
    let words = lexemes(definition);
    for pair in words.windows(2) {
        if let [Lexeme::Word(name), Lexeme::Sign('(')] = pair
            && routines.contains(&Table::from(*name))
        {
            return Err(format!("it calls {name}(), which may read anything").into());
        }
    }
    match crate::analyse(catalogue.dialect, definition, &[]) {
        Statement::Read { dependencies } => match dependencies.uncacheable_reason() {
            Some(reason) => Err(reason.into()),
            None => Ok(dependencies.tables().cloned().collect()),
        },
        _ => Err("its definition cannot be read".into()),
    }
}

fn refuse(catalogue: &mut Catalogue, view: &Table, reason: &str) {
    let known = catalogue.relations.entry(view.clone()).or_insert(None);
    known.get_or_insert_with(|| format!("the view {view} is not cached: {reason}").into());
}
