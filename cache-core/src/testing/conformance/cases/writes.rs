//! Writes outside of transactions.

use super::super::stage::{Played, Stage, check};
use super::super::{Adapter, Client, Question, Write};

/// One write against every question: none may be stale afterwards, and what has nothing to do with it must survive.
pub(super) async fn one<A: Adapter>(stage: &Stage<A>, write: Write) -> Played {
    let (mut writer, mut reader) = (stage.client().await?, stage.client().await?);
    // Twice, since what the library or the adapter has remembered of the first time must not matter.
    for question in Question::cacheable() {
        stage.fresh(&mut reader, question).await?;
        stage.hit(&mut reader, question).await?;
    }
    writer.write(write).await?;
    for question in write.spares() {
        stage.hit(&mut reader, question).await.map_err(|error| format!("{question:?} should survive: {error}"))?;
    }
    for question in Question::cacheable() {
        stage.fresh(&mut reader, question).await?;
        stage.hit(&mut reader, question).await?;
    }
    Ok(())
}

pub(super) async fn a_row_that_moves_leaves_one_list_and_enters_another<A: Adapter>(stage: &Stage<A>) -> Played {
    let mut client = stage.client().await?;
    for category in [1, 2] {
        stage.warm(&mut client, Question::ArticlesIn(category)).await?;
    }
    client.write(Write::Move(1, 2)).await?;
    for category in [1, 2] {
        stage.warm(&mut client, Question::ArticlesIn(category)).await?;
    }
    Ok(())
}

pub(super) async fn what_a_trigger_writes_is_seen<A: Adapter>(stage: &Stage<A>) -> Played {
    let mut client = stage.client().await?;
    stage.warm(&mut client, Question::AuditOf(1)).await?;
    client.write(Write::Retitle(1, "Borrowing")).await?;
    stage.warm(&mut client, Question::AuditOf(1)).await?;
    client.write(Write::PublishIn(1, false)).await?;
    let (answer, _) = stage.asked(&mut client, Question::AuditOf(1)).await?;
    check(answer.len() == 2, format!("two updates were noted as {answer:?}"))
}

pub(super) async fn what_foreign_keys_delete_is_seen<A: Adapter>(stage: &Stage<A>) -> Played {
    let mut client = stage.client().await?;
    let questions = [Question::CommentsOf(1), Question::TagsOf(1), Question::Article(1)];
    for question in questions {
        stage.warm(&mut client, question).await?;
    }
    client.write(Write::DeleteCategory(1)).await?;
    for question in questions {
        stage.warm(&mut client, question).await?;
        let (answer, _) = stage.asked(&mut client, question).await?;
        check(answer.is_empty(), format!("{question:?} went with its category, but was answered {answer:?}"))?;
    }
    Ok(())
}

pub(super) async fn what_a_view_shows_is_fresh<A: Adapter>(stage: &Stage<A>) -> Played {
    let mut client = stage.client().await?;
    stage.warm(&mut client, Question::LiveIn(1)).await?;
    client.write(Write::PublishIn(1, true)).await?;
    stage.warm(&mut client, Question::LiveIn(1)).await?;
    let (answer, _) = stage.asked(&mut client, Question::LiveIn(1)).await?;
    check(answer.len() == 2, format!("both articles are published, but the view shows {answer:?}"))
}

pub(super) async fn links_are_seen_from_both_sides<A: Adapter>(stage: &Stage<A>) -> Played {
    let mut client = stage.client().await?;
    let sides = [Question::TagsOf(1), Question::ArticlesTagged("language")];
    for side in sides {
        stage.warm(&mut client, side).await?;
    }
    for write in [Write::Untag(1, 1), Write::Tag(1, 1), Write::ClearTags(1), Write::Tag(1, 1), Write::ClearArticles(1)]
    {
        client.write(write).await?;
        for side in sides {
            stage.warm(&mut client, side).await.map_err(|error| format!("after {write:?}: {error}"))?;
        }
    }
    Ok(())
}

pub(super) async fn a_missing_row_is_found_when_it_appears<A: Adapter>(stage: &Stage<A>) -> Played {
    let mut client = stage.client().await?;
    stage.warm(&mut client, Question::Article(10)).await?;
    client.write(Write::all()[0]).await?;
    stage.warm(&mut client, Question::Article(10)).await?;
    client.write(Write::Delete(10)).await?;
    stage.warm(&mut client, Question::Article(10)).await
}

pub(super) async fn a_write_that_fails_leaves_the_truth<A: Adapter>(stage: &Stage<A>) -> Played {
    let mut client = stage.client().await?;
    stage.warm(&mut client, Question::ArticlesIn(1)).await?;
    stage.warm(&mut client, Question::ArticlesIn(2)).await?;
    let twice = "INSERT INTO article (id, category_id, title) VALUES (10, 1, 'Once'), (10, 1, 'Twice')";
    check(client.execute(twice).await.is_err(), "one id was given to two articles")?;
    stage.fresh(&mut client, Question::ArticlesIn(1)).await?;
    stage.hit(&mut client, Question::ArticlesIn(2)).await?;
    check(client.execute("UPDATE nowhere SET title = 'x'").await.is_err(), "a table that is not there was written")?;
    stage.fresh(&mut client, Question::ArticlesIn(1)).await
}

pub(super) async fn a_statement_that_is_not_understood_drops_what_it_may_touch<A: Adapter>(stage: &Stage<A>) -> Played {
    let mut client = stage.client().await?;
    stage.warm(&mut client, Question::ArticlesIn(1)).await?;
    stage.warm(&mut client, Question::Categories).await?;
    // Whatever the database says to it: it might have written.
    let _ = client.execute("CONJURE article").await;
    stage.miss(&mut client, Question::ArticlesIn(1)).await?;
    stage.miss(&mut client, Question::Categories).await
}
