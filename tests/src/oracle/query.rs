//! Random queries.

use cache_sql::Dialect;

use super::choice::Choice;
use super::predicate::{Scope, identifier};
use super::schema::{Kind, Schema, Table};

/// A query's text; its placeholders are bound to what the choice has collected.
pub(super) fn random(choice: &mut Choice<'_>, schema: &Schema) -> String {
    let tables: Vec<&Table> = schema.tables.iter().collect();
    match choice.below(20) {
        0 => set_operation(choice, &tables, 2),
        1 => {
            let base = schema.table(choice);
            let inner = Scope::single(base).predicate(choice, &tables, 1);
            // Now and then under the name of a table, which it hides.
            let name = if choice.once_in(3) { schema.table(choice).name.clone() } else { String::from("w") };
            let hidden = name == base.name && choice.dialect == Dialect::Sqlite;
            let base_name = if hidden { format!("main.{name}") } else { base.name.clone() };
            let named = Table { name: name.clone(), numbered: false, ..base.clone() };
            let outer = Scope::single(&named).predicate(choice, &tables, 1);
            format!("WITH {name} AS (SELECT * FROM {base_name} WHERE {inner}) SELECT * FROM {name} WHERE {outer}")
        }
        2 => {
            let base = schema.table(choice);
            let inner = Scope::single(base).predicate(choice, &tables, 1);
            let named = Table { name: String::from("d"), numbered: false, ..base.clone() };
            let outer = Scope::single(&named).predicate(choice, &tables, 1);
            format!("SELECT d.* FROM (SELECT * FROM {} WHERE {inner}) AS d WHERE {outer}", base.name)
        }
        3 => {
            let base = schema.table(choice);
            let first = Scope::single(base).predicate(choice, &tables, 1);
            let step = Scope { sources: vec![(String::from("b"), base)] }.predicate(choice, &tables, 1);
            let link = base.column(choice).name.clone();
            let limit = if choice.dialect == Dialect::Sqlite { " LIMIT 50" } else { "" };
            format!(
                "WITH RECURSIVE w(n) AS (SELECT id FROM {0} WHERE {first} UNION SELECT b.id FROM {0} AS b JOIN w ON b.{link} = w.n \
                 WHERE {step}{limit}) SELECT n FROM w",
                base.name
            )
        }
        4 => {
            let table = choice.of(&tables);
            let scope = Scope::single(table);
            let (inside, _) = subquery(choice, &tables, &scope, 1, false);
            let (name, _) = scope.column(choice);
            let condition = scope.predicate(choice, &tables, 1);
            let inside = match choice.dialect {
                Dialect::Sqlite => format!("{inside} ORDER BY 1 LIMIT 1"),
                _ => first(choice, inside),
            };
            format!("SELECT {name}, ({inside}) FROM {} WHERE {condition}", table.name)
        }
        5 => {
            let table = choice.of(&tables);
            let scope = Scope::single(table);
            let condition = scope.predicate(choice, &tables, 1);
            let name = table.column(choice).name.clone();
            let source = choice.of(&tables).name.clone();
            format!(
                "SELECT {name}, count(*) FROM {} WHERE {condition} GROUP BY {name} HAVING count(*) < (SELECT count(*) FROM {source})",
                table.name
            )
        }
        6..10 => narrow(choice, schema),
        10..14 if choice.dialect != Dialect::Sqlite => narrow(choice, schema),
        _ => select(choice, &tables),
    }
}

/// A query of one table, or of two that are joined, which names a few rows.
fn narrow(choice: &mut Choice<'_>, schema: &Schema) -> String {
    let (one, two) = (schema.table(choice), schema.table(choice));
    let equal = |choice: &mut Choice<'_>, alias: &str, table: &Table| {
        let column = table.column(choice);
        let value = if column.name == "id" { identifier(choice, table) } else { choice.written(column.kind) };
        format!("{alias}.{} = {value}", column.name)
    };
    match choice.below(5) {
        0 => {
            let kind = choice.of(&["JOIN", "LEFT JOIN"]);
            let link = two.column(choice).name.clone();
            let (on, condition) = (equal(choice, "y", two), equal(choice, "x", one));
            format!(
                "SELECT x.*, y.* FROM {} AS x {kind} {} AS y ON x.id = y.{link} AND {on} WHERE {condition}",
                one.name, two.name
            )
        }
        4 => {
            // Rows that lack a partner.
            let (link, missing) = (two.column(choice).name.clone(), two.column(choice).name.clone());
            format!(
                "SELECT x.id FROM {} AS x LEFT JOIN {} AS y ON x.id = y.{link} WHERE y.{missing} IS NULL",
                one.name, two.name
            )
        }
        1 => {
            let (first, second) = (equal(choice, "x", one), equal(choice, "x", one));
            format!("SELECT * FROM {} AS x WHERE {first} AND {second}", one.name)
        }
        2 => {
            let column = one.column(choice);
            let (low, high) = (choice.written(column.kind), choice.written(column.kind));
            let other = equal(choice, "x", one);
            format!(
                "SELECT count(*) FROM {} AS x WHERE x.{} BETWEEN {low} AND {high} AND {other}",
                one.name, column.name
            )
        }
        _ => {
            let condition = equal(choice, "x", one);
            format!("SELECT * FROM {} AS x WHERE {condition}", one.name)
        }
    }
}

fn set_operation(choice: &mut Choice<'_>, tables: &[&Table], depth: usize) -> String {
    let arm = |choice: &mut Choice<'_>| {
        let table = choice.of(tables);
        let column = table.column(choice).name.clone();
        let condition = Scope::single(table).predicate(choice, tables, 1);
        format!("SELECT {column} FROM {} WHERE {condition}", table.name)
    };
    let mut text = arm(choice);
    for _ in 0..1 + choice.below(depth) {
        let word = choice.of(&["UNION", "UNION ALL", "INTERSECT", "EXCEPT"]);
        let right = arm(choice);
        text = match choice.once_in(3) {
            true => format!("SELECT * FROM ({text}) AS q {word} {right}"),
            false => format!("{text} {word} {right}"),
        };
    }
    text
}

/// A FROM clause of up to three tables, and what it brings into scope.
fn from<'a>(choice: &mut Choice<'_>, tables: &[&'a Table]) -> (String, Scope<'a>) {
    let mut scope = Scope::default();
    let mut text = String::new();
    for number in 0..1 + choice.below(3).min(choice.below(4)) {
        let table = choice.of(tables);
        let alias = format!("x{number}");
        scope.sources.push((alias.clone(), table));
        if number == 0 {
            text = format!("{} AS {alias}", table.name);
            continue;
        }
        let join = choice.below(14);
        let binds = choice.binds.len();
        let condition = match choice.below(3) {
            0 => scope.predicate(choice, &[], 1),
            _ => {
                let (outer, _) = Scope { sources: scope.sources[..number].to_vec() }.column(choice);
                let outer = if outer.contains('.') { outer } else { format!("x0.{outer}") };
                let equal = format!("{alias}.{} = {outer}", table.column(choice).name);
                if choice.once_in(2) { format!("{equal} AND {}", scope.predicate(choice, &[], 1)) } else { equal }
            }
        };
        let right = format!("{} AS {alias}", table.name);
        if (8..12).contains(&join) {
            choice.binds.truncate(binds);
        }
        text = match join {
            0..3 => format!("{text} INNER JOIN {right} ON {condition}"),
            3..6 => format!("{text} LEFT JOIN {right} ON {condition}"),
            6 => format!("{text} RIGHT JOIN {right} ON {condition}"),
            7 => format!("{text} FULL JOIN {right} ON {condition}"),
            8 => format!("{text}, {right}"),
            9 => format!("{text} NATURAL JOIN {right}"),
            10 => format!("{text} LEFT JOIN {right} USING (id)"),
            11 if choice.dialect == Dialect::Postgres => {
                let inner = format!("SELECT l.* FROM {} AS l WHERE l.id = x0.id", table.name);
                format!("{text} {} JOIN LATERAL ({inner}) AS {alias} ON TRUE", choice.of(&["LEFT", "INNER"]))
            }
            11 => format!("{text} CROSS JOIN {right}"),
            12 => {
                // Both sides of the inner join are NULL-extended together.
                let extra = choice.of(tables);
                let name = format!("y{number}");
                scope.sources.push((name.clone(), extra));
                let inner = Scope { sources: vec![(alias.clone(), table), (name.clone(), extra)] };
                let kind = choice.of(&["LEFT", "INNER"]);
                let inside = choice.of(&["LEFT", "INNER"]);
                choice.binds.truncate(binds);
                let inner = inner.predicate(choice, &[], 1);
                let outer = scope.predicate(choice, &[], 1);
                format!("{text} {kind} JOIN ({right} {inside} JOIN {} AS {name} ON {inner}) ON {outer}", extra.name)
            }
            _ => format!("{text} FULL JOIN {right} ON {condition}"),
        };
        if choice.once_in(6) && number == 1 {
            text = format!("({text})");
        }
    }
    (text, scope)
}

fn select(choice: &mut Choice<'_>, tables: &[&Table]) -> String {
    // FROM stands before WHERE, and its placeholders are bound first.
    let (from, scope) = from(choice, tables);
    let list_at = choice.below(6);
    let (column, kind) = {
        let (name, column) = scope.column(choice);
        (name, column.kind)
    };
    let order: Vec<String> = scope.sources.iter().map(|(alias, _)| format!("{alias}.id")).collect();
    let order = format!("{column}, {}", order.join(", "));
    if choice.dialect == Dialect::Postgres && choice.once_in(12) {
        let condition = scope.predicate(choice, tables, 1);
        return match choice.once_in(2) {
            true => {
                format!("SELECT DISTINCT ON ({column}) {column}, x0.id FROM {from} WHERE {condition} ORDER BY {order}")
            }
            false => format!("SELECT x0.id, rank() OVER (ORDER BY {column}) FROM {from} WHERE {condition}"),
        };
    }
    let mut text = match list_at {
        0 => format!("SELECT count(*) FROM {from}"),
        1 => format!("SELECT {}({column}) FROM {from}", choice.of(&["sum", "min", "max", "count"])),
        2 => format!("SELECT DISTINCT {column} FROM {from}"),
        3 => format!("SELECT {column}, count(*) FROM {from}"),
        _ => {
            let (other, _) = scope.column(choice);
            format!("SELECT {column}, {other} FROM {from}")
        }
    };
    if !choice.once_in(8) {
        let condition = scope.predicate(choice, tables, 2);
        text.push_str(&format!(" WHERE {condition}"));
    }
    if list_at == 3 {
        text.push_str(&format!(" GROUP BY {column}"));
        if choice.once_in(2) {
            text.push_str(&format!(" HAVING count(*) {} {}", choice.of(&[">", "=", "<"]), choice.below(3)));
        }
        if choice.once_in(4) && kind == Kind::Int {
            text.push_str(&format!(" ORDER BY {column} LIMIT 3"));
        }
    } else if list_at > 3 && choice.once_in(3) {
        text.push_str(&format!(" ORDER BY {order} LIMIT {}", 1 + choice.below(4)));
        if choice.once_in(3) {
            text.push_str(" OFFSET 1");
        }
    }
    text
}

/// The first row of a subquery; where rows have no order of their own, it is given one.
pub(super) fn first(choice: &Choice<'_>, subquery: String) -> String {
    let Some((_, alias)) = subquery.split_once(" AS ").filter(|_| choice.dialect != Dialect::Sqlite) else {
        return format!("{subquery} LIMIT 1");
    };
    let alias = alias.split(' ').next().unwrap_or_default();
    format!("{subquery} ORDER BY {alias}.id LIMIT 1")
}

/// A subquery that may refer to `outer`, and the kind of what it selects.
pub(super) fn subquery<'a>(
    choice: &mut Choice<'_>,
    tables: &[&'a Table],
    outer: &Scope<'a>,
    depth: usize,
    exists: bool,
) -> (String, Kind) {
    let table = choice.of(tables);
    let alias = format!("s{depth}_{}", outer.sources.len());
    let inner = Scope { sources: vec![(alias.clone(), table)] };
    let column = table.column(choice);
    let mut condition = inner.predicate(choice, tables, depth);
    if choice.once_in(2) {
        let (around, _) = outer.column(choice);
        let around = if around.contains('.') { around } else { format!("{}.{around}", outer.sources[0].0) };
        condition = format!("{condition} AND {alias}.{} = {around}", table.column(choice).name);
    }
    let selected = if exists { String::from("1") } else { format!("{alias}.{}", column.name) };
    (format!("SELECT {selected} FROM {} AS {alias} WHERE {condition}", table.name), column.kind)
}
