//! What surrounds the running code: the fills it is part of, guards and measurements.
//!
//! The surroundings are kept per thread, and futures carry theirs along from thread to thread. Code that
//! is handed to another thread or spawned as a task of its own leaves them, unless it takes them along:
//!
//! ```
//! use cache_core::context::Context;
//!
//! let context = Context::current();
//! std::thread::spawn(move || context.run(|| { /* part of the same fills, guards and measurements */ }));
//! ```

mod connection;
mod frame;
mod recording;
mod scope;
mod told;

use std::sync::Arc;

pub use connection::{Connection, ReadPoint};
pub(crate) use frame::{Collected, Frame, Watch};
pub use recording::{Recorder, Recording, is_recording, recorder};
pub use scope::Scope;
pub use told::{Told, expire_within, told};

use crate::cache::Cache;
use crate::change::Changes;
use crate::dependency::Dependencies;
use crate::engine::block;
use crate::observe::Meter;
use crate::sync::{Mutex, lock, thread_local};

thread_local! {
    static CURRENT: std::cell::RefCell<Context> = const { std::cell::RefCell::new(Context::OUTSIDE) };
}

/// The surroundings of the running code.
///
/// A clone is cheap and stays part of the same fills.
#[derive(Clone, Debug, Default)]
pub struct Context {
    innermost: Option<Arc<Level>>,
}

#[derive(Debug)]
struct Level {
    kind: Surrounding,
    outer: Context,
}

#[derive(Debug)]
pub(crate) enum Surrounding {
    /// Reads inside are part of this fill.
    Fill(Arc<Frame>),
    /// Reads inside run uncached.
    Disabled,
    /// Invalidations inside are dropped.
    Mute,
    /// Invalidations inside wait here.
    Postponed(Arc<Waiting>),
    /// Reads and statements inside are counted here.
    Measured(Arc<Meter>),
}

/// Invalidations that wait for a guard; `None` once they have been applied.
pub(crate) type Waiting = Mutex<Option<Vec<(Cache, Changes)>>>;

impl Context {
    const OUTSIDE: Context = Context { innermost: None };

    /// The surroundings of the calling code.
    pub fn current() -> Self {
        CURRENT
            .try_with(|current| current.try_borrow().map(|context| context.clone()).unwrap_or_default())
            .unwrap_or_default()
    }

    /// Runs a function in these surroundings.
    pub fn run<R>(&self, work: impl FnOnce() -> R) -> R {
        let _entered = self.enter();
        work()
    }

    /// A future that runs in these surroundings, wherever it is polled.
    pub fn scope<F: Future>(&self, future: F) -> Scope<F> {
        Scope::new(self.clone(), future)
    }

    /// Makes these the surroundings of the thread until the guard is dropped.
    pub(crate) fn enter(&self) -> Entered {
        Entered { entered: self.clone(), previous: replace(self.clone()) }
    }

    pub(crate) fn within(self, kind: Surrounding) -> Context {
        Context { innermost: Some(Arc::new(Level { kind, outer: self })) }
    }

    pub(crate) fn is_outside(&self) -> bool {
        self.innermost.is_none()
    }

    fn levels(&self) -> impl Iterator<Item = &Arc<Level>> {
        std::iter::successors(self.innermost.as_ref(), |level| level.outer.innermost.as_ref())
    }

    fn surroundings(&self) -> impl Iterator<Item = &Surrounding> {
        self.levels().map(|level| &level.kind)
    }

    /// The fills that the code is part of, innermost first.
    pub(crate) fn frames(&self) -> impl Iterator<Item = &Arc<Frame>> {
        self.surroundings().filter_map(|kind| match kind {
            Surrounding::Fill(frame) => Some(frame),
            _ => None,
        })
    }

    /// The earliest moment as of which the fills around read what `cache` holds, where they read from a snapshot.
    pub(crate) fn as_of(&self, cache: &Cache) -> Option<ReadPoint> {
        self.frames().filter_map(|frame| frame.as_of(cache)).min()
    }

    pub(crate) fn is_disabled(&self) -> bool {
        self.surroundings().any(|kind| matches!(kind, Surrounding::Disabled))
    }

    pub(crate) fn meter(&self) -> Option<&Arc<Meter>> {
        self.surroundings().find_map(|kind| match kind {
            Surrounding::Measured(meter) => Some(meter),
            _ => None,
        })
    }

    /// Whether invalidations are neither dropped nor postponed here.
    pub(crate) fn applies_at_once(&self) -> bool {
        !self.surroundings().any(|kind| match kind {
            Surrounding::Mute => true,
            Surrounding::Postponed(waiting) => lock(waiting).is_some(),
            _ => false,
        })
    }

    /// What becomes of an invalidation here: `Some` gives it back to be applied now.
    pub(crate) fn admit(&self, cache: &Cache, changes: Changes) -> Option<Changes> {
        for kind in self.surroundings() {
            match kind {
                Surrounding::Mute => return None,
                // Surroundings that were carried elsewhere may outlive the guard, after which nothing waits here any more.
                Surrounding::Postponed(waiting) => {
                    if let Some(waiting) = &mut *lock(waiting) {
                        waiting.push((cache.clone(), changes));
                        return None;
                    }
                }
                _ => {}
            }
        }
        Some(changes)
    }
}

/// Whether the thread is outside of everything; the cheap question on the path of a hit.
///
/// A thread that is ending has lost its surroundings, and is outside.
pub(crate) fn is_outside() -> bool {
    CURRENT.try_with(|current| current.try_borrow().is_ok_and(|context| context.is_outside())).unwrap_or(true)
}

fn replace(context: Context) -> Context {
    let replaced = CURRENT.try_with(|current| match current.try_borrow_mut() {
        Ok(mut current) => std::mem::replace(&mut *current, context),
        Err(_) => Context::OUTSIDE,
    });
    replaced.unwrap_or_default()
}

/// The thread's surroundings until this is dropped, also by a panic.
///
/// Dropped out of order it ends the surroundings inside of it too, and never brings ended ones back.
#[derive(Debug)]
pub(crate) struct Entered {
    entered: Context,
    previous: Context,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let is_around = match &self.entered.innermost {
            None => true,
            Some(level) => Context::current().levels().any(|around| Arc::ptr_eq(around, level)),
        };
        if is_around {
            drop(replace(std::mem::take(&mut self.previous)));
        }
    }
}

/// Makes sure that whatever is being filled around the caller is not stored.
///
/// For an adapter that reads rows which others must not see, such as those of a transaction that wrote.
pub fn taint(reason: impl Into<Arc<str>>) {
    if is_outside() {
        return;
    }
    let context = Context::current();
    let reason = reason.into();
    for frame in context.frames() {
        frame.taint(Arc::clone(&reason));
    }
}

/// Says that rows are read through a connection whose writes invalidate `cache`.
///
/// What is just being filled for another cache must not be stored there: nobody would drop it when those rows change. A
/// result of `cache` inside of it is no harm, for it brings its own stamps along.
pub fn read_for(cache: &Cache) {
    if is_outside() {
        return;
    }
    let context = Context::current();
    if let Some(frame) = context.frames().next().filter(|frame| !frame.is_of(cache)) {
        frame.taint(Arc::from("read through a connection that tells another cache of its writes"));
    }
}

/// Says that rows are read from a snapshot that is as old as `point`.
///
/// A fill around the caller that knows of it (its [`Entry::as_of`](crate::Entry::as_of) names this moment or an
/// earlier one) checks its dependencies against it; any other must not be stored. For an adapter that reads through a transaction that has
/// written nothing.
pub fn read_as_of(cache: &Cache, point: ReadPoint) {
    if is_outside() {
        return;
    }
    let context = Context::current();
    for frame in context.frames().filter(|frame| frame.as_of(cache).is_none_or(|known| known > point)) {
        frame.taint(Arc::from("read from a snapshot that may be older than the result"));
    }
}

/// Whether the calling code is part of a fill: what it reads may be stored.
pub fn is_filling() -> bool {
    !is_outside() && Context::current().frames().next().is_some()
}

/// Adds dependencies to whatever is being filled around the caller, stamped now.
///
/// To be called *before* the statement that reads what they describe. Blocks for a round trip with a shared store;
/// asynchronous code awaits [`add_dependencies_async`] instead.
pub fn add_dependencies(cache: &Cache, dependencies: &Dependencies) {
    if !is_outside() {
        block(add_dependencies_async(cache, dependencies));
    }
}

/// [`add_dependencies`], awaited.
pub async fn add_dependencies_async(cache: &Cache, dependencies: &Dependencies) {
    add(cache, dependencies, None).await;
}

/// Adds dependencies that became known only after what they describe was read, stamped as of `point`.
///
/// The [point](Cache::read_point) is taken before the first statement that reads what they describe. When one of their tables was
/// invalidated since, what is being filled around the caller is not stored. With a shared store, a table that this process has not met
/// before counts as invalidated.
///
/// ```
/// use cache_core::{Cache, Change, Dependencies, Key, context};
///
/// let cache = Cache::in_memory();
/// let newest = || {
///     cache.entry(Key::new("newest")).get_or_fill(|| {
///         let point = cache.read_point();
///         let id = 7; // as the database tells
///         context::add_dependencies_as_of(&cache, &Dependencies::row("article", [("id", id)]), point);
///         id
///     })
/// };
/// newest();
/// cache.invalidate(Change::table("article"))?;
/// newest();
/// assert_eq!(cache.counters().misses, 2);
/// # Ok::<(), cache_core::Error>(())
/// ```
pub fn add_dependencies_as_of(cache: &Cache, dependencies: &Dependencies, point: ReadPoint) {
    if !is_outside() {
        block(add(cache, dependencies, Some(point)));
    }
}

/// [`add_dependencies_as_of`], awaited.
pub async fn add_dependencies_as_of_async(cache: &Cache, dependencies: &Dependencies, point: ReadPoint) {
    add(cache, dependencies, Some(point)).await;
}

async fn add(cache: &Cache, dependencies: &Dependencies, point: Option<ReadPoint>) {
    let context = Context::current();
    let frame = context.frames().next().map(Arc::clone);
    if let Some(frame) = frame {
        let as_of = context.as_of(cache).into_iter().chain(point).min();
        // Why it was not stamped is remembered by the frame.
        let _ = frame.depend(cache, dependencies, as_of, None).await;
    }
}
