//! What reads depend on, text by text.

use cache_core::Value;
use cache_sql::{Analyser, Bind, Catalogue, Dialect};

fn sqlite(sql: &str) -> String {
    Analyser::new(Dialect::Sqlite).dependencies(sql, &[]).to_string()
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    let mut wrong = String::new();
    for (sql, wanted) in cases {
        let found = sqlite(sql);
        if found != *wanted {
            wrong.push_str(&format!("\n{sql}\n  wanted {wanted}\n  found  {found}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn conditions() {
    check(&[
        ("SELECT * FROM t", "t"),
        ("SELECT * FROM t WHERE a = 1", "t: a = 1"),
        ("SELECT * FROM main.T WHERE 1 = A", "t: a = 1"),
        ("SELECT * FROM t WHERE a = 1 AND b = 'x'", "t: a = 1 AND b = 'x'"),
        ("SELECT * FROM t WHERE a = 1 OR b = 2", "t: a = 1; t: b = 2"),
        ("SELECT * FROM t WHERE a = 1 OR a = 2", "t: a IN (1, 2)"),
        ("SELECT * FROM t WHERE a IN (1, 2, NULL)", "t: a IN (1, 2)"),
        ("SELECT * FROM t WHERE a IN ()", "nothing"),
        ("SELECT * FROM t WHERE a NOT IN (1, 2)", "t: a IS NOT NULL"),
        ("SELECT * FROM t WHERE a NOT IN (1, NULL)", "nothing"),
        ("SELECT * FROM t WHERE a NOT IN ()", "t"),
        ("SELECT * FROM t WHERE a = NULL", "nothing"),
        ("SELECT * FROM t WHERE NOT (a = 1)", "t: a IS NOT NULL"),
        ("SELECT * FROM t WHERE NOT (a = 1 OR b IS NOT NULL)", "t: a IS NOT NULL AND b IS NULL"),
        (
            "SELECT * FROM t WHERE NOT (a = 1 AND f(b))",
            "not cacheable: the function f() is not known to give the same result every time; t",
        ),
        ("SELECT * FROM t WHERE NOT (a = 1 AND b + 1 = 2)", "t"),
        ("SELECT * FROM t WHERE NOT NOT a = 1", "t: a = 1"),
        ("SELECT * FROM t WHERE a <> 1", "t: a IS NOT NULL"),
        ("SELECT * FROM t WHERE a BETWEEN 1 AND 5", "t: a >= 1 AND a <= 5"),
        ("SELECT * FROM t WHERE a NOT BETWEEN 1 AND 5", "t: a < 1; t: a > 5"),
        ("SELECT * FROM t WHERE 5 > a", "t: a < 5"),
        ("SELECT * FROM t WHERE NOT a < 5", "t: a >= 5"),
        ("SELECT * FROM t WHERE a IS NULL", "t: a IS NULL"),
        ("SELECT * FROM t WHERE a IS 5", "t: a = 5"),
        ("SELECT * FROM t WHERE a IS NOT 5", "t"),
        ("SELECT * FROM t WHERE a IS NOT NULL", "t: a IS NOT NULL"),
        ("SELECT * FROM t WHERE a IS NOT DISTINCT FROM NULL", "t: a IS NULL"),
        ("SELECT * FROM t WHERE a IS 5 AND b = 1 OR c = 2", "t: c = 2; t: a = 5 AND b = 1"),
        ("SELECT * FROM t WHERE (a = 1) IS TRUE", "t: a = 1"),
        ("SELECT * FROM t WHERE NOT ((a = 1) IS TRUE)", "t"),
        ("SELECT * FROM t WHERE a = TRUE", "t: a = 1"),
        ("SELECT * FROM t WHERE a = -5", "t: a = -5"),
        ("SELECT * FROM t WHERE a = 0x1F", "t: a = 31"),
        ("SELECT * FROM t WHERE a = x'00ff'", "t: a = x'00ff'"),
        ("SELECT * FROM t WHERE a = CAST(5 AS INTEGER)", "t: a = 5"),
        ("SELECT * FROM t WHERE a = CAST('5' AS INTEGER)", "t: a IS NOT NULL"),
        ("SELECT * FROM t WHERE a = 'x' COLLATE NOCASE", "t"),
        ("SELECT * FROM t WHERE a COLLATE NOCASE = 'x'", "t"),
        ("SELECT * FROM t WHERE (a, b) = (1, 2)", "t"),
        ("SELECT * FROM t WHERE +a = 1", "t"),
        ("SELECT * FROM t WHERE FALSE", "nothing"),
        ("SELECT * FROM t WHERE \"status\" = 'open'", "t: status = 'open'"),
        ("SELECT * FROM t WHERE \"open\" = 'open'", "t"),
        ("SELECT * FROM t WHERE a LIKE '2024-%'", "t: a STARTS WITH '2024-'"),
        ("SELECT * FROM t WHERE a LIKE 'abc%'", "t: a IS NOT NULL"),
        ("SELECT * FROM t WHERE a GLOB 'Abc*'", "t: a STARTS WITH 'Abc'"),
        ("SELECT * FROM t WHERE a LIKE '1%' ESCAPE '1'", "t"),
        ("SELECT count(*) FROM t WHERE a = 1 GROUP BY b HAVING count(*) > 2 ORDER BY c LIMIT 3", "t: a = 1"),
    ]);
}

#[test]
fn joins() {
    check(&[
        ("SELECT * FROM a JOIN b ON a.x = b.x WHERE a.c = 1 AND b.d = 2", "a: c = 1; b: d = 2"),
        ("SELECT * FROM a JOIN b ON a.x = b.x AND a.c = 1", "a: c = 1; b"),
        ("SELECT * FROM a LEFT JOIN b ON a.c = 1 AND b.d = 2", "a; b: d = 2"),
        ("SELECT * FROM a LEFT JOIN b ON a.x = b.x WHERE b.d = 2", "a; b: d = 2"),
        ("SELECT * FROM a LEFT JOIN b ON a.x = b.x WHERE b.d IS NULL", "a; b"),
        ("SELECT * FROM a LEFT JOIN b ON b.e = 1 WHERE b.d IS NULL", "a; b: e = 1"),
        ("SELECT * FROM a LEFT JOIN b ON b.e = 1 WHERE b.d = 2 OR a.c = 3", "a; b: e = 1"),
        ("SELECT * FROM a LEFT JOIN b ON b.e = 1 WHERE b.d = 2 AND b.f IS NULL", "a; b: d = 2 AND e = 1 AND f IS NULL"),
        ("SELECT * FROM a RIGHT JOIN b ON a.c = 1 AND b.d = 2 WHERE a.e = 3", "a: c = 1 AND e = 3; b"),
        ("SELECT * FROM a FULL JOIN b ON a.c = 1 AND b.d = 2", "a; b"),
        ("SELECT * FROM a FULL JOIN b ON a.x = b.x WHERE a.c = 1", "a: c = 1; b"),
        (
            "SELECT * FROM a LEFT JOIN (b LEFT JOIN c ON c.x = 1) ON c.y = 2 AND b.z = 3",
            "a; b: z = 3; c: x = 1 AND y = 2",
        ),
        ("SELECT * FROM a LEFT JOIN b ON b.x = 1 JOIN c ON b.y = 2", "a; b: x = 1 AND y = 2; c"),
        ("SELECT * FROM a, b RIGHT JOIN c ON a.x = 1", "a: x = 1; b; c"),
        ("SELECT * FROM a JOIN b USING (x) WHERE x = 1", "a; b"),
        ("SELECT * FROM a NATURAL JOIN b WHERE a.y = 1", "a: y = 1; b"),
        ("SELECT * FROM a, b WHERE c = 1", "a; b"),
        ("SELECT * FROM (a INNER JOIN b ON a.x = 1) WHERE b.y = 2", "a: x = 1; b: y = 2"),
        ("SELECT * FROM a AS p JOIN a AS q ON p.x = q.y WHERE p.z = 1 AND q.z = 2", "a: z IN (1, 2)"),
    ]);
}

#[test]
fn queries_inside_queries() {
    check(&[
        ("SELECT * FROM a WHERE x IN (SELECT y FROM b WHERE z = 1)", "a; b: z = 1"),
        (
            "SELECT * FROM a WHERE w = 2 AND NOT EXISTS (SELECT 1 FROM b WHERE b.z = a.x AND b.y = 1)",
            "a: w = 2; b: y = 1",
        ),
        ("SELECT (SELECT max(y) FROM b WHERE z = 1) FROM a WHERE w = 2", "a: w = 2; b: z = 1"),
        ("SELECT * FROM a ORDER BY (SELECT y FROM b)", "a; b"),
        ("SELECT * FROM a LIMIT (SELECT y FROM b)", "a; b"),
        ("SELECT x FROM a GROUP BY x HAVING count(*) > (SELECT y FROM b)", "a; b"),
        ("SELECT * FROM (SELECT * FROM a WHERE x = 1) AS d WHERE d.y = 2", "a: x = 1"),
        ("SELECT * FROM a JOIN (SELECT * FROM b WHERE x = 1) d ON a.y = 2 AND d.z = 3", "a: y = 2; b: x = 1"),
        ("WITH d AS (SELECT * FROM a WHERE x = 1) SELECT * FROM d WHERE y = 2", "a: x = 1"),
        ("WITH a AS (SELECT * FROM b WHERE x = 1) SELECT * FROM a JOIN main.a AS r ON r.z = 1", "a: z = 1; b: x = 1"),
        (
            "WITH RECURSIVE n(i) AS (SELECT x FROM a WHERE y = 1 UNION SELECT a.x FROM a JOIN n ON a.p = n.i WHERE a.q = 2) SELECT * FROM n",
            "a: q = 2; a: y = 1",
        ),
        (
            "SELECT x FROM a WHERE y = 1 UNION SELECT x FROM b WHERE y = 2 EXCEPT SELECT x FROM c",
            "a: y = 1; b: y = 2; c",
        ),
        ("SELECT * FROM a, json_each(a.tags) WHERE a.x = 1", "a: x = 1"),
        ("VALUES (1), ((SELECT x FROM a))", "a"),
    ]);
}

#[test]
fn never_stored() {
    for sql in [
        "SELECT random() FROM t",
        "SELECT * FROM t WHERE a > datetime('now')",
        "SELECT date() FROM t",
        "SELECT CURRENT_TIMESTAMP FROM t",
        "SELECT current_date",
        "SELECT strftime('%Y') FROM t",
        "SELECT last_insert_rowid()",
        "SELECT my_function(a) FROM t",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM pragma_table_info('t')",
        "PRAGMA table_info(t)",
        "SELECT * FROM t WHERE a == ",
        "EXPLAIN SELECT * FROM t",
    ] {
        let found = Analyser::new(Dialect::Sqlite).analyse(sql, &[]);
        assert!(found.is_read(), "{sql}: {found:?}");
        assert!(found.dependencies().uncacheable_reason().is_some(), "{sql}: {found:?}");
    }
    for (dialect, sql) in [
        (Dialect::Postgres, "SELECT * FROM t FOR UPDATE"),
        (Dialect::Postgres, "SELECT now()"),
        (Dialect::Postgres, "SELECT * FROM t WHERE d < 'today'"),
        (Dialect::Postgres, "SELECT * FROM pg_catalog.pg_class"),
        (Dialect::MySql, "SELECT * FROM t LOCK IN SHARE MODE"),
        (Dialect::MySql, "SELECT @x FROM t"),
        (Dialect::MySql, "SELECT uuid()"),
    ] {
        let found = Analyser::new(dialect).analyse(sql, &[]);
        assert!(found.dependencies().uncacheable_reason().is_some(), "{sql}: {found:?}");
    }
    assert_eq!(sqlite("SELECT date(a, '+1 day') FROM t"), "t");
}

#[test]
fn binds() {
    let analyser = Analyser::new(Dialect::Sqlite);
    let of = |sql: &str, binds: &[Bind]| analyser.dependencies(sql, binds).to_string();
    let one = |value: Value| vec![Bind::Value(value)];
    assert_eq!(of("SELECT * FROM t WHERE a = ?", &one(1.into())), "t: a = 1");
    assert_eq!(of("SELECT * FROM t WHERE a = ?", &one("x".into())), "t: a = 'x'");
    assert_eq!(of("SELECT * FROM t WHERE a = ?", &one(true.into())), "t: a = 1");
    assert_eq!(of("SELECT * FROM t WHERE a = ?", &one(Value::Null)), "nothing");
    assert_eq!(of("SELECT * FROM t WHERE a IS ?", &one(Value::Null)), "t: a IS NULL");
    assert_eq!(of("SELECT * FROM t WHERE a = ?", &[Bind::Unknown]), "t: a IS NOT NULL");
    assert_eq!(of("SELECT * FROM t WHERE a = ?", &[]), "t: a IS NOT NULL");
    assert_eq!(of("SELECT * FROM t WHERE a NOT IN (1, ?)", &one(Value::Null)), "nothing");
    let two = [Bind::from(1), Bind::from(2)];
    assert_eq!(of("SELECT * FROM t WHERE '?' <> '' AND a = ? /* ? */ AND b = ?", &two), "t: a = 1 AND b = 2");
    assert_eq!(of("SELECT * FROM t WHERE a = ?2 AND b = ?1", &two), "t: a = 2 AND b = 1");
    assert_eq!(of("SELECT * FROM t WHERE a = :x AND b = @y AND c = :x", &two), "t: a = 1 AND b = 2 AND c = 1");
    assert_eq!(of("SELECT * FROM t WHERE a = $x AND b = ?", &two), "t: a = 1 AND b = 2");
    assert!(of("SELECT date(?) FROM t", &one("now".into())).starts_with("not cacheable"));
    assert_eq!(of("SELECT date(?) FROM t", &one("2024-01-01".into())), "t");
    let postgres = Analyser::new(Dialect::Postgres);
    assert_eq!(
        postgres.dependencies("SELECT * FROM t WHERE a = $2 AND b = $1", &two).to_string(),
        "t: a = 2 AND b = 1"
    );
}

#[test]
fn unqualified_columns_by_catalogue() {
    let catalogue = Catalogue::from_sqlite_schema([
        ("table", "a", "a", "CREATE TABLE a (id INTEGER PRIMARY KEY, x INT)"),
        ("table", "b", "b", "CREATE TABLE b (id INTEGER PRIMARY KEY, y INT)"),
    ]);
    let analyser = Analyser::new(Dialect::Sqlite).with_catalogue(catalogue);
    let of = |sql: &str| analyser.dependencies(sql, &[]).to_string();
    assert_eq!(of("SELECT * FROM a, b WHERE x = 1 AND y = 2"), "a: x = 1; b: y = 2");
    assert_eq!(of("SELECT * FROM a, b WHERE a.id = 1 AND z = 2"), "a: id = 1; b");
    assert_eq!(of("SELECT * FROM a JOIN b USING (id) WHERE id = 1"), "a; b");
    let unknown = of("SELECT * FROM a, c WHERE x = 1");
    assert!(
        unknown.starts_with("not cacheable: the relation c is not known") && unknown.ends_with("; a; c"),
        "{unknown}"
    );
}
