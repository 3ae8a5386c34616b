//! Fills that depend on what they read.

use super::super::stage::{ClientOf, Played, Stage, check};
use super::super::{Adapter, Client, Failure, Question, Write};
use crate::codec::Codec;
use crate::key::Key;
use crate::observe::measure_async;

pub(super) async fn what_was_recorded_is_kept_and_never_stale<A: Adapter>(stage: &Stage<A>) -> Played {
    let (mut writer, mut reader) = (stage.client().await?, stage.client().await?);
    for question in Question::cacheable() {
        recorded(stage, &mut reader, question).await?;
        let statements = recorded(stage, &mut reader, question).await?;
        // Of the empty list a database may not have to read anything.
        let kept = statements == 0 || question == Question::ArticlesAmong(&[]);
        check(kept, format!("{question:?} was not kept although what it reads was recorded"))?;
    }
    for write in Write::all() {
        // An id may have been given already: then there is nothing to see.
        let _ = writer.write(write).await;
        for question in Question::cacheable() {
            recorded(stage, &mut reader, question).await.map_err(|error| format!("after {write:?}: {error}"))?;
        }
    }
    Ok(())
}

/// The answer of a fill that records a plain query, which has to be true; and how many statements it took.
async fn recorded<A: Adapter>(stage: &Stage<A>, client: &mut ClientOf<A>, question: Question) -> Result<u64, Failure> {
    let sql = question.inlined(stage.dialect);
    let entry = stage.cache().entry(Key::new("recorded").with(&sql)).codec(Codec::serde::<Vec<String>>());
    let fill = entry.depends_on_reads().try_get_or_fill_async(|| client.lines(&sql));
    let (answer, cost) = measure_async(fill).await;
    let mut answer = answer.map_err(|error| format!("{sql} failed: {error}"))?;
    answer.sort();
    let truth = stage.truth(client, question).await?;
    check(answer == truth, format!("{question:?} was answered {answer:?}; the database says {truth:?}"))?;
    Ok(cost.statements)
}
