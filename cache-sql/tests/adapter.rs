//! Sessions without any database: what counts as changed, and when, in the order in which statements are answered.

use cache_core::{Cache, Dependencies, Key};
use cache_sql::Dialect;
use cache_sql::adapter::{Announcement, Database, Lookup, Options, Outcome, Session};

const WRITE: &str = "INSERT INTO article (title) VALUES ('News')";
const COMMENT: &str = "INSERT INTO comment (text) VALUES ('Fine')";

/// A database that is not there, one connection to it, and somebody else who reads through the same cache.
struct Play {
    cache: Cache,
    database: Database,
    session: Session,
}

impl Play {
    fn on(dialect: Dialect) -> Self {
        let cache = Cache::in_memory();
        let database = Database::new(dialect, &cache).without_schema();
        let play = Play { session: Session::connection(&database), database, cache };
        play.others_read();
        play
    }

    fn sqlite() -> Self {
        Play::on(Dialect::Sqlite)
    }

    /// Somebody else reads what is committed, and it is kept.
    fn others_read(&self) {
        for table in ["article", "comment"] {
            let entry = self.cache.entry(Key::new(table)).depends_on(|| Dependencies::table(table));
            entry.get_or_fill(|| 1);
        }
    }

    fn stands(&self, table: &str) -> bool {
        self.cache.get::<i32>(&Key::new(table)).is_some()
    }

    fn announce(&self, sql: &str) -> Announcement {
        self.session.announce(sql, Vec::new)
    }

    fn ends(&self, sql: &str, outcome: Outcome) -> &Self {
        self.announce(sql).over(outcome, None).wait().unwrap();
        self
    }

    fn done(&self, sql: &str) -> &Self {
        self.ends(sql, Outcome::Done)
    }

    /// Whether a lookup through the session stores what it reads.
    fn keeps(&self) -> bool {
        let key = Key::new("kept");
        self.cache.delete(&key);
        let options = Options::new();
        let place = Place(&self.session);
        let work = || {
            self.session.announce_lookup("SELECT 1 FROM tag").over(Outcome::Done, None).wait().unwrap();
            Ok::<_, ()>(1)
        };
        let lookup = Lookup::new(&self.cache, &options, key.clone());
        lookup.run(&place, |_| 1, || Dependencies::table("tag"), work).unwrap();
        self.cache.get::<i32>(&key).is_some()
    }
}

struct Place<'s>(&'s Session);

impl cache_core::Connection for Place<'_> {
    fn bypass(&self) -> bool {
        self.0.bypass()
    }

    fn read_point(&self) -> Option<cache_core::ReadPoint> {
        self.0.read_point()
    }
}

#[test]
fn a_statement_outside_of_a_transaction_counts_when_it_was_answered() {
    for outcome in [Outcome::Done, Outcome::Violated, Outcome::Failed] {
        let play = Play::sqlite();
        let announcement = play.announce(WRITE);
        assert!(play.stands("article"));
        announcement.over(outcome, None).wait().unwrap();
        assert!(!play.stands("article"), "{outcome:?}");
        assert!(play.stands("comment"), "{outcome:?}");
    }
}

#[test]
fn a_statement_whose_answer_nobody_waited_for_counts() {
    let play = Play::sqlite();
    drop(play.announce(WRITE));
    assert!(!play.stands("article"));
}

#[test]
fn changes_wait_for_the_commit() {
    let play = Play::sqlite();
    play.done("BEGIN").done(WRITE);
    assert!(play.stands("article") && play.session.bypass() && !play.keeps());
    play.done("COMMIT");
    assert!(!play.stands("article") && play.stands("comment"));
    assert!(!play.session.in_transaction() && play.keeps());
}

#[test]
fn a_rollback_forgets() {
    let play = Play::sqlite();
    play.done("BEGIN").done(WRITE).done("ROLLBACK");
    assert!(play.stands("article") && !play.session.bypass());
}

#[test]
fn a_commit_that_fails_counts_and_the_next_end_counts_again() {
    let play = Play::sqlite();
    play.done("BEGIN").done(WRITE).ends("COMMIT", Outcome::Failed);
    assert!(!play.stands("article") && !play.keeps());
    play.others_read();
    play.done("COMMIT");
    assert!(!play.stands("article") && play.keeps());
}

#[test]
fn a_commit_whose_answer_nobody_waited_for_counts() {
    let play = Play::sqlite();
    play.done("BEGIN").done(WRITE);
    drop(play.announce("COMMIT"));
    assert!(!play.stands("article"));
}

#[test]
fn a_released_savepoint_waits_for_the_transaction() {
    let play = Play::sqlite();
    play.done("BEGIN").done("SAVEPOINT a").done(WRITE).done("RELEASE a");
    assert!(play.stands("article"));
    play.done("COMMIT");
    assert!(!play.stands("article"));
}

#[test]
fn a_savepoint_without_a_transaction_is_one_on_sqlite() {
    let play = Play::sqlite();
    play.done("SAVEPOINT a").done(WRITE);
    assert!(play.stands("article"));
    play.done("RELEASE a");
    assert!(!play.stands("article"));
}

#[test]
fn rolling_back_to_a_savepoint_keeps_it() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql] {
        let play = Play::on(dialect);
        play.done("BEGIN").done("SAVEPOINT a").done(COMMENT).done("ROLLBACK TO SAVEPOINT a");
        play.done(WRITE).done("RELEASE SAVEPOINT a").done("COMMIT");
        assert!(!play.stands("article") && play.stands("comment"), "{dialect:?}");
    }
}

#[test]
fn the_inner_of_two_savepoints_of_one_name_is_meant() {
    let play = Play::sqlite();
    play.done("BEGIN").done("SAVEPOINT a").done(WRITE).done("SAVEPOINT A").done(COMMENT);
    play.done("ROLLBACK TO a").done("COMMIT");
    assert!(!play.stands("article") && play.stands("comment"));
}

#[test]
fn a_savepoint_that_was_never_marked_makes_everything_count() {
    let play = Play::sqlite();
    play.done("BEGIN").done("RELEASE nowhere");
    assert!(!play.stands("comment") && !play.keeps());
    play.done("COMMIT");
    assert!(play.keeps());
}

#[test]
fn a_batch_that_is_a_transaction_counts_at_its_end() {
    let play = Play::sqlite();
    let batch = format!("BEGIN; {WRITE}; COMMIT");
    play.done(&batch);
    assert!(!play.stands("article") && play.stands("comment") && play.keeps());
    play.others_read();
    play.done(&format!("BEGIN; {WRITE}; ROLLBACK"));
    assert!(play.stands("article") && play.keeps());
    play.ends(&batch, Outcome::Failed);
    assert!(!play.stands("article") && !play.stands("comment") && !play.keeps());
}

#[test]
fn the_second_transaction_of_a_batch_reads_as_of_before_the_batch() {
    let play = Play::sqlite();
    play.done("BEGIN");
    assert!(play.keeps());
    let announcement = play.announce("COMMIT; BEGIN");
    // Committed by somebody else after the database has begun the second one, and before its answer is here.
    play.database.cache().invalidate_table("tag").unwrap();
    announcement.over(Outcome::Done, None).wait().unwrap();
    assert!(play.session.in_transaction() && !play.keeps());
}

/// A statement that failed leaves in doubt whether the transaction is open. What is written then was applied at once, and must
/// count again at the end: others may have read the old rows meanwhile.
#[test]
fn what_was_written_in_doubt_counts_again_at_the_end() {
    for end in ["COMMIT", "END", "BEGIN", "ROLLBACK"] {
        let play = Play::sqlite();
        play.done("BEGIN").ends(COMMENT, Outcome::Failed).done(WRITE);
        assert!(!play.stands("article") && !play.keeps(), "{end}");
        play.others_read();
        play.done(end);
        assert!(!play.stands("article"), "{end}");
    }
}

#[test]
fn what_a_savepoint_published_in_doubt_counts_again_at_its_release() {
    let play = Play::sqlite();
    play.done("SAVEPOINT a").ends(COMMENT, Outcome::Failed).done(WRITE);
    play.others_read();
    play.done("RELEASE a");
    assert!(!play.stands("article"));
}

#[test]
fn a_violated_constraint_leaves_no_doubt_unless_the_statement_rolls_back() {
    let play = Play::sqlite();
    play.done("BEGIN").ends(WRITE, Outcome::Violated);
    assert!(play.stands("article"));
    play.done("ROLLBACK");
    assert!(play.stands("article") && play.keeps());
    play.done("BEGIN").ends("INSERT OR ROLLBACK INTO article (title) VALUES ('News')", Outcome::Violated);
    assert!(!play.stands("article") && !play.keeps());
}

#[test]
fn postgres_holds_on_after_an_error() {
    let play = Play::on(Dialect::Postgres);
    play.done("BEGIN").done(WRITE).ends(COMMENT, Outcome::Failed);
    assert!(play.stands("article") && play.stands("comment"));
    play.done("ROLLBACK");
    assert!(play.stands("article") && play.keeps());
}

#[test]
fn the_word_of_the_driver_ends_the_doubt() {
    let play = Play::sqlite();
    play.session.settled().wait().unwrap();
    assert!(play.stands("article"), "nothing was in doubt");
    play.done("BEGIN").ends(WRITE, Outcome::Failed);
    play.others_read();
    play.session.settled().wait().unwrap();
    assert!(!play.stands("article") && !play.session.in_transaction() && play.keeps());
}

/// The transaction may have begun although the answer was not heard: then a write is not committed when it is answered.
#[test]
fn a_begin_whose_answer_nobody_waited_for_leaves_a_doubt() {
    let play = Play::sqlite();
    drop(play.announce("BEGIN"));
    play.done(WRITE);
    assert!(!play.keeps());
    play.others_read();
    play.done("COMMIT");
    assert!(!play.stands("article") && play.keeps());
}

#[test]
fn a_begin_that_failed_begins_nothing() {
    let play = Play::sqlite();
    play.ends("BEGIN", Outcome::Failed);
    assert!(play.stands("article") && !play.session.in_transaction() && play.keeps());
}

#[test]
fn begin_and_definitions_commit_on_mysql() {
    for words in ["START TRANSACTION", "CREATE TABLE note (id INTEGER)"] {
        let play = Play::on(Dialect::MySql);
        play.done("BEGIN").done(WRITE);
        assert!(play.stands("article"));
        play.done(words);
        assert!(!play.stands("article"), "{words}");
    }
}

/// Triggers of the main database do not see what is written to an attached one: the text tells.
#[test]
fn rows_of_an_attached_database_are_not_asked_for() {
    let cache = Cache::in_memory();
    let session = Session::connection(&Database::new(Dialect::Sqlite, &cache).with_exact_rows());
    let table = "CREATE TABLE article (id INTEGER PRIMARY KEY)";
    let rows = vec![["table", "article", "article", table].map(String::from).to_vec()];
    session.wants_schema(WRITE).expect("it is not known yet").answer(Ok::<_, String>(rows));
    for (sql, asked) in [("DELETE FROM article WHERE id = 1", true), ("DELETE FROM far.article WHERE id = 1", false)] {
        let mut announcement = session.announce(sql, Vec::new);
        assert_eq!(announcement.exact().is_some(), asked, "{sql}");
        announcement.over(Outcome::Done, None).wait().unwrap();
    }
}

/// They commit nothing on MySQL, and what is written after them waits for the commit as well.
#[test]
fn temporary_tables_leave_the_transaction_open_and_keep_their_connection_to_itself() {
    for dialect in [Dialect::MySql, Dialect::Postgres] {
        for words in ["CREATE TEMPORARY TABLE tag (id INTEGER)", "SELECT 1; CREATE TEMPORARY TABLE tag (id INTEGER)"] {
            let play = Play::on(dialect);
            play.done("BEGIN").done(words).done(WRITE);
            assert!(play.stands("article"), "{dialect:?} {words}");
            play.done("COMMIT");
            assert!(!play.stands("article"), "{dialect:?} {words}");
            assert!(play.session.bypass() && !play.keeps(), "{dialect:?} {words}");
            let other = Session::connection(&play.database);
            assert!(!other.bypass(), "{dialect:?} {words}");
        }
    }
    let play = Play::on(Dialect::Postgres);
    play.done("BEGIN").done("CREATE TEMP TABLE tag (id INTEGER) ON COMMIT DROP");
    assert!(play.session.bypass() && !play.keeps());
    play.done("COMMIT");
    assert!(!play.session.bypass() && play.keeps());
}

#[test]
fn definitions_wait_for_the_commit_elsewhere() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let play = Play::on(dialect);
        play.done("BEGIN").done("CREATE TABLE note (id INTEGER)");
        assert!(play.stands("article") && play.session.bypass(), "{dialect:?}");
        play.done("COMMIT");
        assert!(!play.stands("article"), "{dialect:?}");
    }
}

#[test]
fn a_lookup_of_a_statement_that_writes_counts_as_a_write() {
    let play = Play::sqlite();
    play.session
        .announce_lookup("INSERT INTO article (title) VALUES (?) RETURNING id")
        .over(Outcome::Done, None)
        .wait()
        .unwrap();
    assert!(!play.stands("article") && play.stands("comment"));
}

#[test]
fn handles_of_transactions_wait_for_the_commit() {
    let play = Play::sqlite();
    let pool = Session::pool(&play.database);
    let transaction = pool.begin();
    let inner = transaction.begin();
    inner.announce(WRITE, Vec::new).over(Outcome::Done, None).wait().unwrap();
    inner.committing().done().wait().unwrap();
    assert!(play.stands("article") && transaction.bypass() && !pool.bypass());
    transaction.committing().done().wait().unwrap();
    assert!(!play.stands("article"));
}

#[test]
fn a_handle_that_is_dropped_is_rolled_back_unless_it_was_committing() {
    let play = Play::sqlite();
    let pool = Session::pool(&play.database);
    let transaction = pool.begin();
    transaction.announce(WRITE, Vec::new).over(Outcome::Done, None).wait().unwrap();
    drop(transaction);
    assert!(play.stands("article"));
    let transaction = pool.begin();
    transaction.announce(WRITE, Vec::new).over(Outcome::Done, None).wait().unwrap();
    drop(transaction.committing());
    assert!(!play.stands("article"));
}

#[test]
fn begin_as_text_on_a_pool_stops_all_storing_until_its_end() {
    let play = Play::sqlite();
    let pool = Session::pool(&play.database);
    pool.announce("BEGIN", Vec::new).over(Outcome::Done, None).wait().unwrap();
    assert!(pool.bypass());
    pool.announce(WRITE, Vec::new).over(Outcome::Done, None).wait().unwrap();
    assert!(!play.stands("article"));
    play.others_read();
    pool.announce("COMMIT", Vec::new).over(Outcome::Done, None).wait().unwrap();
    assert!(!play.stands("article") && !pool.bypass());
}

#[test]
fn statements_that_commit_by_the_way_count_at_once() {
    // Each of these ends a transaction of MySQL that is open.
    for sql in ["LOCK TABLES article READ", "UNLOCK TABLES", "FLUSH TABLES", "CALL publish()", "SET autocommit = 1"] {
        let play = Play::on(Dialect::MySql);
        play.done("BEGIN").done(WRITE).done(sql);
        assert!(!play.stands("article"), "{sql}");
        play.others_read();
        play.done(COMMENT).done("ROLLBACK");
        assert!(!play.stands("comment"), "{sql}: nobody knows whether it was rolled back");
    }
    let play = Play::on(Dialect::Postgres);
    play.done("BEGIN").done(WRITE).done("PREPARE TRANSACTION 'news'").done("COMMIT PREPARED 'news'");
    assert!(!play.stands("article"));
}

#[test]
fn statements_that_commit_by_the_way_count_in_a_handle() {
    for (dialect, sql) in [
        (Dialect::MySql, "LOCK TABLES article READ"),
        (Dialect::MySql, "CALL publish()"),
        (Dialect::MySql, "SET autocommit = 1"),
        (Dialect::Postgres, "PREPARE TRANSACTION 'news'"),
    ] {
        let play = Play::on(dialect);
        let handle = play.session.begin();
        handle.announce(WRITE, Vec::new).over(Outcome::Done, None).wait().unwrap();
        handle.announce(sql, Vec::new).over(Outcome::Done, None).wait().unwrap();
        play.others_read();
        handle.rolled_back().wait().unwrap();
        assert!(!play.stands("article"), "{sql}");
    }
}

#[test]
fn what_was_written_without_autocommit_counts_when_it_is_committed_by_the_way() {
    for sql in ["SET autocommit = 1", "BEGIN", "LOCK TABLES article READ", "COMMIT"] {
        let play = Play::on(Dialect::MySql);
        play.done("SET autocommit = 0").done(WRITE);
        play.others_read();
        play.done(sql);
        assert!(!play.stands("article"), "{sql}");
    }
}

#[test]
fn a_begin_that_failed_may_have_committed_on_mysql() {
    let play = Play::on(Dialect::MySql);
    play.done("BEGIN").done(WRITE).ends("BEGIN", Outcome::Failed);
    assert!(!play.stands("article"));
}

#[test]
fn a_snapshot_of_somebody_else_is_older_than_the_transaction() {
    let play = Play::on(Dialect::Postgres);
    play.done("BEGIN ISOLATION LEVEL REPEATABLE READ").done("SET TRANSACTION SNAPSHOT '00000003-0000001B-1'");
    assert!(!play.keeps());
    play.done("COMMIT");
    assert!(play.keeps());
}

#[test]
fn uncommitted_rows_of_others_are_not_kept() {
    for sql in [
        "SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED",
        "SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED",
        "SET TRANSACTION READ ONLY, ISOLATION LEVEL READ UNCOMMITTED",
        "SET SESSION transaction_isolation = 'READ-UNCOMMITTED'",
        "SET tx_isolation = 'read-uncommitted'",
        "SET @@session.tx_isolation = 'read-uncommitted'",
    ] {
        let play = Play::on(Dialect::MySql);
        play.done(sql);
        assert!(!play.keeps(), "{sql}");
    }
    for sql in ["SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", "SET TRANSACTION READ ONLY"] {
        let play = Play::on(Dialect::MySql);
        play.done(sql);
        assert!(play.keeps(), "{sql}");
    }
    let play = Play::sqlite();
    play.done("PRAGMA read_uncommitted = 1");
    assert!(!play.keeps());
}

#[test]
fn a_pragma_that_changes_comparisons_ends_keeping() {
    let play = Play::sqlite();
    play.done("PRAGMA foreign_keys = ON");
    assert!(play.keeps());
    play.done("PRAGMA case_sensitive_like = ON");
    assert!(!play.keeps());
}

#[test]
fn a_local_setting_ends_with_its_transaction() {
    let play = Play::on(Dialect::Postgres);
    play.done("BEGIN").done("/* here only */ SET LOCAL search_path TO other");
    assert!(!play.keeps());
    play.done("COMMIT");
    assert!(play.keeps());
}

#[test]
fn a_setting_beside_a_local_one_is_not_local() {
    let play = Play::on(Dialect::Postgres);
    play.done("BEGIN").done("SET LOCAL statement_timeout = 1; SET search_path TO other").done("COMMIT");
    assert!(!play.keeps());
}

#[test]
fn local_means_the_session_to_mysql() {
    let play = Play::on(Dialect::MySql);
    play.done("BEGIN").done("SET LOCAL sql_mode = ''").done("COMMIT");
    assert!(!play.keeps());
}

#[test]
fn a_connection_keeps_nothing_while_a_transaction_by_text_is_open_on_its_pool() {
    let play = Play::sqlite();
    let pool = Session::pool(&play.database);
    pool.announce("BEGIN", Vec::new).over(Outcome::Done, None).wait().unwrap();
    assert!(!play.keeps());
    pool.announce("ROLLBACK", Vec::new).over(Outcome::Done, None).wait().unwrap();
    assert!(play.keeps());
}
