//! The store's permission to write.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use cache_core::context::Recording;
use cache_core::{Announcing, Error, Intent};

/// The store's permission for a write, under way: wait for it with [`Permission::wait`], or await it.
///
/// Only [`Mode::Strict`](cache_core::Mode::Strict) asks the store; else it is there at once. One that is dropped half way may be asked
/// for again.
///
/// # Errors
///
/// [`ErrorKind::Refused`](cache_core::ErrorKind::Refused): the store could not be told, or it took longer than half of the lease. The
/// write must not be sent.
#[derive(Debug)]
#[must_use = "the write must not be sent before it is there"]
pub struct Permission<'a>(&'a mut Asked);

/// What was asked of the store, and what it has answered.
#[derive(Debug, Default)]
pub(super) struct Asked {
    state: State,
    transaction: Option<cache_core::Permission>,
    announcing: Option<Announcing>,
    /// For what the statement writes outside of a transaction.
    intent: Option<Intent>,
    /// What the statement reads.
    recording: Option<Recording>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    /// Nobody has asked, or it was refused.
    #[default]
    Not,
    Refused,
    Open,
    Given,
}

impl Asked {
    /// Whether the store is still to be asked.
    pub(super) fn is_due(&self) -> bool {
        matches!(self.state, State::Not | State::Refused)
    }

    /// Asks for a COMMIT, for changes outside of transactions, or for both.
    pub(super) fn ask(&mut self, transaction: Option<cache_core::Permission>, announcing: Option<Announcing>) {
        self.state = State::Open;
        self.transaction = transaction;
        self.announcing = announcing;
    }

    /// What has to be told before the statement is sent, whoever else is asked.
    pub(super) fn record(&mut self, recording: Option<Recording>) {
        self.recording = recording;
    }

    pub(super) fn permission(&mut self) -> Permission<'_> {
        Permission(self)
    }

    /// Whether the write was not sent: its permission is missing.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self.state, State::Open | State::Refused)
    }

    /// The intent, whose fate has to be told.
    pub(super) fn take(&mut self) -> Option<Intent> {
        self.intent.take()
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if let Some(recording) = &mut self.recording {
            ready!(Pin::new(recording).poll(context));
            self.recording = None;
        }
        if let Some(announcing) = &mut self.announcing
            && let Poll::Ready(intent) = Pin::new(announcing).poll(context)
        {
            self.announcing = None;
            self.intent = Some(intent?);
        }
        if let Some(transaction) = &mut self.transaction
            && let Poll::Ready(result) = Pin::new(transaction).poll(context)
        {
            self.transaction = None;
            result?;
        }
        match self.announcing.is_none() && self.transaction.is_none() {
            true => Poll::Ready(Ok(())),
            false => Poll::Pending,
        }
    }

    fn end(&mut self, result: &Result<(), Error>) {
        self.state = if result.is_ok() { State::Given } else { State::Refused };
        (self.transaction, self.announcing) = (None, None);
        if result.is_err()
            && let Some(intent) = self.intent.take()
        {
            drop(intent.rolled_back());
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if self.is_missing()
            && let Some(intent) = self.intent.take()
        {
            drop(intent.rolled_back());
        }
    }
}

impl Permission<'_> {
    /// Blocks until it is there.
    ///
    /// # Errors
    ///
    /// See [`Permission`].
    pub fn wait(self) -> Result<(), Error> {
        let asked = self.0;
        if let Some(recording) = asked.recording.take() {
            recording.wait();
        }
        let mut result = Ok(());
        if let Some(announcing) = asked.announcing.take() {
            result = announcing.wait().map(|intent| asked.intent = Some(intent));
        }
        if let (Some(transaction), Ok(())) = (asked.transaction.take(), &result) {
            result = transaction.wait();
        }
        asked.end(&result);
        result
    }
}

impl Future for Permission<'_> {
    type Output = Result<(), Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let result = ready!(self.0.poll(context));
        self.0.end(&result);
        Poll::Ready(result)
    }
}
