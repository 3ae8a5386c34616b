//! Questions about rows, and what becomes of their answers.

use std::sync::Arc;

use cache_core::Change;

use super::{Ask, Counted, Exact};
use crate::plan::Plan;
use crate::{Analyser, Catalogue, Dialect};

fn analyser(dialect: Dialect) -> Analyser {
    let text = |row: &[&str]| row.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
    let rows = match dialect {
        Dialect::Postgres => vec![
            text(&["relation", "1", "t", "r", "p", "false", "", "", ""]),
            text(&["column", "1", "1", "id", "int4", "b", "-1", "", "n"]),
            text(&["key", "1", "id", "", "", "", "", "", ""]),
            text(&["column", "1", "2", "a", "text", "b", "-1", "deterministic", ""]),
        ],
        _ => vec![
            text(&["relation", "t", "BASE TABLE", "InnoDB", "", "", "", "", "", "", "", ""]),
            text(&["relation", "m", "BASE TABLE", "MyISAM", "", "", "", "", "", "", "", ""]),
            text(&["column", "t", "1", "id", "int", "int(11)", "", "", "10,0", "", "NO", ""]),
            text(&["key", "t", "id", "", "", "", "", "", "", "", "", ""]),
            text(&["column", "t", "2", "a", "text", "text", "99", "", "", "utf8mb4_general_ci", "YES", ""]),
            text(&["column", "m", "1", "id", "int", "int(11)", "", "", "10,0", "", "NO", ""]),
            text(&["rights", "all", "", "", "", "", "", "", "", "", "", ""]),
        ],
    };
    Analyser::new(dialect).with_catalogue(Catalogue::read(dialect, rows))
}

/// The text from its FROM on, and the binds.
fn asked(dialect: Dialect, sql: &str) -> Option<(String, Vec<usize>)> {
    match &analyser(dialect).plans_of(sql)[..] {
        [Plan::Write { question: Some(question), .. }] => {
            let Ask { sql, binds, .. } = question.before();
            let (_, rest) = sql.rsplit_once(" FROM ")?;
            Some((rest.replace(" LIMIT 1025", ""), binds))
        }
        _ => None,
    }
}

#[test]
fn the_condition_is_that_of_the_statement_with_its_own_binds() {
    let postgres = |sql| asked(Dialect::Postgres, sql).unwrap();
    let update = "UPDATE ONLY \"t\" AS x SET a = $1, id = $4\nWHERE x.id = $3 AND a IN ('wh''ere', $2, $2) RETURNING *";
    let expected = "ONLY \"t\" AS x WHERE x.id = $1 AND a IN ('wh''ere', $2, $2) FOR NO KEY UPDATE";
    assert_eq!(postgres(update), (expected.to_owned(), vec![2, 1]));
    assert_eq!(postgres("DELETE FROM t"), ("t  FOR UPDATE".to_owned(), vec![]));
    let mysql = |sql| asked(Dialect::MySql, sql).unwrap();
    let update = "UPDATE LOW_PRIORITY `t` SET a = ? WHERE a = 'ä\\'?' AND (id = ? || id < ?)";
    let expected = "`t` WHERE a = 'ä\\'?' AND (id = ? || id < ?) FOR UPDATE";
    assert_eq!(mysql(update), (expected.to_owned(), vec![1, 2]));
    let nested = "UPDATE t SET a = (SELECT max(a) FROM m WHERE id = ?) WHERE id = ?";
    assert_eq!(mysql(nested), ("t WHERE id = ? FOR UPDATE".to_owned(), vec![1]));
}

#[test]
fn what_may_select_other_rows_the_next_moment_is_not_asked() {
    for sql in [
        "UPDATE t SET a = 'x' WHERE CURRENT OF c",
        "UPDATE t SET a = $1 WHERE a = $1",
        "UPDATE t SET a = 'x' FROM u WHERE t.id = u.id",
        "DELETE FROM t USING u WHERE t.id = u.id",
        "DELETE FROM t WHERE id IN (SELECT id FROM u)",
        "DELETE FROM t WHERE random() < 0.5",
        "DELETE FROM t WHERE mine(id)",
        "DELETE FROM t WHERE xmax = 0",
        "DELETE FROM unknown WHERE id = 1",
        "WITH x AS (DELETE FROM t WHERE id = 1 RETURNING *) SELECT * FROM x",
        "DELETE FROM t WHERE id = 1; DELETE FROM t WHERE id = 2",
        "INSERT INTO t (id) VALUES (1)",
    ] {
        assert_eq!(asked(Dialect::Postgres, sql), None, "{sql}");
    }
    for sql in [
        "UPDATE t SET a = 'x' WHERE id > 3 LIMIT 1",
        "UPDATE t SET a = 'x' WHERE id > 3 ORDER BY id",
        "DELETE FROM t WHERE id > 3 ORDER BY id LIMIT 1",
        "UPDATE IGNORE t SET a = 'x' WHERE id > 3",
        "UPDATE t, m SET t.a = 'x' WHERE t.id = m.id",
        "DELETE t FROM t JOIN m ON t.id = m.id",
        "DELETE FROM t WHERE id > @n",
        "DELETE FROM t WHERE a < NOW()",
        "DELETE FROM m WHERE id = 1",
    ] {
        assert_eq!(asked(Dialect::MySql, sql), None, "{sql}");
    }
}
fn exact(dialect: Dialect, sql: &str) -> Exact {
    Exact::about(&Arc::new(analyser(dialect)), sql, &[]).unwrap()
}

/// Puts the questions before the statement; each begins with one of these words, and gets the answer beside it.
fn answered(exact: &mut Exact, answers: &[(&str, Result<&[&str], &str>)]) {
    for (words, answer) in answers {
        let ask = exact.before().or_else(|| exact.after()).unwrap();
        assert!(ask.sql.starts_with(words), "{}", ask.sql);
        let rows = |rows: &[&str]| rows.iter().map(|row| vec![(*row).to_owned()]).collect();
        exact.answer(answer.map(rows));
    }
    assert_eq!((exact.before(), exact.after()), (None, None));
}

fn told(exact: &Exact) -> Option<Vec<String>> {
    exact.changes().map(|changes| changes.iter().map(Change::to_string).collect())
}

const NO_ROWS: Result<&[&str], &str> = Ok(&[]);

#[test]
fn rows_are_told_where_as_many_were_written() {
    let locked = [("SAVEPOINT", NO_ROWS), ("SELECT", Ok(&["'id','1','a','it''s'"][..])), ("RELEASE", NO_ROWS)];
    let ask = || {
        let mut exact = exact(Dialect::Postgres, "UPDATE t SET a = NULL WHERE id > 0");
        answered(&mut exact, &locked);
        exact
    };
    let mut same = ask();
    same.written(Counted::Affected(1));
    let expected = "update t (a = 'it''s', id = 1) -> (a = NULL, id = 1)";
    assert_eq!(told(&same), Some(vec![expected.to_owned()]));
    assert_eq!(told(&ask()), None);
    for other in [Counted::Affected(0), Counted::Affected(2), Counted::Returned { rows: 1, all: true }] {
        let mut exact = ask();
        exact.written(other);
        assert_eq!(told(&exact), None, "{other:?}");
    }
}

#[test]
fn rows_that_an_expression_has_changed_are_read_again_by_their_keys() {
    let mut exact = exact(Dialect::MySql, "UPDATE t SET a = CONCAT(a, a)");
    let row = "'id','1','a','4142'";
    answered(&mut exact, &[("SAVEPOINT", NO_ROWS), ("SELECT", Ok(&[row])), ("RELEASE", NO_ROWS)]);
    exact.written(Counted::Affected(1));
    let later = "'id','1','a','41424142'";
    answered(&mut exact, &[("SAVEPOINT", NO_ROWS), ("SELECT", Ok(&[later])), ("RELEASE", NO_ROWS)]);
    let changes = told(&exact).unwrap();
    assert!(changes[0].contains("abab"), "{changes:?}");
}

#[test]
fn a_question_that_fails_goes_back_to_its_savepoint() {
    for dialect in [Dialect::Postgres, Dialect::MySql] {
        let mut exact = exact(dialect, "DELETE FROM t");
        answered(&mut exact, &[("SAVEPOINT", NO_ROWS), ("SELECT", Err("denied")), ("ROLLBACK TO", NO_ROWS)]);
        assert!(!exact.is_broken());
        exact.written(Counted::Affected(0));
        assert_eq!(told(&exact), None);
    }
}

#[test]
fn a_transaction_that_went_with_its_savepoint_is_noticed() {
    let mut exact = exact(Dialect::MySql, "DELETE FROM t");
    answered(&mut exact, &[("SAVEPOINT", NO_ROWS), ("SELECT", Err("deadlock")), ("ROLLBACK TO", Err("no savepoint"))]);
    assert!(exact.is_broken());
    assert_eq!(told(&exact), None);
}

#[test]
fn too_many_rows_are_let_go() {
    let mut exact = exact(Dialect::Postgres, "DELETE FROM t");
    let rows = vec!["'id','1'"; super::MAX_ROWS + 1];
    answered(&mut exact, &[("SAVEPOINT", NO_ROWS), ("SELECT", Ok(&rows)), ("ROLLBACK TO", NO_ROWS)]);
    exact.written(Counted::Affected(rows.len() as u64));
    assert_eq!(told(&exact), None);
}
