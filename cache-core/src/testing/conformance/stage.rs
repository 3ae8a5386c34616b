//! Where one case is played: a shop, and what is expected of its answers.

use super::{Adapter, Client, Dialect, Failure, Features, Question, Shop, schema};
use crate::Cache;
use crate::observe::measure_async;

/// The client of an adapter.
pub(super) type ClientOf<A> = <<A as Adapter>::Shop as Shop>::Client;

/// One case's database.
pub(super) struct Stage<A: Adapter> {
    shop: A::Shop,
    pub(super) dialect: Dialect,
    pub(super) features: Features,
}

/// What a case comes to.
pub(super) type Played = Result<(), Failure>;

/// Where an answer is expected to come from.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Source {
    Cache,
    Database,
    Either,
}

impl<A: Adapter> Stage<A> {
    pub(super) async fn set(adapter: &A) -> Result<Self, Failure> {
        let dialect = adapter.dialect();
        let shop = adapter.open(&schema::script(dialect)).await?;
        Ok(Stage { shop, dialect, features: adapter.features() })
    }

    pub(super) fn cache(&self) -> &Cache {
        self.shop.cache()
    }

    pub(super) async fn client(&self) -> Result<ClientOf<A>, Failure> {
        self.shop.client().await
    }

    /// The answer comes from the cache, and is true.
    pub(super) async fn hit(&self, client: &mut ClientOf<A>, question: Question) -> Played {
        self.expect(client, question, Source::Cache).await
    }

    /// The answer comes from the database, and is true.
    pub(super) async fn miss(&self, client: &mut ClientOf<A>, question: Question) -> Played {
        self.expect(client, question, Source::Database).await
    }

    /// The answer is true.
    pub(super) async fn fresh(&self, client: &mut ClientOf<A>, question: Question) -> Played {
        self.expect(client, question, Source::Either).await
    }

    /// The first answer comes from the database and the second from the cache.
    pub(super) async fn warm(&self, client: &mut ClientOf<A>, question: Question) -> Played {
        self.miss(client, question).await?;
        self.hit(client, question).await
    }

    /// The answer and the number of statements that were sent for it.
    pub(super) async fn asked(
        &self,
        client: &mut ClientOf<A>,
        question: Question,
    ) -> Result<(Vec<String>, u64), Failure> {
        let (answer, cost) = measure_async(client.ask(question)).await;
        let mut answer = answer.map_err(|error| format!("{question:?} failed: {error}"))?;
        answer.sort();
        Ok((answer, cost.statements))
    }

    /// What the database says, as this client sees it.
    pub(super) async fn truth(&self, client: &mut ClientOf<A>, question: Question) -> Result<Vec<String>, Failure> {
        let sql = question.inlined(self.dialect);
        let mut truth = client.lines(&sql).await.map_err(|error| format!("{sql} failed: {error}"))?;
        truth.sort();
        Ok(truth)
    }

    async fn expect(&self, client: &mut ClientOf<A>, question: Question, source: Source) -> Played {
        let (answer, statements) = self.asked(client, question).await?;
        let truth = self.truth(client, question).await?;
        if answer != truth {
            return Err(format!(
                "{question:?} was answered {answer:?} by {statements} statements; the database says {truth:?}"
            )
            .into());
        }
        match (source, statements) {
            (Source::Cache, 1..) => {
                Err(format!("{question:?} should have been a hit, but {statements} statements ran").into())
            }
            (Source::Database, 0) => Err(format!("{question:?} should have asked the database, but was a hit").into()),
            _ => Ok(()),
        }
    }
}

/// An error when something that should hold does not.
pub(super) fn check(holds: bool, what: impl Into<String>) -> Played {
    if holds { Ok(()) } else { Err(what.into().into()) }
}
