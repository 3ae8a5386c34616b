//! One place that a statement goes to, and the way it goes.

use futures::stream::{self, BoxStream};
use futures::{SinkExt, StreamExt, TryStreamExt};
use sqlx::pool::PoolConnection;
use sqlx::{Column, Either, Error, Pool, Row, SqlStr};

use cache_core::Cache;
use cache_sql::Bind;
use cache_sql::adapter::detached::Detached;
use cache_sql::adapter::{Announcement, Options, Outcome, Returned, SchemaRequest, Session};
use sqlx::error::ErrorKind;

use crate::backend::{Backend, Sent, Step, Steps};
use crate::wire::Wire;

/// A place that statements are sent to, for one statement.
#[doc(hidden)]
#[derive(Debug)]
pub struct Seat<'a, DB: Backend> {
    pub(crate) session: Session,
    pub(crate) line: Line<'a, DB>,
}

#[derive(Debug)]
pub(crate) enum Line<'a, DB: Backend> {
    Pool(Pool<DB>),
    Wire(&'a mut Wire<DB>),
}

impl<'a, DB: Backend> Seat<'a, DB> {
    /// The answers to a statement: those to a read as they come, those to a write when it is over.
    pub(crate) fn steps(self, sent: Result<Sent<DB>, Error>, binds: Vec<Bind>) -> Steps<'a, DB> {
        stream::once(self.open(sent, binds)).try_flatten().boxed()
    }

    async fn open(self, sent: Result<Sent<DB>, Error>, binds: Vec<Bind>) -> Result<Steps<'a, DB>, Error> {
        let sent = sent?;
        let (place, mut announcement) = self.announced(&sent.sql, binds).await?;
        if announcement.is_read() {
            announcement.permission().await.map_err(failure)?;
            let steps = place.stream(sent).await?;
            return Ok(watched::<DB>(steps, announcement));
        }
        Ok(stream::iter(place.write(sent, announcement).await?).boxed())
    }

    /// The first row of a statement; a write is carried to its end all the same.
    pub(crate) async fn optional(
        self,
        sent: Result<Sent<DB>, Error>,
        binds: Vec<Bind>,
    ) -> Result<Option<DB::Row>, Error> {
        let sent = sent?;
        let (mut place, mut announcement) = self.announced(&sent.sql, binds).await?;
        if announcement.is_read() {
            announcement.permission().await.map_err(failure)?;
            let row = DB::fetch_optional(place.connection().await?, sent).await;
            let told = announcement.over(outcome(&row), None).await;
            return row.and_then(|row| told.map(|()| row).map_err(failure));
        }
        let mut first = None;
        for step in place.write(sent, announcement).await? {
            if let Either::Right(row) = step? {
                first.get_or_insert(row);
            }
        }
        Ok(first)
    }

    /// The rows that a cached result is made of: all of them, or the first.
    pub(crate) async fn look(
        self,
        sent: Result<Sent<DB>, Error>,
        binds: Vec<Bind>,
        all: bool,
    ) -> Result<Vec<DB::Row>, Error> {
        let sent = sent?;
        if !self.session.database().only_reads(sent.sql.as_str()) {
            return self.steps(Ok(sent), binds).try_filter_map(row::<DB>).try_collect().await;
        }
        let Seat { session, line } = self;
        let mut place = line.open().await?;
        place.read_schema(&session, sent.sql.as_str()).await?;
        let announcement = session.announce_lookup(sent.sql.as_str());
        let connection = place.connection().await?;
        let rows = if all {
            DB::fetch_many(connection, sent).try_filter_map(row::<DB>).try_collect().await
        } else {
            DB::fetch_optional(connection, sent).await.map(|row| row.into_iter().collect())
        };
        let told = announcement.over(outcome(&rows), None).await;
        rows.and_then(|rows| told.map(|()| rows).map_err(failure))
    }

    /// Reads the schema, where it is needed to decide whether a query with these options is cached.
    ///
    /// Where it cannot be read, the query is looked at without it.
    pub(crate) async fn learn(&mut self, cache: &Cache, options: &Options) {
        let Some(request) = self.session.wants_schema_to_admit(cache, options) else { return };
        match &mut self.line {
            Line::Pool(pool) => {
                if let Ok(mut connection) = pool.acquire().await {
                    answer::<DB>(&mut connection, request).await;
                }
            }
            Line::Wire(wire) => {
                if let Ok(connection) = wire.get().await {
                    answer::<DB>(connection, request).await;
                }
            }
        }
    }

    async fn announced(self, sql: &SqlStr, binds: Vec<Bind>) -> Result<(Place<'a, DB>, Announcement), Error> {
        let Seat { session, line } = self;
        let mut place = line.open().await?;
        place.read_schema(&session, sql.as_str()).await?;
        Ok((place, session.announce(sql.as_str(), || binds)))
    }
}

impl<'a, DB: Backend> Line<'a, DB> {
    async fn open(self) -> Result<Place<'a, DB>, Error> {
        Ok(match self {
            Line::Pool(pool) => Place::Pooled(pool.acquire().await?),
            Line::Wire(wire) => Place::Wire(wire),
        })
    }
}

/// The connection that one statement runs on.
enum Place<'a, DB: Backend> {
    Pooled(PoolConnection<DB>),
    Wire(&'a mut Wire<DB>),
}

impl<'a, DB: Backend> Place<'a, DB> {
    async fn connection(&mut self) -> Result<&mut DB::Connection, Error> {
        match self {
            Place::Pooled(connection) => Ok(connection),
            Place::Wire(wire) => wire.get().await,
        }
    }

    async fn read_schema(&mut self, session: &Session, sql: &str) -> Result<(), Error> {
        if let Some(request) = session.wants_schema(sql) {
            answer::<DB>(self.connection().await?, request).await;
        }
        Ok(())
    }

    async fn stream(self, sent: Sent<DB>) -> Result<Steps<'a, DB>, Error> {
        Ok(match self {
            Place::Pooled(connection) => owned::<DB>(connection, sent),
            Place::Wire(wire) => DB::fetch_many(wire.get().await?, sent),
        })
    }

    /// Carries a write to its end, also when its caller goes away: what it did, and whether the transaction around it
    /// still stands, would not be known otherwise.
    async fn write(self, sent: Sent<DB>, announcement: Announcement) -> Result<Vec<Result<Step<DB>, Error>>, Error> {
        match self {
            Place::Pooled(mut connection) => {
                Ok(Detached::new(async move { written::<DB>(&mut connection, sent, announcement).await }).await)
            }
            Place::Wire(wire) => wire.carried(|held| Box::pin(written::<DB>(held, sent, announcement))).await,
        }
    }
}

async fn written<DB: Backend>(
    connection: &mut DB::Connection,
    sent: Sent<DB>,
    mut announcement: Announcement,
) -> Vec<Result<Step<DB>, Error>> {
    if let Err(refused) = announcement.permission().await {
        return vec![Err(failure(refused))];
    }
    let mut steps = Vec::new();
    let mut coming = DB::fetch_many(connection, sent);
    while let Some(step) = coming.next().await {
        let failed = step.is_err();
        steps.push(step);
        if failed {
            break;
        }
    }
    drop(coming);
    let returned = announcement.wants_rows().then(|| returned::<DB>(&steps)).flatten();
    let end = steps.last().map_or(Outcome::Done, outcome);
    // An error of the database says more than one of the store.
    if let Err(error) = announcement.over(end, returned).await
        && end == Outcome::Done
    {
        return vec![Err(failure(error))];
    }
    steps
}

/// What went wrong between the cache and its store, said as SQLx says it.
pub(crate) fn failure(error: cache_core::Error) -> Error {
    Error::Protocol(error.to_string())
}

fn returned<DB: Backend>(steps: &[Result<Step<DB>, Error>]) -> Option<Returned> {
    let rows: Vec<&DB::Row> = steps.iter().filter_map(|step| step.as_ref().ok()?.as_ref().right()).collect();
    let names = rows.first().map(|row| row.columns().iter().map(|column| column.name().to_owned()).collect());
    let images = rows.into_iter().map(DB::image).collect::<Option<_>>()?;
    Some(Returned { names: names.unwrap_or_default(), rows: images, all: true })
}

fn outcome<T>(result: &Result<T, Error>) -> Outcome {
    Outcome::of(result, |error| match error {
        Error::Database(error) => matches!(
            error.kind(),
            ErrorKind::UniqueViolation
                | ErrorKind::ForeignKeyViolation
                | ErrorKind::NotNullViolation
                | ErrorKind::CheckViolation
        ),
        _ => false,
    })
}

/// A read's steps; when they have all come, its announcement is over.
fn watched<'a, DB: Backend>(steps: Steps<'a, DB>, announcement: Announcement) -> Steps<'a, DB> {
    let end =
        stream::once(
            async move { announcement.over(Outcome::Done, None).await.err().map(|error| Err(failure(error))) },
        );
    steps.map(Some).chain(end).filter_map(std::future::ready).boxed()
}

/// The steps of a statement on a connection that goes with them.
fn owned<DB: Backend>(
    mut connection: PoolConnection<DB>,
    sent: Sent<DB>,
) -> BoxStream<'static, Result<Step<DB>, Error>> {
    let (mut out, steps) = futures::channel::mpsc::channel(0);
    let work = async move {
        let mut coming = DB::fetch_many(&mut connection, sent);
        while let Some(step) = coming.next().await {
            if out.send(step).await.is_err() {
                break;
            }
        }
        None
    };
    stream::select(steps.map(Some), stream::once(work)).filter_map(std::future::ready).boxed()
}

pub(crate) async fn row<DB: Backend>(step: Step<DB>) -> Result<Option<DB::Row>, Error> {
    Ok(step.right())
}

/// Reads the schema for a session.
pub(crate) async fn answer<DB: Backend>(connection: &mut DB::Connection, request: SchemaRequest) {
    let sent =
        Sent { sql: SqlStr::from_static(request.sql()), arguments: Some(DB::Arguments::default()), persistent: false };
    let rows: Result<Vec<DB::Row>, Error> =
        DB::fetch_many(connection, sent).try_filter_map(row::<DB>).try_collect().await;
    let texts = rows.and_then(|rows| {
        rows.iter().map(|row| (0..row.columns().len()).map(|at| DB::text(row, at)).collect()).collect()
    });
    request.answer::<Error>(texts);
}
