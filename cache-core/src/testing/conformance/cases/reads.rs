//! Questions while nothing is written.

use super::super::stage::{Played, Stage, check};
use super::super::{Adapter, Client, Dialect, Question};

pub(super) async fn every_question_is_a_miss_and_then_a_hit<A: Adapter>(stage: &Stage<A>) -> Played {
    let mut client = stage.client().await?;
    for question in Question::cacheable() {
        stage.cache().invalidate_all()?;
        match question {
            // Whether it takes a statement to know that nothing is there is the library's affair.
            Question::ArticlesAmong([]) => stage.fresh(&mut client, question).await?,
            _ => stage.miss(&mut client, question).await?,
        }
        stage.hit(&mut client, question).await?;
    }
    Ok(())
}

pub(super) async fn clients_share_answers<A: Adapter>(stage: &Stage<A>) -> Played {
    let (mut one, mut other) = (stage.client().await?, stage.client().await?);
    stage.miss(&mut one, Question::ArticlesIn(1)).await?;
    stage.hit(&mut other, Question::ArticlesIn(1)).await?;
    stage.miss(&mut other, Question::ArticlesIn(2)).await?;
    stage.hit(&mut one, Question::ArticlesIn(2)).await
}

pub(super) async fn the_empty_list_is_answered<A: Adapter>(stage: &Stage<A>) -> Played {
    let mut client = stage.client().await?;
    let (answer, _) = stage.asked(&mut client, Question::ArticlesAmong(&[])).await?;
    check(answer.is_empty(), format!("nothing is in an empty list, but was answered {answer:?}"))
}

pub(super) async fn questions_of_chance_are_asked_every_time<A: Adapter>(stage: &Stage<A>) -> Played {
    let mut client = stage.client().await?;
    for _ in 0..3 {
        let (answer, statements) = stage.asked(&mut client, Question::Random).await?;
        check(statements > 0 && answer.len() == 1, format!("{statements} statements gave {answer:?}"))?;
    }
    Ok(())
}

pub(super) async fn locking_questions_are_asked_every_time<A: Adapter>(stage: &Stage<A>) -> Played {
    if stage.dialect == Dialect::Sqlite {
        return Ok(());
    }
    let mut client = stage.client().await?;
    client.begin().await?;
    for _ in 0..3 {
        stage.miss(&mut client, Question::Locked(1)).await?;
    }
    client.commit().await
}
