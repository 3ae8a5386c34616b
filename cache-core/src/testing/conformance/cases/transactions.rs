//! Transactions by the library's own means.

use super::super::stage::{Played, Stage, check};
use super::super::{Adapter, Client, Dialect, Question, Write};

const ONE: Question = Question::ArticlesIn(1);
const TWO: Question = Question::ArticlesIn(2);

pub(super) async fn own_changes_are_seen_inside_and_by_others_after_the_commit<A: Adapter>(stage: &Stage<A>) -> Played {
    let (mut writer, mut reader) = (stage.client().await?, stage.client().await?);
    stage.warm(&mut reader, ONE).await?;
    writer.begin().await?;
    writer.write(Write::Append(1, "Macros")).await?;
    stage.miss(&mut writer, ONE).await?;
    stage.hit(&mut reader, ONE).await?;
    writer.commit().await?;
    stage.miss(&mut reader, ONE).await?;
    stage.hit(&mut writer, ONE).await
}

pub(super) async fn a_rollback_keeps_what_was_cached<A: Adapter>(stage: &Stage<A>) -> Played {
    let (mut writer, mut reader) = (stage.client().await?, stage.client().await?);
    stage.warm(&mut reader, ONE).await?;
    writer.begin().await?;
    writer.write(Write::Append(1, "Macros")).await?;
    stage.miss(&mut writer, ONE).await?;
    writer.roll_back().await?;
    stage.hit(&mut reader, ONE).await?;
    stage.hit(&mut writer, ONE).await
}

pub(super) async fn an_abandoned_transaction_is_rolled_back<A: Adapter>(stage: &Stage<A>) -> Played {
    let (mut writer, mut reader) = (stage.client().await?, stage.client().await?);
    stage.warm(&mut reader, ONE).await?;
    writer.begin().await?;
    writer.write(Write::Append(1, "Macros")).await?;
    writer.abandon().await?;
    stage.fresh(&mut reader, ONE).await?;
    stage.hit(&mut reader, ONE).await?;
    stage.hit(&mut writer, ONE).await?;
    writer.write(Write::Append(1, "Unsafe")).await?;
    stage.miss(&mut reader, ONE).await
}

pub(super) async fn one_that_only_reads_uses_and_fills_the_cache<A: Adapter>(stage: &Stage<A>) -> Played {
    let (mut inside, mut outside) = (stage.client().await?, stage.client().await?);
    stage.miss(&mut outside, ONE).await?;
    inside.begin().await?;
    stage.hit(&mut inside, ONE).await?;
    stage.miss(&mut inside, TWO).await?;
    stage.hit(&mut inside, TWO).await?;
    stage.hit(&mut outside, TWO).await?;
    inside.commit().await?;
    stage.hit(&mut outside, ONE).await?;
    stage.hit(&mut outside, TWO).await
}

pub(super) async fn nothing_is_kept_after_the_first_write<A: Adapter>(stage: &Stage<A>) -> Played {
    let (mut writer, mut reader) = (stage.client().await?, stage.client().await?);
    writer.begin().await?;
    writer.write(Write::Append(1, "Macros")).await?;
    for _ in 0..2 {
        stage.miss(&mut writer, ONE).await?;
        stage.miss(&mut writer, TWO).await?;
    }
    stage.miss(&mut reader, ONE).await?;
    writer.roll_back().await?;
    stage.hit(&mut reader, ONE).await?;
    stage.miss(&mut reader, TWO).await
}

const TAKEN: &str = "INSERT INTO article (id, category_id, title) VALUES (1, 1, 'Taken')";

pub(super) async fn an_error_inside_then_a_rollback<A: Adapter>(stage: &Stage<A>) -> Played {
    let (mut writer, mut reader) = (stage.client().await?, stage.client().await?);
    stage.warm(&mut reader, ONE).await?;
    writer.begin().await?;
    writer.write(Write::Append(1, "Macros")).await?;
    check(writer.execute(TAKEN).await.is_err(), "an id was given twice")?;
    writer.roll_back().await?;
    stage.fresh(&mut reader, ONE).await?;
    writer.write(Write::Append(1, "Unsafe")).await?;
    stage.miss(&mut reader, ONE).await?;
    stage.hit(&mut writer, ONE).await
}

pub(super) async fn an_error_inside_then_a_commit<A: Adapter>(stage: &Stage<A>) -> Played {
    let (mut writer, mut reader) = (stage.client().await?, stage.client().await?);
    stage.warm(&mut reader, ONE).await?;
    writer.begin().await?;
    writer.write(Write::Append(1, "Macros")).await?;
    check(writer.execute(TAKEN).await.is_err(), "an id was given twice")?;
    // PostgreSQL answers with a rollback, and a library may take that for an error.
    let committed = writer.commit().await;
    check(committed.is_ok() || stage.dialect == Dialect::Postgres, "the transaction could not be committed")?;
    if committed.is_err() {
        let _ = writer.roll_back().await;
    }
    stage.fresh(&mut reader, ONE).await?;
    stage.hit(&mut reader, ONE).await?;
    stage.hit(&mut writer, ONE).await
}

/// After an error that says nothing of the transaction, what is written must still be published by its end.
pub(super) async fn an_error_of_another_kind_inside_then_writes_and_a_commit<A: Adapter>(stage: &Stage<A>) -> Played {
    if stage.dialect == Dialect::Postgres {
        return Ok(());
    }
    let (mut writer, mut reader) = (stage.client().await?, stage.client().await?);
    stage.warm(&mut reader, ONE).await?;
    writer.begin().await?;
    check(writer.execute("UPDATE nowhere SET title = 'x'").await.is_err(), "a table that is not there was written")?;
    writer.write(Write::Append(1, "Macros")).await?;
    stage.fresh(&mut reader, ONE).await?;
    stage.fresh(&mut writer, ONE).await?;
    writer.commit().await?;
    stage.miss(&mut reader, ONE).await?;
    stage.hit(&mut reader, ONE).await?;
    stage.fresh(&mut writer, ONE).await
}

pub(super) async fn a_savepoint_that_is_committed_publishes_nothing<A: Adapter>(stage: &Stage<A>) -> Played {
    if !stage.features.savepoints {
        return Ok(());
    }
    let (mut writer, mut reader) = (stage.client().await?, stage.client().await?);
    stage.warm(&mut reader, ONE).await?;
    writer.begin().await?;
    writer.begin().await?;
    writer.write(Write::Append(1, "Macros")).await?;
    writer.commit().await?;
    stage.hit(&mut reader, ONE).await?;
    stage.miss(&mut writer, ONE).await?;
    writer.commit().await?;
    stage.miss(&mut reader, ONE).await
}

pub(super) async fn a_savepoint_that_is_rolled_back_takes_only_its_own<A: Adapter>(stage: &Stage<A>) -> Played {
    if !stage.features.savepoints {
        return Ok(());
    }
    let (mut writer, mut reader) = (stage.client().await?, stage.client().await?);
    stage.warm(&mut reader, ONE).await?;
    stage.warm(&mut reader, TWO).await?;
    writer.begin().await?;
    writer.write(Write::Append(1, "Macros")).await?;
    writer.begin().await?;
    writer.write(Write::Append(2, "Keys")).await?;
    stage.miss(&mut writer, TWO).await?;
    writer.roll_back().await?;
    stage.miss(&mut writer, ONE).await?;
    stage.fresh(&mut writer, TWO).await?;
    writer.commit().await?;
    stage.miss(&mut reader, ONE).await?;
    stage.hit(&mut reader, TWO).await
}

pub(super) async fn savepoints_in_savepoints<A: Adapter>(stage: &Stage<A>) -> Played {
    if !stage.features.savepoints {
        return Ok(());
    }
    for kept in [false, true] {
        let (mut writer, mut reader) = (stage.client().await?, stage.client().await?);
        for question in [ONE, TWO, Question::CommentsOf(2)] {
            stage.fresh(&mut reader, question).await?;
        }
        writer.begin().await?;
        writer.begin().await?;
        writer.begin().await?;
        writer.write(Write::Append(1, "Macros")).await?;
        writer.commit().await?;
        writer.write(Write::Append(2, "Keys")).await?;
        // What was released inside goes with what is around it.
        if kept {
            writer.commit().await?
        } else {
            writer.roll_back().await?
        };
        writer.write(Write::DeleteComment(2)).await?;
        writer.commit().await?;
        if !kept {
            stage.hit(&mut reader, ONE).await?;
        }
        for question in [ONE, TWO, Question::CommentsOf(2)] {
            stage.fresh(&mut reader, question).await?;
        }
    }
    Ok(())
}

pub(super) async fn a_transaction_after_another<A: Adapter>(stage: &Stage<A>) -> Played {
    let (mut writer, mut reader) = (stage.client().await?, stage.client().await?);
    for round in 0..4 {
        stage.fresh(&mut reader, ONE).await?;
        writer.begin().await?;
        stage.hit(&mut writer, ONE).await.map_err(|error| format!("in round {round}: {error}"))?;
        writer.write(Write::Append(1, "Macros")).await?;
        if round % 2 == 0 {
            writer.commit().await?
        } else {
            writer.roll_back().await?
        };
        let source =
            if round % 2 == 0 { stage.miss(&mut reader, ONE).await } else { stage.hit(&mut reader, ONE).await };
        source.map_err(|error| format!("in round {round}: {error}"))?;
    }
    Ok(())
}

/// Every kind of write, one after the other in transactions of their own, against every question.
pub(super) async fn every_write_inside<A: Adapter>(stage: &Stage<A>) -> Played {
    let (mut writer, mut reader) = (stage.client().await?, stage.client().await?);
    for write in Write::all() {
        for question in Question::cacheable() {
            stage.fresh(&mut reader, question).await?;
        }
        writer.begin().await?;
        // An id may have been given already: then there is nothing to commit.
        if writer.write(write).await.is_err() {
            writer.roll_back().await?;
        } else {
            stage.fresh(&mut writer, ONE).await?;
            writer.commit().await?;
        }
        for question in Question::cacheable() {
            stage.fresh(&mut reader, question).await.map_err(|error| format!("after {write:?}: {error}"))?;
        }
    }
    Ok(())
}
