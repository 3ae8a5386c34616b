//! The schema of PostgreSQL.

use cache_core::{Column, Table};

use super::body::Body;
use super::draft::{Draft, Parent};
use super::effects::Kind;
use super::stores::Stores;
use super::table::Action;
use super::{Catalogue, ColumnInfo};
use crate::Dialect;

/// Every row: a word that says what it tells, and eight columns.
///
/// What tells listeners of writes, in the schema `cache_notify`, writes no table itself. Of the routines of an extension those
/// are taken for harmless that are not made of statements, or that the extension calls immutable.
pub(super) const QUERY: &str = r"
WITH relation AS (
    SELECT c.oid, c.relname, c.relkind, c.relpersistence, c.relrowsecurity
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname NOT LIKE 'pg\_toast\_temp\_%'
)
SELECT 'relation', oid::text, relname::text, relkind::text, relpersistence::text, relrowsecurity::text,
    CASE WHEN relkind = 'v' THEN coalesce(pg_catalog.pg_get_viewdef(oid), '') ELSE '' END, '', ''
FROM relation
UNION ALL
SELECT 'column', r.oid::text, a.attnum::text, a.attname::text,
    CASE WHEN n.nspname = 'pg_catalog' THEN t.typname::text ELSE '' END,
    t.typtype::text, a.atttypmod::text,
    CASE WHEN l.oid IS NULL THEN '' WHEN l.collisdeterministic THEN 'deterministic' ELSE 'other' END,
    CASE WHEN a.attnotnull THEN 'n' ELSE '' END || CASE WHEN a.attgenerated <> '' THEN 'g' ELSE '' END
FROM relation r
JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
UNION ALL
SELECT 'enum', typname::text, '', '', '', '', '', '', ''
FROM pg_catalog.pg_type GROUP BY typname HAVING pg_catalog.bool_and(typtype = 'e')
UNION ALL
SELECT 'key', r.oid::text, a.attname::text, '', '', '', '', '', ''
FROM relation r
JOIN pg_catalog.pg_constraint c ON c.conrelid = r.oid AND c.contype = 'p'
JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum = ANY (c.conkey)
UNION ALL
SELECT 'foreign', c.oid::text, c.conrelid::text, c.confrelid::text, c.confdeltype::text, c.confupdtype::text,
    own.attname::text, other.attname::text, ''
FROM relation r
JOIN pg_catalog.pg_constraint c ON c.conrelid = r.oid AND c.contype = 'f'
CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(c.conkey), pg_catalog.unnest(c.confkey)) AS pair (own, other)
JOIN pg_catalog.pg_attribute own ON own.attrelid = c.conrelid AND own.attnum = pair.own
JOIN pg_catalog.pg_attribute other ON other.attrelid = c.confrelid AND other.attnum = pair.other
UNION ALL
SELECT DISTINCT 'reads', r.oid::text, read.relname::text, '', '', '', '', '', ''
FROM relation r
JOIN pg_catalog.pg_rewrite w ON w.ev_class = r.oid
JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid
    AND d.refclassid = 'pg_catalog.pg_class'::regclass
JOIN pg_catalog.pg_class read ON read.oid = d.refobjid
WHERE r.relkind = 'v' AND read.oid <> r.oid
UNION ALL
SELECT 'rule', r.oid::text, pg_catalog.pg_get_ruledef(w.oid), '', '', '', '', '', ''
FROM relation r JOIN pg_catalog.pg_rewrite w ON w.ev_class = r.oid AND w.ev_type <> '1'
UNION ALL
SELECT 'trigger', r.oid::text, t.tgtype::text, l.lanname::text, f.body, '', '', '', ''
FROM relation r
JOIN pg_catalog.pg_trigger t ON t.tgrelid = r.oid AND NOT t.tgisinternal
JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid JOIN pg_catalog.pg_language l ON l.oid = p.prolang
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace AND n.nspname <> 'cache_notify'
CROSS JOIN LATERAL (SELECT CASE WHEN p.prosrc = '' THEN pg_catalog.pg_get_functiondef(p.oid) ELSE p.prosrc END) AS f (body)
UNION ALL
SELECT 'routine', p.proname::text, CASE WHEN p.prokind = 'a' THEN 'sql' ELSE l.lanname::text END,
    CASE WHEN p.prokind = 'a' THEN coalesce((
        SELECT pg_catalog.concat_ws(' ', g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.aggmtransfn, g.aggmfinalfn)
        FROM pg_catalog.pg_aggregate g WHERE g.aggfnoid = p.oid), '')
        WHEN p.prosrc = '' THEN pg_catalog.pg_get_functiondef(p.oid) ELSE p.prosrc END,
    CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_type t WHERE t.oid = ANY (p.proargtypes) AND t.typtype IN ('c', 'd', 'p'))
        THEN 'row' ELSE '' END, '', '', '', ''
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'cache_notify')
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE l.lanname IN ('sql', 'plpgsql') AND p.provolatile <> 'i' OR NOT EXISTS (
    SELECT FROM pg_catalog.pg_depend d
    WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
UNION ALL
SELECT 'default', r.oid::text, pg_catalog.pg_get_expr(d.adbin, d.adrelid), '', '', '', '', '', ''
FROM relation r JOIN pg_catalog.pg_attrdef d ON d.adrelid = r.oid
UNION ALL
SELECT 'inherits', c.oid::text, p.oid::text, '', '', '', '', '', ''
FROM pg_catalog.pg_inherits i JOIN relation c ON c.oid = i.inhrelid JOIN relation p ON p.oid = i.inhparent";

const ROW: i32 = 1;
const BEFORE: i32 = 2;
const INSERT: i32 = 4;
const DELETE: i32 = 8;
const UPDATE: i32 = 16;
const TRUNCATE: i32 = 32;

pub(super) fn read<'a>(rows: impl Iterator<Item = &'a [String]>) -> Catalogue {
    let mut draft = Draft::new(Dialect::Postgres);
    for row in rows {
        let row: Vec<&str> = row.iter().map(String::as_str).collect();
        match row[..] {
            ["relation", id, name, kind, persistence, guarded, definition, ..] => {
                relation(&mut draft, id, name, (kind, persistence, guarded), definition);
            }
            ["column", id, position, name, kind, family, modifier, collation, flags, ..] => {
                let stores = if !name.is_ascii() { Stores::Unknown } else { stores(kind, family, modifier, collation) };
                let column = ColumnInfo {
                    name: Column::from(name),
                    stores,
                    generated: flags.contains('g'),
                    nullable: !flags.contains('n') && name.is_ascii(),
                    positional: true,
                };
                draft.column(id, position, column);
            }
            ["enum", name, ..] => draft.enumeration(name),
            ["key", id, column, ..] => draft.relation(id).info.primary_key.push(Column::from(column)),
            ["foreign", id, child, parent, on_delete, on_update, own, other, ..] => {
                let actions = (action(on_delete), action(on_update));
                draft.foreign_key(id, child, Parent::Id(parent.to_owned()), actions, (own, other));
            }
            ["reads", id, name, ..] => draft.reads(id, Table::from(name)),
            ["rule", id, definition, ..] => {
                draft.relation(id).info.rewritten = true;
                draft.trigger(id, None, Body::Text(definition.to_owned()));
            }
            ["trigger", id, bits, language, source, ..] => trigger(&mut draft, id, bits, body(language, source)),
            ["routine", name, language, source, takes, ..] => {
                draft.routine(name, body(language, source));
                if takes == "row" {
                    draft.attribute(name);
                }
            }
            ["default", id, expression, ..] => draft.default(id, expression),
            ["inherits", child, parent, ..] => draft.inherits(child, parent),
            ["relation" | "column" | "key" | "reads", id, ..] => draft.relation(id).info.unclear = true,
            _ => draft.blind = true,
        }
    }
    draft.finish()
}

fn relation(
    draft: &mut Draft,
    id: &str,
    name: &str,
    (kind, persistence, guarded): (&str, &str, &str),
    definition: &str,
) {
    let relation = draft.relation(id);
    let refusal = match (kind, persistence, guarded) {
        ("f", ..) => Some(format!("{name} is a foreign table: its rows change without being seen")),
        (_, "t", _) => Some(format!("{name} is the name of a temporary table, which others do not see")),
        (_, _, "false") => None,
        _ => Some(format!("{name} has row-level security: who may see which row is not part of the text")),
    };
    relation.refusal = refusal.map(Into::into);
    relation.info.rewritten |= !matches!(kind, "r" | "p");
    relation.info.locks = matches!(kind, "r" | "p");
    if kind == "v" {
        relation.definition = Some(definition.to_owned());
    }
    relation.name = Some(Table::from(name));
}

/// What a column of this type keeps; `kind` is empty for types that the system does not define.
fn stores(kind: &str, family: &str, modifier: &str, collation: &str) -> Stores {
    let Ok(modifier) = modifier.parse::<i32>() else { return Stores::Unknown };
    let places = || match modifier {
        0..=6 => modifier.unsigned_abs(),
        _ => 6,
    };
    match (kind, family) {
        (_, "e") => Stores::Text { longest: None },
        (_, family) if family != "b" => Stores::Unknown,
        ("int2", _) => Stores::int(16, true),
        ("int4", _) => Stores::int(32, true),
        ("int8", _) => Stores::int(64, true),
        ("numeric", _) if modifier == -1 => Stores::Decimal { digits: None },
        ("numeric", _) => {
            let packed = modifier.saturating_sub(4);
            // The scale has eleven bits, one of them for its sign.
            let scale = ((packed & 0x7ff) ^ 0x400) - 0x400;
            match (usize::try_from(packed >> 16), usize::try_from(scale)) {
                (Ok(precision), Ok(scale)) => Stores::decimal(precision, scale),
                _ => Stores::Unknown,
            }
        }
        ("bool", _) => Stores::Bool,
        ("text", _) if collation == "deterministic" => Stores::Text { longest: None },
        ("varchar", _) if collation == "deterministic" => {
            Stores::Text { longest: u64::try_from(modifier.saturating_sub(4)).ok() }
        }
        ("uuid", _) => Stores::Uuid,
        ("bytea", _) => Stores::Bytes { longest: None, exact: false },
        ("date", _) => Stores::Date,
        ("timestamp", _) => Stores::DateTime { places: places() },
        ("timestamptz", _) => Stores::Instant { places: places() },
        _ => Stores::Unknown,
    }
}

fn action(code: &str) -> Action {
    match code {
        "a" | "r" => Action::Nothing,
        "c" => Action::Cascade,
        _ => Action::Set,
    }
}

fn body(language: &str, source: &str) -> Body {
    match language {
        // What the system itself defines writes no table.
        "internal" => Body::Text(String::new()),
        "sql" | "plpgsql" if !source.is_empty() => Body::Text(source.to_owned()),
        _ => Body::Opaque,
    }
}

fn trigger(draft: &mut Draft, id: &str, bits: &str, body: Body) {
    let bits = bits.parse::<i32>().unwrap_or(!0);
    if bits & (ROW | BEFORE) == ROW | BEFORE {
        draft.relation(id).info.rewritten = true;
    }
    let events = [(INSERT, Kind::Insert), (UPDATE, Kind::Update), (DELETE | TRUNCATE, Kind::Delete)];
    for (_, event) in events.into_iter().filter(|(bit, _)| bits & bit != 0) {
        draft.trigger(id, Some(event), body.clone());
    }
}
