//! The schema changes.

use super::super::stage::{Played, Stage, check};
use super::super::{Adapter, Client, Dialect, Question, Write};

pub(super) async fn an_added_column<A: Adapter>(stage: &Stage<A>) -> Played {
    let mut client = stage.client().await?;
    stage.warm(&mut client, Question::ArticlesIn(1)).await?;
    client.execute("ALTER TABLE article ADD COLUMN note VARCHAR(20)").await?;
    stage.warm(&mut client, Question::ArticlesIn(1)).await?;
    client.write(Write::Append(1, "Macros")).await?;
    stage.warm(&mut client, Question::ArticlesIn(1)).await
}

pub(super) async fn a_dropped_table<A: Adapter>(stage: &Stage<A>) -> Played {
    let mut client = stage.client().await?;
    stage.warm(&mut client, Question::TagsOf(1)).await?;
    client.execute("DROP TABLE article_tag").await?;
    let answer = client.ask(Question::TagsOf(1)).await;
    check(answer.is_err(), format!("the table is gone, but was answered {answer:?}"))
}

pub(super) async fn a_view_that_changes<A: Adapter>(stage: &Stage<A>) -> Played {
    let mut client = stage.client().await?;
    stage.warm(&mut client, Question::LiveIn(1)).await?;
    client.execute("DROP VIEW live_article").await?;
    let text = "CREATE VIEW live_article AS SELECT id, category_id, title, published, stars FROM article";
    client.execute(text).await?;
    stage.warm(&mut client, Question::LiveIn(1)).await?;
    client.write(Write::Append(1, "Macros")).await?;
    stage.warm(&mut client, Question::LiveIn(1)).await
}

pub(super) async fn a_trigger_that_appears<A: Adapter>(stage: &Stage<A>) -> Played {
    let mut client = stage.client().await?;
    stage.warm(&mut client, Question::AuditOf(1)).await?;
    let text = match stage.dialect {
        Dialect::Sqlite => {
            "CREATE TRIGGER note_comment AFTER INSERT ON comment BEGIN \
             INSERT INTO audit (article_id, what) VALUES (NEW.article_id, 'commented'); END"
        }
        Dialect::MySql => {
            "CREATE TRIGGER note_comment AFTER INSERT ON comment FOR EACH ROW \
             INSERT INTO audit (article_id, what) VALUES (NEW.article_id, 'commented')"
        }
        Dialect::Postgres => {
            client
                .execute(
                    "CREATE FUNCTION note_comment() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                     INSERT INTO audit (article_id, what) VALUES (NEW.article_id, 'commented'); RETURN NULL; END $$",
                )
                .await?;
            "CREATE TRIGGER note_comment AFTER INSERT ON comment FOR EACH ROW EXECUTE FUNCTION note_comment()"
        }
    };
    client.execute(text).await?;
    stage.warm(&mut client, Question::AuditOf(1)).await?;
    client.write(Write::Comment(10, 1, "New", 5)).await?;
    stage.warm(&mut client, Question::AuditOf(1)).await?;
    let (answer, _) = stage.asked(&mut client, Question::AuditOf(1)).await?;
    check(answer == ["commented"], format!("the trigger noted {answer:?}"))
}
