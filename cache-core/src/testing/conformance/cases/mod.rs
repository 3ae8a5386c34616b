//! The cases.

mod definitions;
mod reads;
mod recorded;
mod texts;
mod transactions;
mod turns;
mod writes;

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use super::stage::{Played, Stage};
use super::{Adapter, Report, Write};

/// Plays a case on a stage of its own; a panic is a failure as well.
async fn play<A: Adapter>(adapter: &A, case: impl AsyncFnOnce(&Stage<A>) -> Played) -> Result<(), String> {
    let whole = async {
        let stage = Stage::set(adapter).await.map_err(|error| format!("the shop could not be opened: {error}"))?;
        case(&stage).await.map_err(|error| error.to_string())
    };
    let mut whole = pin!(whole);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| whole.as_mut().poll(context))) {
        Ok(poll) => poll,
        Err(panic) => Poll::Ready(Err(format!("panicked: {}", message(&*panic)))),
    })
    .await
}

fn message(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (None, Some(text)) => text,
        (None, None) => "with something that is no text",
    }
}

macro_rules! cases {
    ($($module:ident: $($case:ident),+;)+) => {
        /// Runs the chosen cases.
        pub(super) async fn run<A: Adapter>(adapter: &A, choose: &impl Fn(&str) -> bool) -> Report {
            let mut report = Report::of(adapter.name());
            for write in Write::all() {
                let name = format!("writes::{write:?}");
                if choose(&name) {
                    report.add(name, play(adapter, async |stage| writes::one(stage, write).await).await);
                }
            }
            $($(
                let name = concat!(stringify!($module), "::", stringify!($case));
                if choose(name) {
                    report.add(name.to_owned(), play(adapter, async |stage| $module::$case(stage).await).await);
                }
            )+)+
            report
        }
    };
}

cases! {
    reads: every_question_is_a_miss_and_then_a_hit, clients_share_answers, the_empty_list_is_answered,
        questions_of_chance_are_asked_every_time, locking_questions_are_asked_every_time;
    recorded: what_was_recorded_is_kept_and_never_stale;
    writes: a_row_that_moves_leaves_one_list_and_enters_another, what_a_trigger_writes_is_seen,
        what_foreign_keys_delete_is_seen, what_a_view_shows_is_fresh, links_are_seen_from_both_sides,
        a_missing_row_is_found_when_it_appears, a_write_that_fails_leaves_the_truth,
        a_statement_that_is_not_understood_drops_what_it_may_touch;
    transactions: own_changes_are_seen_inside_and_by_others_after_the_commit, a_rollback_keeps_what_was_cached,
        an_abandoned_transaction_is_rolled_back, one_that_only_reads_uses_and_fills_the_cache,
        nothing_is_kept_after_the_first_write, an_error_inside_then_a_rollback, an_error_inside_then_a_commit,
        an_error_of_another_kind_inside_then_writes_and_a_commit,
        a_savepoint_that_is_committed_publishes_nothing, a_savepoint_that_is_rolled_back_takes_only_its_own,
        savepoints_in_savepoints, a_transaction_after_another, every_write_inside;
    turns: seven_interleavings_end_with_the_new_value, an_overtaken_answer_is_not_kept,
        an_old_snapshot_is_not_kept, a_snapshot_is_served_nothing_older,
        two_transactions_one_after_the_other;
    definitions: an_added_column, a_dropped_table, a_view_that_changes, a_trigger_that_appears;
    texts: commit_as_text, rollback_as_text, savepoints_as_text, a_lost_release_as_text;
}
