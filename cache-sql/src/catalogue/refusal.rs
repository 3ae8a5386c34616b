//! Why a relation must not be read through the cache.

use std::sync::Arc;

use cache_core::Table;

use super::Catalogue;
use crate::{Analyser, Statement};

pub(super) fn unknown(name: &Table) -> Arc<str> {
    format!(
        "the relation {name} is not known: define it in a schema that the catalogue reads, or, if it is new, call forget_schema"
    )
    .into()
}

/// Looks through the definitions of views: they must read nothing but relations whose rows may be cached.
pub(super) fn of_views(catalogue: &mut Catalogue, definitions: Vec<(Table, String)>) {
    let mut reads: Vec<(Table, Vec<Table>)> = Vec::new();
    for (view, definition) in definitions {
        match read(catalogue, &definition) {
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
fn read(catalogue: &Catalogue, definition: &str) -> Result<Vec<Table>, Arc<str>> {
    match Analyser::new(catalogue.dialect).analyse_with(catalogue, definition) {
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
