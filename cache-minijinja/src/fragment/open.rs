//! The blocks whose bodies are being rendered on this thread.
//!
//! A block is begun by one call of the engine and ended by another. In between its guard waits here, because it
//! belongs to the thread and template values do not. Blocks end in the reverse order of their beginning, also when
//! a body fails: ending one abandons whatever is still open inside of it.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU64, Ordering};

use cache_core::context::{add_dependencies, taint};
use cache_core::{Cache, Dependencies, FillGuard};
use minijinja::State;

use super::reads;
use crate::queryset::Failures;

/// A point in the order of beginnings on one thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

/// The number of an open block, unique in the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

/// A block whose body is being rendered.
#[derive(Debug)]
pub(crate) struct Open {
    /// Absent when the cache is passed by.
    guard: Option<FillGuard>,
    cache: Cache,
    /// Whether rows that the body reads are dependencies.
    follows_queries: bool,
    failures: Failures,
    began: Moment,
    ticket: Ticket,
}

thread_local! {
    static OPEN: RefCell<Vec<Open>> = const { RefCell::new(Vec::new()) };
    static CLOCK: Cell<u64> = const { Cell::new(0) };
}

static TICKETS: AtomicU64 = AtomicU64::new(1);

impl Open {
    pub(crate) fn guard(&mut self) -> Option<FillGuard> {
        self.guard.take()
    }

    /// A query of the body that failed without the engine knowing.
    pub(crate) fn failed_query(&self) -> Option<String> {
        self.failures.since()
    }
}

/// Opens a block.
pub(crate) fn push(guard: Option<FillGuard>, cache: &Cache, follows_queries: bool) -> Ticket {
    let ticket = Ticket(TICKETS.fetch_add(1, Ordering::Relaxed));
    let began = Moment(CLOCK.get() + 1);
    CLOCK.set(began.0);
    let open = Open { guard, cache: cache.clone(), follows_queries, failures: Failures::now(), began, ticket };
    OPEN.with_borrow_mut(|stack| stack.push(open));
    ticket
}

/// Closes a block. `None` if it was closed before, or on another thread.
///
/// What is still open inside of it is abandoned. Something has then failed and was passed over: what it had read is
/// not known to the blocks around it, so they are not stored.
pub(crate) fn close(ticket: Ticket) -> Option<Open> {
    let mut closed = OPEN.with_borrow_mut(|stack| {
        let at = stack.iter().position(|open| open.ticket == ticket)?;
        Some(stack.split_off(at))
    })?;
    if closed.len() > 1 {
        taint(ABANDONED);
        while closed.len() > 1 {
            closed.pop();
        }
    }
    closed.pop()
}

/// Ends a block without a text, if it is still open.
pub(crate) fn abandon(ticket: Ticket) {
    if let Some(open) = close(ticket) {
        drop(open);
        taint(ABANDONED);
    }
}

const ABANDONED: &str = "a cached block inside failed";

/// This moment.
pub(crate) fn now() -> Moment {
    Moment(CLOCK.get())
}

/// Whether no block was opened after `at` that is still open.
pub(crate) fn began_before(at: Moment) -> bool {
    OPEN.with_borrow(|stack| stack.last().is_none_or(|open| open.began <= at))
}

/// Tells the innermost open block that its body is about to read something.
pub(crate) fn depend(dependencies: impl FnOnce() -> Dependencies) {
    let cache = OPEN.with_borrow(|stack| {
        let open = stack.last().filter(|open| open.follows_queries)?;
        Some(open.cache.clone())
    });
    if let Some(cache) = cache {
        add_dependencies(&cache, &dependencies());
    }
}

/// The blocks that one render has opened; abandons those that it leaves open.
///
/// It goes with the state of the render, also when an error keeps the template's values alive for longer.
#[derive(Debug, Default)]
pub(crate) struct Rendering {
    open: Vec<Ticket>,
    /// Held until the render ends.
    _reads: reads::Render,
}

impl Rendering {
    /// The one of this render.
    pub(crate) fn of<'s>(state: &'s mut State<'_, '_>) -> &'s mut Rendering {
        state.get_or_insert_extension_with(Rendering::default)
    }

    pub(crate) fn opened(&mut self, ticket: Ticket) {
        self.open.push(ticket);
    }

    pub(crate) fn closed(&mut self, ticket: Ticket) {
        self.open.retain(|open| *open != ticket);
    }
}

impl Drop for Rendering {
    fn drop(&mut self) {
        for ticket in self.open.drain(..).rev() {
            abandon(ticket);
        }
    }
}
