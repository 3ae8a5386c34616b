//! Transaction words sent as text, where they reach one connection.

use super::super::stage::{Played, Stage};
use super::super::{Adapter, Client, Question, Write};

const ONE: Question = Question::ArticlesIn(1);
const TWO: Question = Question::ArticlesIn(2);

pub(super) async fn commit_as_text<A: Adapter>(stage: &Stage<A>) -> Played {
    if !stage.features.text {
        return Ok(());
    }
    let (mut writer, mut reader) = (stage.client().await?, stage.client().await?);
    stage.warm(&mut reader, ONE).await?;
    writer.execute("BEGIN").await?;
    stage.hit(&mut writer, ONE).await?;
    writer.write(Write::Append(1, "Macros")).await?;
    stage.miss(&mut writer, ONE).await?;
    stage.hit(&mut reader, ONE).await?;
    writer.execute("COMMIT").await?;
    stage.miss(&mut reader, ONE).await?;
    stage.hit(&mut writer, ONE).await
}

pub(super) async fn rollback_as_text<A: Adapter>(stage: &Stage<A>) -> Played {
    if !stage.features.text {
        return Ok(());
    }
    let (mut writer, mut reader) = (stage.client().await?, stage.client().await?);
    stage.warm(&mut reader, ONE).await?;
    writer.execute("BEGIN").await?;
    writer.write(Write::Append(1, "Macros")).await?;
    stage.miss(&mut writer, ONE).await?;
    writer.execute("ROLLBACK").await?;
    stage.hit(&mut reader, ONE).await?;
    stage.hit(&mut writer, ONE).await
}

pub(super) async fn savepoints_as_text<A: Adapter>(stage: &Stage<A>) -> Played {
    if !stage.features.text {
        return Ok(());
    }
    let (mut writer, mut reader) = (stage.client().await?, stage.client().await?);
    stage.warm(&mut reader, ONE).await?;
    stage.warm(&mut reader, TWO).await?;
    writer.execute("BEGIN").await?;
    writer.execute("SAVEPOINT first").await?;
    writer.write(Write::Append(2, "Keys")).await?;
    writer.execute("ROLLBACK TO SAVEPOINT first").await?;
    writer.write(Write::Append(1, "Macros")).await?;
    writer.execute("RELEASE SAVEPOINT first").await?;
    stage.hit(&mut reader, ONE).await?;
    writer.execute("COMMIT").await?;
    stage.miss(&mut reader, ONE).await?;
    stage.hit(&mut reader, TWO).await
}

/// A release of what was never marked fails; the truth must be told whatever that does to the transaction.
pub(super) async fn a_lost_release_as_text<A: Adapter>(stage: &Stage<A>) -> Played {
    if !stage.features.text {
        return Ok(());
    }
    let (mut writer, mut reader) = (stage.client().await?, stage.client().await?);
    stage.warm(&mut reader, ONE).await?;
    writer.execute("BEGIN").await?;
    writer.write(Write::Append(1, "Macros")).await?;
    let _ = writer.execute("RELEASE SAVEPOINT nowhere").await;
    stage.fresh(&mut reader, ONE).await?;
    writer.execute("ROLLBACK").await?;
    stage.fresh(&mut reader, ONE).await?;
    stage.fresh(&mut writer, ONE).await?;
    writer.write(Write::Append(1, "Unsafe")).await?;
    stage.fresh(&mut reader, ONE).await?;
    stage.hit(&mut reader, ONE).await
}
