//! A schema whose rows arrive in any order.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use cache_core::{Column, Table};

use super::body::{Bodies, Body, Lexeme, lexemes};
use super::effects::Kind;
use super::stores::Stores;
use super::table::Action;
use super::{Catalogue, ColumnInfo, ForeignKey, TableInfo, Trigger, refusal};
use crate::Dialect;

/// What has been read so far; relations go by an identity, since names may repeat.
#[derive(Debug)]
pub(super) struct Draft {
    dialect: Dialect,
    relations: BTreeMap<String, Relation>,
    foreign_keys: BTreeMap<String, Reference>,
    triggers: Vec<(String, Option<Kind>, Body)>,
    defaults: Vec<(String, String)>,
    routines: HashMap<Table, Vec<Body>>,
    inherits: Vec<(String, String)>,
    enums: HashSet<Table>,
    databases: Option<Vec<String>>,
    outward: Vec<Table>,
    attributes: HashSet<Table>,
    /// A row could not be understood, nor told which relation it is about.
    pub(super) blind: bool,
}

/// A table or a view.
#[derive(Debug, Default)]
pub(super) struct Relation {
    pub(super) name: Option<Table>,
    columns: Vec<(u32, ColumnInfo)>,
    pub(super) info: TableInfo,
    pub(super) refusal: Option<Arc<str>>,
    /// The query of a view.
    pub(super) definition: Option<String>,
    /// What it reads, where the database tells.
    reads: Vec<Table>,
}

#[derive(Debug)]
struct Reference {
    child: String,
    parent: Parent,
    on_delete: Action,
    on_update: Action,
    columns: Vec<(Column, Column)>,
}

/// The table that a reference points to.
#[derive(Clone, Debug)]
pub(super) enum Parent {
    Id(String),
    Name(Table),
}

impl Draft {
    pub(super) fn new(dialect: Dialect) -> Self {
        Draft {
            dialect,
            relations: BTreeMap::new(),
            foreign_keys: BTreeMap::new(),
            triggers: Vec::new(),
            defaults: Vec::new(),
            routines: HashMap::new(),
            inherits: Vec::new(),
            enums: HashSet::new(),
            databases: (dialect == Dialect::MySql).then(Vec::new),
            outward: Vec::new(),
            attributes: HashSet::new(),
            blind: false,
        }
    }

    pub(super) fn relation(&mut self, id: &str) -> &mut Relation {
        self.relations.entry(id.to_owned()).or_default()
    }

    pub(super) fn column(&mut self, id: &str, position: &str, column: ColumnInfo) {
        let relation = self.relation(id);
        match position.parse() {
            Ok(position) => relation.columns.push((position, column)),
            Err(_) => relation.info.unclear = true,
        }
    }

    pub(super) fn reads(&mut self, id: &str, name: Table) {
        self.relation(id).reads.push(name);
    }

    pub(super) fn foreign_key(
        &mut self,
        id: &str,
        child: &str,
        parent: Parent,
        actions: (Action, Action),
        columns: (&str, &str),
    ) {
        let reference = self.foreign_keys.entry(id.to_owned()).or_insert_with(|| Reference {
            child: child.to_owned(),
            parent,
            on_delete: actions.0,
            on_update: actions.1,
            columns: Vec::new(),
        });
        reference.columns.push((Column::from(columns.0), Column::from(columns.1)));
    }

    pub(super) fn trigger(&mut self, id: &str, event: Option<Kind>, body: Body) {
        self.triggers.push((id.to_owned(), event, body));
    }

    pub(super) fn default(&mut self, id: &str, expression: &str) {
        self.defaults.push((id.to_owned(), expression.to_owned()));
    }

    pub(super) fn routine(&mut self, name: &str, body: Body) {
        self.routines.entry(Table::from(name)).or_default().push(body);
    }

    /// A routine that takes a row.
    pub(super) fn attribute(&mut self, name: &str) {
        self.attributes.insert(Table::from(name));
    }

    /// The name of the database whose schema this is.
    pub(super) fn database(&mut self, name: &str) {
        self.databases.get_or_insert_default().push(name.to_owned());
    }

    /// A table refers to one of another database.
    pub(super) fn outward(&mut self, child: &str) {
        self.outward.push(Table::from(child));
    }

    pub(super) fn inherits(&mut self, child: &str, parent: &str) {
        self.inherits.push((child.to_owned(), parent.to_owned()));
    }

    pub(super) fn enumeration(&mut self, name: &str) {
        self.enums.insert(Table::from(name));
    }

    fn name(&self, id: &str) -> Option<&Table> {
        self.relations.get(id)?.name.as_ref()
    }

    pub(super) fn finish(mut self) -> Catalogue {
        let mut catalogue = Catalogue::new(self.dialect);
        catalogue.blind = self.blind || self.relations.values().any(|relation| relation.name.is_none());
        catalogue.enums = std::mem::take(&mut self.enums);
        catalogue.databases = self.databases.take();
        catalogue.outward = std::mem::take(&mut self.outward);
        catalogue.attributes = std::mem::take(&mut self.attributes);
        self.references(&mut catalogue);
        let names: HashSet<Table> = self.relations.values().filter_map(|relation| relation.name.clone()).collect();
        self.bodies(&names, &mut catalogue);
        self.families(&mut catalogue);
        let mut definitions = Vec::new();
        for relation in std::mem::take(&mut self.relations).into_values() {
            relation.place(&mut catalogue, &names, &mut definitions);
        }
        catalogue.blend_families();
        catalogue.routines = self.routines.into_keys().collect();
        refusal::of_views(&mut catalogue, definitions);
        catalogue
    }

    fn references(&mut self, catalogue: &mut Catalogue) {
        for reference in std::mem::take(&mut self.foreign_keys).into_values() {
            let parent = match reference.parent {
                Parent::Id(id) => self.name(&id).cloned(),
                Parent::Name(name) => Some(name),
            };
            let Some(parent) = parent else {
                catalogue.blind = true;
                continue;
            };
            let (columns, parent_columns) = reference.columns.into_iter().unzip();
            let (on_delete, on_update) = (reference.on_delete, reference.on_update);
            let key = ForeignKey { columns, parent, parent_columns, on_delete, on_update };
            self.relation(&reference.child).info.foreign_keys.push(key);
        }
    }

    fn bodies(&mut self, names: &HashSet<Table>, catalogue: &mut Catalogue) {
        let bodies = Bodies { dialect: self.dialect, relations: names, routines: &self.routines };
        let calls = |expression: &str| {
            let is_routine =
                |word| matches!(word, Lexeme::Word(name) if self.routines.contains_key(&Table::from(name)));
            lexemes(expression).into_iter().any(is_routine)
        };
        let mut triggers = std::mem::take(&mut self.triggers);
        for (id, expression) in std::mem::take(&mut self.defaults) {
            if calls(&expression) {
                for event in [Kind::Insert, Kind::Update] {
                    triggers.push((id.clone(), Some(event), Body::Text(expression.clone())));
                }
            }
        }
        for (id, event, body) in triggers {
            let Some(on) = self.name(&id).cloned() else {
                catalogue.blind = true;
                continue;
            };
            match bodies.written(&body) {
                Some(tables) => catalogue.triggers.extend(tables.into_iter().map(|table| Trigger {
                    on: on.clone(),
                    event,
                    written: Some(table),
                })),
                None => catalogue.triggers.push(Trigger { on, event, written: None }),
            }
        }
    }

    fn families(&self, catalogue: &mut Catalogue) {
        for (child, parent) in &self.inherits {
            let (Some(child), Some(parent)) = (self.name(child), self.name(parent)) else {
                catalogue.blind = true;
                continue;
            };
            let concerned = |family: &Vec<Table>| family.contains(child) || family.contains(parent);
            let mut joined = vec![child.clone(), parent.clone()];
            for family in catalogue.families.extract_if(.., |family| concerned(family)) {
                joined.extend(family);
            }
            joined.sort();
            joined.dedup();
            catalogue.families.push(joined);
        }
    }
}

impl Relation {
    fn place(mut self, catalogue: &mut Catalogue, names: &HashSet<Table>, definitions: &mut Vec<(Table, String)>) {
        let Some(name) = self.name else { return };
        self.columns.sort_by_key(|(position, _)| *position);
        let mut info = self.info;
        info.columns = self.columns.into_iter().map(|(_, column)| column).collect();
        info.blur_twins();
        match catalogue.tables.get_mut(&name) {
            Some(known) => known.merge(info),
            None => {
                catalogue.tables.insert(name.clone(), info);
            }
        }
        let refusal = catalogue.relations.entry(name.clone()).or_insert(None);
        if refusal.is_none() {
            *refusal = self.refusal;
        }
        if let Some(definition) = self.definition {
            let mut under = self.reads;
            if catalogue.dialect == Dialect::MySql {
                under.extend(lexemes(&definition).into_iter().filter_map(|word| match word {
                    Lexeme::Word(word) => Some(Table::from(word)),
                    Lexeme::Sign(_) => None,
                }));
                let text = definition.to_ascii_lowercase();
                under.extend(names.iter().filter(|name| text.contains(name.as_str())).cloned());
                under.retain(|table| names.contains(table));
            }
            under.sort();
            under.dedup();
            under.retain(|table| *table != name);
            if under.is_empty() && catalogue.dialect == Dialect::MySql {
                catalogue.triggers.push(Trigger { on: name.clone(), event: None, written: None });
            }
            catalogue.derived.push((name.clone(), under.clone()));
            catalogue.writable.push((name.clone(), under));
            definitions.push((name, definition));
        }
    }
}

impl TableInfo {
    /// Takes in another table of the same name: what differs is not known.
    fn merge(&mut self, other: TableInfo) {
        let differs = self.columns != other.columns || self.primary_key != other.primary_key;
        self.unclear |= differs || other.unclear;
        self.rewritten |= other.rewritten;
        self.locks &= other.locks;
        self.foreign_keys.extend(other.foreign_keys);
    }
}

impl Catalogue {
    /// Tables that share rows share what is known of them.
    fn blend_families(&mut self) {
        for family in &self.families {
            let members: Vec<&TableInfo> = family.iter().filter_map(|name| self.tables.get(name)).collect();
            let rewritten = members.iter().any(|info| info.rewritten || info.unclear);
            let mut blurred: Vec<Column> = Vec::new();
            for info in &members {
                for column in &info.columns {
                    let agrees = |other: &&TableInfo| {
                        other.column(&column.name).is_none_or(|other| {
                            other.stores == column.stores
                                && other.generated == column.generated
                                && other.nullable == column.nullable
                        })
                    };
                    if !members.iter().all(agrees) {
                        blurred.push(column.name.clone());
                    }
                }
            }
            for name in family {
                let Some(info) = self.tables.get_mut(name) else { continue };
                info.rewritten |= rewritten;
                for column in info.columns.iter_mut().filter(|column| blurred.contains(&column.name)) {
                    column.stores = Stores::Unknown;
                    column.nullable = false;
                }
            }
        }
    }
}
