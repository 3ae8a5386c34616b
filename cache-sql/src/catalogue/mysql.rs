//! The schema of MySQL and MariaDB.

use cache_core::{Column, Table};

use super::body::Body;
use super::draft::{Draft, Parent};
use super::effects::Kind;
use super::stores::Stores;
use super::table::Action;
use super::{Catalogue, ColumnInfo};
use crate::Dialect;

/// Every row: a word that says what it tells, and eleven columns.
pub(super) const QUERY: &str = r"
SELECT CAST('relation' AS CHAR), CAST(table_name AS CHAR), CAST(table_type AS CHAR), COALESCE(CAST(engine AS CHAR), ''),
    '', '', '', '', '', '', '', ''
FROM information_schema.tables WHERE table_schema = DATABASE()
UNION ALL
SELECT 'column', CAST(table_name AS CHAR), CAST(ordinal_position AS CHAR), CAST(column_name AS CHAR),
    CAST(data_type AS CHAR), CAST(column_type AS CHAR),
    COALESCE(CAST(character_maximum_length AS CHAR), ''), COALESCE(CAST(datetime_precision AS CHAR), ''),
    COALESCE(CONCAT(CAST(numeric_precision AS CHAR), ',', CAST(numeric_scale AS CHAR)), ''),
    COALESCE(CAST(collation_name AS CHAR), ''), CAST(is_nullable AS CHAR),
    CONCAT(COALESCE(CAST(extra AS CHAR), ''), CASE WHEN COALESCE(generation_expression, '') = '' THEN '' ELSE ' computed' END)
FROM information_schema.columns WHERE table_schema = DATABASE()
UNION ALL
SELECT 'key', CAST(table_name AS CHAR), CAST(column_name AS CHAR), '', '', '', '', '', '', '', '', ''
FROM information_schema.key_column_usage
WHERE table_schema = DATABASE() AND constraint_schema = DATABASE() AND constraint_name = 'PRIMARY'
UNION ALL
SELECT 'foreign', CAST(r.constraint_name AS CHAR), CAST(k.table_name AS CHAR), CAST(k.referenced_table_name AS CHAR),
    CAST(r.delete_rule AS CHAR), CAST(r.update_rule AS CHAR), CAST(k.column_name AS CHAR),
    CAST(k.referenced_column_name AS CHAR),
    CASE WHEN k.referenced_table_schema = DATABASE() THEN '' ELSE 'elsewhere' END, '', '', ''
FROM information_schema.referential_constraints r
JOIN information_schema.key_column_usage k ON k.constraint_schema = r.constraint_schema
    AND k.constraint_name = r.constraint_name AND k.table_name = r.table_name
WHERE r.constraint_schema = DATABASE() AND k.constraint_schema = DATABASE() AND k.referenced_table_name IS NOT NULL
UNION ALL
SELECT 'trigger', CAST(event_object_table AS CHAR), CAST(event_manipulation AS CHAR), CAST(action_timing AS CHAR),
    COALESCE(CAST(action_statement AS CHAR), ''), '', '', '', '', '', '', ''
FROM information_schema.triggers WHERE event_object_schema = DATABASE()
UNION ALL
SELECT 'view', CAST(table_name AS CHAR), COALESCE(CAST(view_definition AS CHAR), ''), '', '', '', '', '', '', '', '', ''
FROM information_schema.views WHERE table_schema = DATABASE()
UNION ALL
SELECT 'routine', CAST(routine_name AS CHAR), CAST(routine_body AS CHAR), COALESCE(CAST(routine_definition AS CHAR), ''),
    '', '', '', '', '', '', '', ''
FROM information_schema.routines WHERE routine_schema = DATABASE()
UNION ALL
SELECT 'database', CAST(DATABASE() AS CHAR), '', '', '', '', '', '', '', '', '', ''
FROM information_schema.schemata WHERE schema_name = DATABASE()
UNION ALL
SELECT 'rights', CASE WHEN
    EXISTS (SELECT 1 FROM information_schema.user_privileges WHERE privilege_type = 'TRIGGER')
    OR EXISTS (SELECT 1 FROM information_schema.schema_privileges
        WHERE privilege_type = 'TRIGGER' AND DATABASE() LIKE table_schema)
    THEN 'all' ELSE 'some' END, '', '', '', '', '', '', '', '', '', ''";

/// Engines that keep their rows themselves, and give them back when a transaction is rolled back.
///
/// Others write at once whatever becomes of the transaction, in which the changes wait.
const ENGINES: [&str; 4] = ["innodb", "rocksdb", "tokudb", "ndbcluster"];

pub(super) fn read<'a>(rows: impl Iterator<Item = &'a [String]>) -> Catalogue {
    let mut draft = Draft::new(Dialect::MySql);
    let mut sees_triggers = false;
    for row in rows {
        let row: Vec<&str> = row.iter().map(String::as_str).collect();
        match row[..] {
            ["relation", name, kind, engine, ..] => relation(&mut draft, name, kind, engine),
            [
                "column",
                table,
                position,
                name,
                kind,
                declared,
                length,
                places,
                digits,
                collation,
                nullable,
                extra,
                ..,
            ] => {
                let extra = extra.to_ascii_lowercase();
                let is = |wanted: &[&str]| extra.split([' ', ',']).any(|word| wanted.contains(&word));
                let numbered = is(&["auto_increment"]);
                // Names are compared without regard to case, also beyond ASCII.
                let clear = name.is_ascii();
                let stores = match clear && !extra.contains("on update") {
                    true => match stores(kind, declared, (length, places, digits), collation) {
                        Stores::Int { min, max, .. } => Stores::Int { min, max, numbered },
                        // A number that the database chooses is of one of these types only.
                        _ if numbered => Stores::Unknown,
                        stores => stores,
                    },
                    false => Stores::Unknown,
                };
                let column = ColumnInfo {
                    name: Column::from(name),
                    stores,
                    generated: is(&["computed", "generated", "virtual", "stored", "persistent"]),
                    nullable: nullable == "YES" && !numbered && clear && !extra.contains("on update"),
                    positional: !is(&["invisible"]),
                };
                draft.column(&table.to_ascii_lowercase(), position, column);
            }
            ["key", table, column, ..] => {
                draft.relation(&table.to_ascii_lowercase()).info.primary_key.push(Column::from(column));
            }
            ["foreign", name, child, parent, on_delete, on_update, own, other, place, ..] => {
                if place == "elsewhere" {
                    draft.outward(child);
                }
                let id = format!("{child} {name}");
                let actions = (action(on_delete), action(on_update));
                let parent = Parent::Name(Table::from(parent));
                draft.foreign_key(&id, &child.to_ascii_lowercase(), parent, actions, (own, other));
            }
            ["trigger", table, event, timing, source, ..] => {
                let id = table.to_ascii_lowercase();
                draft.relation(&id).info.rewritten |= !timing.eq_ignore_ascii_case("AFTER");
                let event = match event {
                    "INSERT" => Some(Kind::Insert),
                    "UPDATE" => Some(Kind::Update),
                    "DELETE" => Some(Kind::Delete),
                    _ => None,
                };
                draft.trigger(&id, event, body("SQL", source));
            }
            ["view", name, definition, ..] => {
                let relation = draft.relation(&name.to_ascii_lowercase());
                relation.info.rewritten = true;
                relation.definition = Some(definition.to_owned());
            }
            ["routine", name, language, source, ..] => draft.routine(name, body(language, source)),
            ["database", name, ..] => draft.database(name),
            ["rights", "all", ..] => sees_triggers = true,
            ["rights", ..] => {}
            ["relation" | "column" | "key", table, ..] => {
                draft.relation(&table.to_ascii_lowercase()).info.unclear = true;
            }
            _ => draft.blind = true,
        }
    }
    draft.blind |= !sees_triggers;
    draft.finish()
}

fn relation(draft: &mut Draft, name: &str, kind: &str, engine: &str) {
    let relation = draft.relation(&name.to_ascii_lowercase());
    let owns_rows = ENGINES.iter().any(|known| known.eq_ignore_ascii_case(engine));
    let refusal = match kind {
        "BASE TABLE" | "SYSTEM VERSIONED" if owns_rows => None,
        "BASE TABLE" | "SYSTEM VERSIONED" => Some(format!(
            "{name} is kept by the engine {engine}: its rows may change without being seen, or before the commit"
        )),
        "VIEW" => None,
        kind => Some(format!("{name} is a {}", kind.to_ascii_lowercase())),
    };
    relation.info.rewritten |= refusal.is_some() || kind == "VIEW";
    relation.info.locks = kind == "BASE TABLE" && engine.eq_ignore_ascii_case("innodb");
    if kind == "VIEW" {
        // What is out of sight may be anything.
        relation.definition.get_or_insert_default();
    }
    relation.refusal = refusal.map(Into::into);
    // Two tables whose names differ in case only are told apart nowhere else.
    relation.info.unclear |= relation.name.is_some();
    relation.name = Some(Table::from(name));
}

fn stores(kind: &str, declared: &str, sizes: (&str, &str, &str), collation: &str) -> Stores {
    let (length, places, digits) = sizes;
    let signed = !declared.to_ascii_lowercase().contains("unsigned");
    let length = length.parse::<u64>().ok();
    match kind.to_ascii_lowercase().as_str() {
        "tinyint" => Stores::int(8, signed),
        "smallint" => Stores::int(16, signed),
        "mediumint" => Stores::int(24, signed),
        "int" => Stores::int(32, signed),
        "bigint" => Stores::int(64, signed),
        // A number below zero is cut.
        "decimal" if signed => match digits.split_once(',').map(|(all, scale)| (all.parse(), scale.parse())) {
            Some((Ok(precision), Ok(scale))) => Stores::decimal(precision, scale),
            _ => Stores::Unknown,
        },
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext"
            if length.is_some() && folds(collation) =>
        {
            Stores::Text { longest: length }
        }
        "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" if length.is_some() => {
            Stores::Bytes { longest: length, exact: false }
        }
        "binary" if length.is_some() => Stores::Bytes { longest: length, exact: true },
        "date" => Stores::Date,
        "datetime" => match places.parse() {
            Ok(places @ 0..=6) => Stores::DateTime { places },
            _ => Stores::Unknown,
        },
        _ => Stores::Unknown,
    }
}

/// Whether a collation tells plain texts apart unless they differ in case only.
fn folds(collation: &str) -> bool {
    let collation = collation.to_ascii_lowercase().replace("_nopad", "");
    let after = |charsets: &[&str]| charsets.iter().find_map(|charset| collation.strip_prefix(charset));
    let unicode = |name: &str| {
        matches!(
            name,
            "general_ci"
                | "unicode_ci"
                | "unicode_520_ci"
                | "0900_ai_ci"
                | "0900_as_ci"
                | "0900_as_cs"
                | "0900_bin"
                | "bin"
        ) || is_uca1400(name)
    };
    if let Some(name) = after(&["utf8mb4_", "utf8mb3_", "utf8_"]) {
        unicode(name)
    } else if let Some(name) = after(&["latin1_"]) {
        matches!(name, "swedish_ci" | "general_ci" | "bin")
    } else if let Some(name) = after(&["ascii_"]) {
        matches!(name, "general_ci" | "bin")
    } else {
        is_uca1400(&collation)
    }
}

fn is_uca1400(name: &str) -> bool {
    matches!(name, "uca1400_ai_ci" | "uca1400_ai_cs" | "uca1400_as_ci" | "uca1400_as_cs")
}

fn action(rule: &str) -> Action {
    match rule {
        "CASCADE" => Action::Cascade,
        "RESTRICT" | "NO ACTION" => Action::Nothing,
        _ => Action::Set,
    }
}

fn body(language: &str, source: &str) -> Body {
    match language {
        "SQL" if !source.is_empty() => Body::Text(source.to_owned()),
        _ => Body::Opaque,
    }
}
