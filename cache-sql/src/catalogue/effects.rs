//! Which other tables a write reaches.

use cache_core::{Change, Column, Table};

use super::table::Action;
use super::{Catalogue, Fault, ForeignKey, Trigger};
use crate::Dialect;

/// What happens to rows of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Insert,
    /// Of these columns; `None` for any.
    Update(Option<Vec<Column>>),
    Delete,
}

/// An event without its columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Insert,
    Update,
    Delete,
}

impl Event {
    fn kind(&self) -> Kind {
        match self {
            Event::Insert => Kind::Insert,
            Event::Update(_) => Kind::Update,
            Event::Delete => Kind::Delete,
        }
    }
}

/// What a write brings about beyond the rows that it names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Effects {
    /// The tables and views of which any row may have changed.
    pub(crate) tables: Vec<Table>,
    /// Anything may have changed.
    pub(crate) everything: bool,
}

impl Catalogue {
    /// The tables and views of which any row may have changed because of `event` on `table`.
    ///
    /// The table itself is among them only when something else writes it in turn.
    pub(crate) fn effects(&self, table: &Table, event: Event) -> Effects {
        let mut effects = Effects { tables: Vec::new(), everything: self.blind || self.may_be_misspelt(table) };
        let mut seen = Vec::new();
        let mut queue = vec![(table.clone(), event)];
        while let Some(item) = queue.pop() {
            if seen.contains(&item) {
                continue;
            }
            seen.push(item.clone());
            let (written, event) = item;
            for (table, event) in self.family(&written, event) {
                if table != written {
                    reach(&mut effects.tables, &table);
                }
                self.fire(&table, &event, &mut effects, &mut queue);
                if self.table(&table).is_some_and(|info| info.replaces) && event != Event::Delete {
                    reach(&mut effects.tables, &table);
                    queue.push((table.clone(), Event::Delete));
                }
                if self.fault != Some(Fault::ForgetsCascades) {
                    self.cascade(&table, &event, &mut effects.tables, &mut queue);
                }
                self.write_through(&table, &event, &mut effects.tables, &mut queue);
                self.reach_derived(&table, &mut effects.tables);
            }
        }
        effects
    }

    /// MySQL may take two spellings of letters beyond ASCII for one name.
    fn may_be_misspelt(&self, table: &Table) -> bool {
        self.dialect == Dialect::MySql && !table.as_str().is_ascii() && !self.relations.contains_key(table)
    }

    /// What happens to the tables that share rows with this one; an update may move rows between them.
    fn family(&self, table: &Table, event: Event) -> Vec<(Table, Event)> {
        let mut families = self.families.iter().filter(|family| family.contains(table)).flatten().peekable();
        if families.peek().is_none() {
            return vec![(table.clone(), event)];
        }
        let events = match event {
            Event::Update(_) => vec![event, Event::Insert, Event::Delete],
            event => vec![event],
        };
        families.flat_map(|table| events.iter().map(|event| (table.clone(), event.clone()))).collect()
    }

    fn fire(&self, table: &Table, event: &Event, effects: &mut Effects, queue: &mut Vec<(Table, Event)>) {
        let fires =
            |trigger: &&Trigger| trigger.on == *table && trigger.event.is_none_or(|wanted| wanted == event.kind());
        for trigger in self.triggers.iter().filter(fires) {
            let Some(written) = &trigger.written else {
                effects.everything = true;
                continue;
            };
            reach(&mut effects.tables, written);
            for event in [Event::Insert, Event::Update(None), Event::Delete] {
                queue.push((written.clone(), event));
            }
        }
    }

    /// A write of a view is one of what lies under it.
    fn write_through(&self, view: &Table, event: &Event, reached: &mut Vec<Table>, queue: &mut Vec<(Table, Event)>) {
        for (_, under) in self.writable.iter().filter(|(name, _)| name == view) {
            for table in under {
                reach(reached, table);
                let event = match event {
                    Event::Update(_) => Event::Update(None),
                    event => event.clone(),
                };
                queue.push((table.clone(), event));
            }
        }
    }

    fn cascade(&self, table: &Table, event: &Event, reached: &mut Vec<Table>, queue: &mut Vec<(Table, Event)>) {
        for (child, info) in &self.tables {
            for key in info.foreign_keys.iter().filter(|key| key.parent == *table) {
                let action = match event {
                    Event::Insert => Action::Nothing,
                    Event::Delete => key.on_delete,
                    Event::Update(columns) if self.touches(key, columns.as_deref()) => key.on_update,
                    Event::Update(_) => Action::Nothing,
                };
                if action == Action::Nothing {
                    continue;
                }
                reach(reached, child);
                let deletes = matches!(event, Event::Delete) && action == Action::Cascade;
                let next = if deletes { Event::Delete } else { Event::Update(Some(key.columns.clone())) };
                queue.push((child.clone(), next));
            }
        }
    }

    /// Whether an update of `columns` may change what a foreign key refers to.
    fn touches(&self, key: &ForeignKey, columns: Option<&[Column]>) -> bool {
        let Some(columns) = columns else { return true };
        let parent = self.table(&key.parent);
        let referred = match (&key.parent_columns[..], parent) {
            ([], Some(parent)) => &parent.primary_key[..],
            (named, _) => named,
        };
        referred.is_empty()
            || columns.iter().any(|column| referred.contains(column) || parent.is_none_or(|parent| !parent.has(column)))
    }

    /// Adds any row of the tables that triggers of this one write.
    pub(crate) fn triggered_by(&self, table: &Table, changes: &mut Vec<Change>) {
        for trigger in self.triggers.iter().filter(|trigger| trigger.on == *table) {
            changes.push(match &trigger.written {
                Some(written) => Change::table(written),
                None => Change::everything(),
            });
        }
    }

    /// The views, and virtual tables, whose rows are made of those of this table.
    pub(crate) fn views_over(&self, table: &Table) -> Vec<Table> {
        let mut views = Vec::new();
        self.reach_derived(table, &mut views);
        views
    }

    fn reach_derived(&self, table: &Table, reached: &mut Vec<Table>) {
        let mut changed = vec![table.clone()];
        while let Some(table) = changed.pop() {
            for (view, mentioned) in &self.derived {
                if mentioned.contains(&table) && *view != table && !reached.contains(view) {
                    reached.push(view.clone());
                    changed.push(view.clone());
                }
            }
        }
    }
}

fn reach(reached: &mut Vec<Table>, table: &Table) {
    if !reached.contains(table) {
        reached.push(table.clone());
    }
}
