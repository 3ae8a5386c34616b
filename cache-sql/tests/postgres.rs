//! Statements of PostgreSQL, text by text.

mod shown;

use cache_core::{Row, Value};
use cache_sql::{Analyser, Bind, Catalogue, Dialect, Statement, Step};
use shown::{check, check_never_stored, shown};

fn analyser() -> Analyser {
    Analyser::new(Dialect::Postgres)
}

#[test]
fn reads() {
    check(
        &analyser(),
        &[
            (r#"SELECT * FROM "Article" WHERE "Id" = 1 AND title = 'x'"#, "article: id = 1 AND title = 'x'"),
            ("SELECT * FROM public.article AS a WHERE a.id = 1", "article: id = 1"),
            (r#"SELECT * FROM t WHERE a = 'x\y'"#, "t: a IS NOT NULL"),
            ("SELECT * FROM t WHERE a = E'x'", "t: a IS NOT NULL"),
            ("SELECT * FROM t WHERE a = ANY(ARRAY[1, 2])", "t: a IN (1, 2)"),
            ("SELECT * FROM t WHERE a = ANY(ARRAY[1, 2]::int[])", "t: a IN (1, 2)"),
            ("SELECT * FROM t WHERE a <> ALL(ARRAY[1, 2])", "t: a IS NOT NULL"),
            ("SELECT * FROM t WHERE a = ANY(ARRAY[1, NULL])", "t: a = 1"),
            ("SELECT * FROM t WHERE a <> ALL(ARRAY[1, NULL])", "nothing"),
            ("SELECT * FROM t WHERE a = ANY('{1,2}')", "t"),
            ("SELECT * FROM t WHERE a = SOME(ARRAY[1])", "t: a = 1"),
            ("SELECT * FROM t WHERE a > ANY(ARRAY[1])", "t"),
            ("SELECT * FROM t WHERE a = ANY(SELECT b FROM u WHERE c = 1)", "t; u: c = 1"),
            ("SELECT * FROM t WHERE a = ANY($1)", "t: a IS NOT NULL"),
            ("SELECT * FROM t WHERE a LIKE 'ab%'", "t: a STARTS WITH 'ab'"),
            ("SELECT * FROM t WHERE a LIKE 'a!%b' ESCAPE '!'", "t: a IS NOT NULL"),
            (
                "SELECT * FROM t WHERE a ILIKE 'ab%' AND b ~ '^x' AND c SIMILAR TO 'y'",
                "t: a IS NOT NULL AND b IS NOT NULL AND c IS NOT NULL",
            ),
            ("SELECT * FROM t WHERE a NOT LIKE 'ab%'", "t: a IS NOT NULL"),
            ("SELECT * FROM t WHERE (a, b) = (1, 2)", "t: a = 1 AND b = 2"),
            ("SELECT * FROM t WHERE (a, b) IN ((1, 2), (3, 4))", "t: a = 1 AND b = 2; t: a = 3 AND b = 4"),
            ("SELECT * FROM t WHERE (a, b) NOT IN ((1, 2))", "t: a IS NOT NULL; t: b IS NOT NULL"),
            ("SELECT * FROM t WHERE (a, b) > (1, 2)", "t: a >= 1"),
            ("SELECT * FROM t WHERE NOT ((a, b) > (1, 2))", "t"),
            ("SELECT * FROM t WHERE a = '5'::int", "t: a IS NOT NULL"),
            (
                "SELECT * FROM t WHERE a = 5::bigint AND b = 'x'::text AND c = 'y'::varchar AND d = 'z'::varchar(3)",
                "t: a = 5 AND b = 'x' AND c = 'y' AND d IS NOT NULL",
            ),
            (
                "SELECT * FROM t WHERE a = '2024-05-01'::date AND b = DATE '2024-05-01'",
                "t: a = 2024-05-01 AND b = 2024-05-01",
            ),
            ("SELECT * FROM t WHERE a = '1/2/2024'::date", "t: a IS NOT NULL"),
            (
                "SELECT * FROM t WHERE a = '67e55044-10b1-426f-9247-bb680e5fe0c8'::uuid",
                "t: a = 67e55044-10b1-426f-9247-bb680e5fe0c8",
            ),
            (r#"SELECT * FROM t WHERE a = CAST('x' AS "mood")"#, "t: a IS NOT NULL"),
            ("SELECT * FROM t WHERE active AND NOT archived", "t: active = TRUE AND archived = FALSE"),
            ("SELECT * FROM t WHERE active IS TRUE AND archived IS FALSE", "t: active = TRUE AND archived = FALSE"),
            ("SELECT * FROM t WHERE a = 1.50 AND b = 1e3", "t: a = 1.5 AND b = 1000"),
            ("SELECT * FROM t WHERE a IS NOT DISTINCT FROM 5", "t: a = 5"),
            (
                "SELECT * FROM t WHERE a BETWEEN 1 AND 5 AND b BETWEEN 'a' AND 'b'",
                "t: a >= 1 AND a <= 5 AND b IS NOT NULL",
            ),
            (
                "SELECT * FROM t WHERE tags @> ARRAY['x'] AND b = 1 AND doc ->> 'k' = 'v' AND ts @@ to_tsquery('english', 'x')",
                "t: b = 1",
            ),
            ("SELECT * FROM t WHERE doc ? 'k' AND a = 1", "t: a = 1"),
            ("SELECT * FROM ONLY t WHERE a = 1", "t: a = 1"),
            (
                "SELECT * FROM ((a INNER JOIN b ON a.x = b.x AND b.k = 2) LEFT JOIN c ON b.y = c.y AND c.k = 3) WHERE a.z = 1",
                "a: z = 1; b: k = 2; c: k = 3",
            ),
            (
                "SELECT * FROM a, LATERAL (SELECT * FROM b WHERE b.x = a.x AND b.y = 1) l WHERE a.z = 2",
                "a: z = 2; b: y = 1",
            ),
            ("WITH d AS MATERIALIZED (SELECT * FROM a WHERE x = 1) SELECT * FROM d WHERE y = 2", "a: x = 1"),
            ("WITH a AS (SELECT * FROM a WHERE x = 1) SELECT * FROM a WHERE y = 2", "a: x = 1"),
            (
                "WITH RECURSIVE r AS (SELECT * FROM a WHERE x = 1 UNION ALL SELECT a.* FROM a JOIN r ON a.p = r.id) SELECT * FROM r",
                "a",
            ),
            ("TABLE t", "t"),
            ("(TABLE t)", "t"),
            ("SELECT * FROM unnest($1::int[]) AS u(a) JOIN t ON t.a = u.a WHERE t.b = 1", "t: b = 1"),
            ("SELECT * FROM generate_series(1, 3)", "nothing"),
            ("SELECT DISTINCT ON (a) * FROM t WHERE b = 1 ORDER BY a FETCH FIRST 3 ROWS ONLY", "t: b = 1"),
            ("SELECT count(*) FILTER (WHERE a > 1) OVER w FROM t WHERE b = 1 WINDOW w AS (PARTITION BY c)", "t: b = 1"),
            ("SELECT CAST(status AS text) FROM t WHERE id = 1", "t: id = 1"),
            ("SELECT to_tsvector('simple', a) FROM t", "t"),
            ("SELECT extract(epoch FROM a) FROM t", "t"),
            ("SELECT ctid, xmin FROM t WHERE a = 1", "t: a = 1"),
            ("SELECT * FROM t WHERE a || 'x' = 'y' AND b = 1", "t: b = 1"),
            ("SELECT * FROM t WHERE a = 'x' || 'y' AND b = 1", "t: b = 1"),
            ("SELECT * FROM t WHERE NOT a = 1 AND b IS NULL", "t: a IS NOT NULL AND b IS NULL"),
            (
                "SELECT * FROM t WHERE b = 1 AND a IN (SELECT x FROM u) AND c = 2 OR d = 3",
                "t: d = 3; t: b = 1 AND c = 2; u",
            ),
            ("SELECT * FROM t WHERE a = 1 AND b = 2::numeric", "t: a = 1 AND b IS NOT NULL"),
            (
                r#"SELECT "t"."id", CAST("t"."status" AS "text") FROM "t" WHERE "t"."status" = (CAST('x' AS "mood")) LIMIT 1"#,
                "t: status IS NOT NULL",
            ),
            (
                r#"SELECT COUNT(*) AS num_items FROM (SELECT "t"."id" FROM "t" WHERE "t"."a" = 1) AS "sub_query""#,
                "t: a = 1",
            ),
            (r#"SELECT * FROM "s"."t" WHERE "s"."t"."a" = 1"#, "t: a = 1"),
            ("SELECT * FROM a NATURAL LEFT JOIN b WHERE b.x = 1", "a; b: x = 1"),
            ("SELECT * FROM a JOIN LATERAL (SELECT 1) x ON TRUE WHERE a.y = 1", "a: y = 1"),
            ("SELECT EXISTS(SELECT 1 FROM t WHERE a = 1)", "t: a = 1"),
            ("SELECT * FROM t WHERE a IN (1, $1)", "t: a IS NOT NULL"),
            (r#"SELECT * FROM t WHERE a = '{"x": 1}'::jsonb AND b = 1"#, "t: a IS NOT NULL AND b = 1"),
            ("SELECT array_agg(a ORDER BY b) FROM t WHERE c = 1 GROUP BY ROLLUP (d)", "t: c = 1"),
            ("SELECT * FROM t WHERE a IS UNKNOWN", "t"),
            ("SELECT * FROM t WHERE a = 1 AND b LIKE ANY(ARRAY['x%'])", "t: a = 1"),
            ("SELECT * FROM t WHERE x = 1 AND a OPERATOR(pg_catalog.=) 2", "t: x = 1"),
            ("SELECT * FROM t WHERE a = 1 WINDOW w AS (ORDER BY b)", "t: a = 1"),
            (
                "SELECT lower(a), coalesce(b, 0), similarity(c, 'x'), unaccent(d), jsonb_build_object('a', e), st_distance(f, g) FROM t WHERE h = 1",
                "t: h = 1",
            ),
        ],
    );
}

#[test]
fn never_stored() {
    check_never_stored(
        &analyser(),
        &[
            (
                "SELECT * FROM my_function(1)",
                "the table function my_function() is not known to read its arguments only",
            ),
            ("SELECT a::date FROM t", "a conversion to a date or a time may depend on the time zone of the connection"),
            ("SELECT * FROM t FOR UPDATE SKIP LOCKED", "it locks the rows that it reads"),
            ("SELECT * FROM t FOR NO KEY UPDATE", "it locks the rows that it reads"),
            ("SELECT * FROM t FOR KEY SHARE OF t NOWAIT", "it locks the rows that it reads"),
            ("SELECT * FROM t TABLESAMPLE SYSTEM (10)", "a sample or an old version of a table"),
            ("SELECT to_tsvector(a) FROM t", "to_tsvector()"),
            ("SELECT extract(year FROM a) FROM t", "a part of a date may depend on the time zone of the connection"),
            ("SELECT date_trunc('day', a) FROM t", "date_trunc()"),
            ("SELECT age(a) FROM t", "age()"),
            ("SELECT to_char(a, 'YYYY') FROM t", "to_char()"),
            ("SELECT now()", "now()"),
            ("SELECT current_user", "current_user()"),
            ("SELECT user", "user()"),
            ("SELECT session_user, localtimestamp", "session_user()"),
            ("SELECT random()", "random()"),
            ("SELECT gen_random_uuid()", "gen_random_uuid()"),
            ("SELECT nextval('s')", "nextval()"),
            ("SELECT current_setting('x')", "current_setting()"),
            ("SELECT pg_backend_pid()", "pg_backend_pid()"),
            ("SELECT txid_current()", "txid_current()"),
            ("SELECT * FROM t WHERE a < 'now'::timestamp", "the moment 'now'"),
            ("SELECT * FROM t WHERE a = 'buy it now'", "the moment 'buy it now'"),
            ("SELECT * FROM t WHERE a < timestamp 'today 12:00'", "the moment 'today 12:00'"),
            ("SELECT * FROM information_schema.tables", "the system table tables"),
            ("EXPLAIN SELECT * FROM t", "an explanation"),
            ("SHOW search_path", "a listing of the schema"),
            ("SELECT s.lower(a) FROM t", "lower()"),
            ("FETCH 5 FROM c", "a cursor"),
            ("DECLARE c CURSOR FOR SELECT * FROM t", "a cursor"),
            ("EXPLAIN DELETE FROM t", "an explanation"),
            ("SELECT * FROM t WHERE a BETWEEN SYMMETRIC 5 AND 1", "not understood"),
            ("SELECT * FROM t WHERE a BETWEEN SYMMETRIC (5) AND (1)", "symmetric()"),
            ("SELECT * FROM t WHERE a = 1 ORDER BY a FOR UPDATE", "it locks the rows that it reads"),
            ("SELECT * FROM ROWS FROM (f(1)) x", "not understood"),
        ],
    );
}

#[test]
fn writes() {
    check(
        &analyser(),
        &[
            ("INSERT INTO t (a, b, c) VALUES (1, 'x', DEFAULT)", "write: insert t (a = 1)"),
            (
                "INSERT INTO t AS x (id, a) VALUES (7, 1) ON CONFLICT (id) WHERE a > 1 DO UPDATE SET a = excluded.a WHERE x.a <> 1",
                "write: insert t (a = 1, id = 7); update t (id = 7) -> (a = 1, id = 7)",
            ),
            ("INSERT INTO t (id, a) VALUES (7, 1) ON CONFLICT (lower(a)) DO UPDATE SET a = 2", "write: any row of t"),
            ("INSERT INTO t (id) VALUES (7) ON CONFLICT ON CONSTRAINT k DO UPDATE SET a = 2", "write: any row of t"),
            ("INSERT INTO t (id) VALUES (7) ON CONFLICT DO NOTHING", "write: insert t (id = 7)"),
            ("INSERT INTO t DEFAULT VALUES", "write: any row of t"),
            ("INSERT INTO t (id) OVERRIDING SYSTEM VALUE VALUES (7)", "write: insert t (id = 7)"),
            ("INSERT INTO t (id, a) SELECT 1, x FROM u", "write: insert t (id = 1)"),
            ("UPDATE ONLY t SET a = 1 WHERE id = 7", "write: update t (id = 7) -> (a = 1, id = 7)"),
            (
                "UPDATE t x SET a = 1, b = now(), c = DEFAULT WHERE x.id = 7",
                "write: update t (id = 7) -> (a = 1, id = 7)",
            ),
            (
                "UPDATE t SET a = u.a FROM u JOIN v ON u.id = v.id WHERE t.id = 7 AND u.k = 1",
                "write: update t (id = 7) -> (id = 7)",
            ),
            ("UPDATE t SET a.b = 1 WHERE id = 7", "write: update t (id = 7) -> (id = 7)"),
            ("UPDATE t SET (a, b) = (1, 2) WHERE id = 7", "write: update t (id = 7) -> (id = 7)"),
            ("UPDATE t SET a = 1 WHERE CURRENT OF c", "write: any row of t"),
            (
                "UPDATE t SET a = 1 WHERE id = ANY(ARRAY[7, 8])",
                "write: update t (id = 7) -> (a = 1, id = 7); update t (id = 8) -> (a = 1, id = 8)",
            ),
            ("UPDATE t SET a = 1 WHERE name = 'x' AND id = 7", "write: update t (id = 7) -> (a = 1, id = 7)"),
            ("DELETE FROM t USING u JOIN v ON u.id = v.id WHERE t.id = 7 AND u.k = 1", "write: delete t (id = 7)"),
            ("DELETE FROM t WHERE CURRENT OF c", "write: any row of t"),
            (
                "WITH a AS (INSERT INTO t (id) VALUES (1) RETURNING id), b AS (UPDATE u SET x = 1 WHERE id = 2) SELECT * FROM a",
                "write: insert t (id = 1); update u (id = 2) -> (id = 2, x = 1)",
            ),
            ("MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN UPDATE SET a = 1", "write: any row of t"),
            ("COPY t (a, b) FROM STDIN WITH (FORMAT csv)", "write: any row of t"),
            ("COPY (DELETE FROM t WHERE id = 7 RETURNING *) TO STDOUT", "write: delete t (id = 7)"),
            ("TRUNCATE TABLE ONLY t, u RESTART IDENTITY", "write: any row of t; any row of u"),
            ("TRUNCATE t CASCADE", "write: anything"),
            ("REFRESH MATERIALIZED VIEW CONCURRENTLY s.x WITH DATA", "write: any row of x"),
            ("EXPLAIN (ANALYZE, BUFFERS) DELETE FROM t WHERE id = 7", "write: delete t (id = 7)"),
            ("DELETE FROM t WHERE a BETWEEN SYMMETRIC (5) AND (5)", "write: any row of t"),
            (
                r#"INSERT INTO "t" ("a", "b") VALUES (1, 2) RETURNING "id", CAST("b" AS "text")"#,
                "write: insert t (a = 1, b = 2)",
            ),
            ("INSERT INTO t (a) VALUES ($1), ($2) RETURNING *", "write: any row of t"),
            (
                "UPDATE t SET a = $1 FROM (VALUES (1, 2)) AS v(id, a) WHERE t.id = v.id AND t.k = 3",
                "write: update t (k = 3) -> (k = 3)",
            ),
            (
                "UPDATE t SET a = v.a FROM unnest($1::int[], $2::int[]) AS v(id, a) WHERE t.id = v.id",
                "write: any row of t",
            ),
        ],
    );
}

#[test]
fn schema() {
    check(
        &analyser(),
        &[
            ("SELECT * INTO u FROM t", "ddl: any row of u"),
            ("CREATE TABLE x AS SELECT * FROM t", "ddl: any row of x; any row of t"),
            ("ALTER TABLE t RENAME TO u", "ddl: any row of t; any row of u"),
            ("ALTER TABLE t RENAME COLUMN a TO b", "ddl: any row of t"),
            ("ALTER TABLE p ATTACH PARTITION c FOR VALUES FROM (1) TO (2)", "ddl: anything"),
            ("ALTER TABLE p DETACH PARTITION c", "ddl: anything"),
            ("DROP TABLE t CASCADE", "ddl: anything"),
            ("DROP MATERIALIZED VIEW t", "ddl: any row of t"),
            ("DROP TYPE mood", "ddl: anything"),
            ("CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING", "ddl: anything"),
            ("SELECT a INTO u FROM t UNION SELECT b FROM v", "ddl: anything"),
        ],
    );
}

#[test]
fn names_that_move_mean_something_else_to_their_connection() {
    check(
        &analyser(),
        &[
            ("CREATE TEMP TABLE t (id int)", "ddl, session"),
            ("CREATE LOCAL TEMPORARY TABLE IF NOT EXISTS t AS SELECT 1", "ddl, session"),
            ("CREATE OR REPLACE TEMP VIEW t AS SELECT 1", "ddl, session"),
            ("CREATE TABLE pg_temp.t (id int)", "ddl, session"),
            ("SELECT * INTO TEMP t FROM u", "ddl, session"),
            ("SELECT * INTO LOCAL TEMPORARY TABLE t FROM u", "unknown, session"),
            ("ALTER TABLE t SET SCHEMA other", "ddl, session"),
            ("ALTER VIEW IF EXISTS t SET SCHEMA other", "ddl, session"),
            ("CREATE TEMP TABLE t (id int) ON COMMIT DROP", "ddl: any row of t"),
            ("CREATE TABLE weather (temp int)", "ddl: any row of weather"),
            ("CREATE VIEW cold AS SELECT temp FROM weather", "ddl: any row of cold"),
        ],
    );
}

#[test]
fn settings_and_neutral_statements() {
    check(
        &analyser(),
        &[
            ("SELECT set_config('search_path', '', false)", "session"),
            ("COPY t TO STDOUT", "neutral"),
            ("GRANT SELECT ON t TO x", "neutral"),
            ("VACUUM ANALYZE t", "neutral"),
            ("LISTEN x", "neutral"),
            ("NOTIFY x, 'y'", "neutral"),
            ("LOCK TABLE t IN ACCESS EXCLUSIVE MODE", "neutral"),
            ("COMMENT ON TABLE t IS 'x'", "neutral"),
            ("PREPARE x AS DELETE FROM t", "neutral"),
            ("SET statement_timeout = 5", "neutral"),
            ("SET LOCAL statement_timeout TO '5s'", "neutral"),
            ("SET search_path TO a, b", "session"),
            ("SET SCHEMA 'x'", "session"),
            ("SET ROLE x", "session"),
            ("SET SESSION AUTHORIZATION x", "session"),
            ("SET TIME ZONE 'UTC'", "session"),
            ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY", "neutral"),
            ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "neutral"),
            ("SET CONSTRAINTS ALL DEFERRED", "neutral"),
            ("RESET ALL", "session"),
            ("RESET statement_timeout", "neutral"),
            ("DISCARD ALL", "session"),
            ("DISCARD PLANS", "neutral"),
        ],
    );
}

#[test]
fn fall_back_to_what_their_words_say() {
    check(
        &analyser(),
        &[
            (
                "INSERT INTO t (id) OVERRIDING USER VALUE VALUES (7)",
                "unknown: any row of t; any row of id; any row of overriding; any row of user; any row of value",
            ),
            ("UPDATE t SET a[1] = 1 WHERE id = 7", "unknown: any row of t; any row of a; any row of id"),
            ("DO $$ BEGIN DELETE FROM t; END $$", "unknown: anything"),
            ("CALL p()", "unknown: anything"),
            ("EXECUTE x", "unknown: anything"),
            ("PREPARE TRANSACTION 'x'", "unknown: anything"),
            ("COMMIT PREPARED 'x'", "unknown: anything"),
        ],
    );
}

#[test]
fn binds() {
    let analyser = analyser();
    let of = |condition: &str, binds: &[Bind]| shown(&analyser, &format!("SELECT * FROM t WHERE {condition}"), binds);
    let list = |values: &[Value]| vec![Bind::List(values.to_vec())];
    let (one, two) = (Value::from(1), Value::from(2));
    assert_eq!(of("a = ANY($1)", &list(&[one.clone(), two.clone()])), "t: a IN (1, 2)");
    assert_eq!(of("a = ANY($1)", &list(&[one.clone(), Value::Null])), "t: a = 1");
    assert_eq!(of("a = ANY($1)", &list(&[])), "nothing");
    assert_eq!(of("a = ANY($1)", &[Bind::Value(Value::Null)]), "nothing");
    assert_eq!(of("a = ANY($1)", &[Bind::Unknown]), "t: a IS NOT NULL");
    assert_eq!(of("a = ANY($1)", &[]), "t: a IS NOT NULL");
    assert_eq!(of("a = ANY($1::int[])", &list(std::slice::from_ref(&one))), "t: a = 1");
    assert_eq!(of("a = ANY($1::text[])", &list(std::slice::from_ref(&one))), "t: a IS NOT NULL");
    assert_eq!(of("a = ANY($1::point[])", &list(std::slice::from_ref(&one))), "t: a IS NOT NULL");
    assert_eq!(of("a <> ALL($1)", &list(&[one.clone(), two.clone()])), "t: a IS NOT NULL");
    assert_eq!(of("a <> ALL($1)", &list(&[one.clone(), Value::Null])), "nothing");
    assert_eq!(of("a <> ALL($1)", &list(&[])), "t");
    assert_eq!(of("a <> ALL($1)", &[Bind::Value(Value::Null)]), "nothing");
    assert_eq!(of("a <> ALL($1)", &[Bind::Unknown]), "t");
    assert_eq!(of("NOT (a = ANY($1))", &list(&[])), "t");
    assert_eq!(of("a IN ($1)", &list(std::slice::from_ref(&one))), "t: a IS NOT NULL");
    assert_eq!(of("a = $1", &list(std::slice::from_ref(&one))), "t: a IS NOT NULL");
    assert_eq!(of("a = $1::int8", &[Bind::from(1)]), "t: a = 1");
    assert_eq!(of("a = $1::int8", &[Bind::from("1")]), "t: a IS NOT NULL");
    assert_eq!(of("a = $1::text", &[Bind::from("x")]), "t: a = 'x'");
    assert_eq!(of("a = $1::text", &[Bind::Value(Value::Null)]), "nothing");
    assert_eq!(of("a = $1::int8::text", &[Bind::from(1)]), "t: a IS NOT NULL");
    assert_eq!(of("a = $1::char(3)", &[Bind::from("x")]), "t: a IS NOT NULL");
    assert_eq!(of("a = $2 AND b = $1", &[Bind::from(1), Bind::from("x")]), "t: a = 'x' AND b = 1");
    assert!(of("a < $1::timestamp", &[Bind::from("today")]).starts_with("not cacheable"));
    assert!(of("a < $1::timestamp", &[Bind::Unknown]).starts_with("not cacheable"));
    assert_eq!(of("a < $1::timestamp", &[Bind::from("2024-05-01")]), "t: a IS NOT NULL");
}

/// An empty array has no element that NULL could equal, so that a row which an outer join has extended passes the filter.
#[test]
fn rows_extended_by_nulls_are_in_no_array() {
    let sql = "SELECT * FROM a LEFT JOIN b ON b.x = 1 WHERE b.y <> ALL($1)";
    assert_eq!(shown(&analyser(), sql, &[Bind::List(vec![])]), "a; b: x = 1");
}

#[test]
fn transactions() {
    let analyser = analyser();
    for (sql, steps) in [
        ("BEGIN ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE", &[Step::Begin][..]),
        ("END AND NO CHAIN", &[Step::Commit]),
        ("ABORT", &[Step::Rollback]),
        ("ROLLBACK WORK AND CHAIN", &[Step::Rollback, Step::Begin]),
        ("COMMIT AND CHAIN", &[Step::Commit, Step::Begin]),
        ("ROLLBACK TO SAVEPOINT \"A\"", &[Step::RollbackTo("a".into())]),
    ] {
        let found = match analyser.analyse(sql, &[]) {
            Statement::Batch(all) => all,
            one => vec![one],
        };
        let wanted: Vec<Statement> = steps.iter().cloned().map(Statement::Transaction).collect();
        assert_eq!(found, wanted, "{sql}");
    }
}

fn shop() -> Analyser {
    let tables = ["article", "author"]
        .map(|name| (name, format!("CREATE TABLE {name} (id INTEGER PRIMARY KEY, author INTEGER, stars INTEGER)")));
    let rows = tables.iter().map(|(name, sql)| ("table", *name, *name, sql.as_str()));
    Analyser::new(Dialect::Postgres).with_catalogue(Catalogue::from_sqlite_schema(rows))
}

#[test]
fn returned_rows() {
    let analyser = shop();
    let row = Row::from([("id", 7), ("author", 3), ("stars", 5)]);
    let of = |sql: &str, all: bool| {
        let changes = analyser.returned(sql, &[], std::slice::from_ref(&row), all)?;
        Some(changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    };
    let deleted = "delete article (author = 3, id = 7, stars = 5)";
    assert_eq!(of("DELETE FROM article WHERE stars > 4 RETURNING *", true).as_deref(), Some(deleted));
    assert_eq!(of("DELETE FROM article WHERE id = 7 RETURNING *", false).as_deref(), Some(deleted));
    assert_eq!(
        of("DELETE FROM article a USING author u WHERE a.author = u.id RETURNING a.id", true).as_deref(),
        Some(deleted)
    );
    assert_eq!(of("DELETE FROM article WHERE stars > 4 RETURNING *", false), None);
    assert_eq!(of("DELETE FROM article WHERE stars > 4", true), None);
    assert_eq!(of("DELETE FROM article USING author u WHERE u.id = 1 RETURNING u.id", true), None);
    assert_eq!(of("UPDATE article SET stars = 5 FROM author u RETURNING u.id", true), None);
    assert_eq!(of("UPDATE article SET stars = 5 WHERE id = 7 RETURNING old.stars", true), None);
    assert_eq!(
        of("UPDATE article SET stars = 5 FROM author u WHERE u.id = author RETURNING article.id", true).as_deref(),
        Some("update article (author = 3, id = 7) -> (author = 3, id = 7, stars = 5)")
    );
    assert_eq!(
        of("INSERT INTO article AS a (id, author) VALUES (7, 3) RETURNING a.id, CAST(a.author AS text), stars", true)
            .as_deref(),
        Some("insert article (author = 3, id = 7, stars = 5)")
    );
    let names = ["id", "author", "stars"];
    assert!(analyser.returns("DELETE FROM article RETURNING *", &names));
    assert!(
        !analyser.returns(
            "DELETE FROM article USING author RETURNING *",
            &["id", "author", "stars", "id", "author", "stars"]
        )
    );
}

#[test]
fn literals_are_texts_where_columns_are_known() {
    let statement = "UPDATE article SET stars = 'x' WHERE author = 'y' AND id = 7";
    // The columns are numbers, so that nothing is said of them.
    assert_eq!(shown(&shop(), statement, &[]), "write: update article (id = 7) -> (id = 7)");
}

#[test]
fn texts_that_only_read() {
    let analyser = analyser();
    for sql in
        ["SELECT * FROM t FOR UPDATE", "SELECT f()", "EXPLAIN DELETE FROM t", "TABLE t", "SELECT 1; SELECT 2", "SHOW x"]
    {
        assert!(analyser.only_reads(sql), "{sql}");
        assert_eq!(analyser.refusal(sql), None, "{sql}");
    }
    for sql in [
        "",
        "SET x = 1",
        "BEGIN",
        "SELECT 1; DELETE FROM t",
        "SELECT set_config('search_path', '', false)",
        "WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d",
        "EXPLAIN (ANALYZE) DELETE FROM t",
        "COPY (DELETE FROM t RETURNING *) TO STDOUT",
        "SELECT a INTO u FROM t UNION SELECT 1",
    ] {
        assert!(!analyser.only_reads(sql), "{sql}");
    }
}
