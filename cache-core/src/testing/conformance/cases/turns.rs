//! Several clients, in turns.

use super::super::stage::{Played, Stage, check};
use super::super::{Adapter, Client, Question, Write};
use crate::Key;

const ONE: Question = Question::CountIn(1);

/// A reader before, while and after a transaction writes: in the end everybody has the new value, by one statement.
pub(super) async fn seven_interleavings_end_with_the_new_value<A: Adapter>(stage: &Stage<A>) -> Played {
    for plan in 1..8 {
        let (before, during, after) = (plan & 1 != 0, plan & 2 != 0, plan & 4 != 0);
        let (mut writer, mut reader) = (stage.client().await?, stage.client().await?);
        stage.cache().invalidate_all()?;
        if before {
            stage.miss(&mut reader, ONE).await?;
        }
        writer.begin().await?;
        writer.write(Write::Append(1, "Macros")).await?;
        if during {
            stage.fresh(&mut reader, ONE).await?;
        }
        writer.commit().await?;
        if after {
            stage.miss(&mut reader, ONE).await?;
            stage.hit(&mut reader, ONE).await?;
        } else {
            stage.warm(&mut reader, ONE).await?;
        }
        stage.hit(&mut writer, ONE).await?;
    }
    Ok(())
}

/// An answer is read, then a write is acknowledged, then the answer would be stored.
pub(super) async fn an_overtaken_answer_is_not_kept<A: Adapter>(stage: &Stage<A>) -> Played {
    for inside in [false, true] {
        let (mut writer, mut reader) = (stage.client().await?, stage.client().await?);
        let key = Key::new("overtaken");
        let work = async || {
            let answer = reader.ask(ONE).await?;
            if inside {
                writer.begin().await?;
            }
            writer.write(Write::Append(1, "Macros")).await?;
            if inside {
                writer.commit().await?;
            }
            Ok::<_, super::super::Failure>(answer)
        };
        let old = stage.cache().entry(key.clone()).try_get_or_fill_async(work).await?;
        let kept = stage.cache().get::<Vec<String>>(&key);
        check(kept.is_none(), "a result that is older than an acknowledged write was kept")?;
        stage.miss(&mut reader, ONE).await?;
        let (new, _) = stage.asked(&mut reader, ONE).await?;
        check(old != new, "the write changed nothing")?;
    }
    Ok(())
}

/// A transaction has its snapshot, somebody else commits, and then it reads: what it sees may be old.
pub(super) async fn an_old_snapshot_is_not_kept<A: Adapter>(stage: &Stage<A>) -> Played {
    let (mut inside, mut other) = (stage.client().await?, stage.client().await?);
    inside.begin().await?;
    stage.fresh(&mut inside, Question::Categories).await?;
    other.write(Write::Append(1, "Macros")).await?;
    stage.fresh(&mut inside, ONE).await?;
    stage.fresh(&mut other, ONE).await?;
    inside.commit().await?;
    stage.fresh(&mut other, ONE).await?;
    stage.hit(&mut inside, ONE).await
}

/// The same, with the new answer already cached: the cache may know more than the snapshot, but never less, and what the
/// snapshot says is not kept.
pub(super) async fn a_snapshot_is_served_nothing_older<A: Adapter>(stage: &Stage<A>) -> Played {
    let (mut inside, mut other) = (stage.client().await?, stage.client().await?);
    inside.begin().await?;
    // Asked of the database, so that the snapshot is taken.
    let old = stage.truth(&mut inside, ONE).await?;
    other.write(Write::Append(1, "Macros")).await?;
    stage.warm(&mut other, ONE).await?;
    let new = stage.truth(&mut other, ONE).await?;
    let (answer, _) = stage.asked(&mut inside, ONE).await?;
    check(answer == old || answer == new, format!("{answer:?} is neither {old:?} nor {new:?}"))?;
    inside.commit().await?;
    stage.hit(&mut other, ONE).await?;
    stage.hit(&mut inside, ONE).await
}

pub(super) async fn two_transactions_one_after_the_other<A: Adapter>(stage: &Stage<A>) -> Played {
    let (mut one, mut other, mut reader) = (stage.client().await?, stage.client().await?, stage.client().await?);
    stage.warm(&mut reader, ONE).await?;
    one.begin().await?;
    one.write(Write::Append(1, "Macros")).await?;
    one.commit().await?;
    other.begin().await?;
    stage.miss(&mut other, ONE).await?;
    other.write(Write::Append(1, "Unsafe")).await?;
    stage.hit(&mut reader, ONE).await?;
    other.commit().await?;
    stage.miss(&mut reader, ONE).await
}
