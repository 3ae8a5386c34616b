//! A read whose work is not a closure: begun here, ended there.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::Entry;
use super::reading::{Start, Step};
use crate::context::Entered;
use crate::dependency::Dependencies;
use crate::engine::{Filling, Refusal, block};

/// What a read that was begun came to.
#[derive(Debug)]
#[non_exhaustive]
pub enum Begin<T> {
    /// A valid entry, or the value of a flight that was joined.
    Hit(T),
    /// Nothing: make the value and hand it to the guard.
    Fill(FillGuard),
    /// Make the value, and keep it to yourself.
    Bypass,
}

/// The obligation to make a value, by whoever began a read that missed.
///
/// Until it ends, cached results that this thread uses hand their dependencies to it. Dropped without a value it stores nothing and
/// lets callers that wait try themselves. Guards of a thread end in the reverse order of their making; one that ends
/// early ends those inside with it.
#[must_use = "others wait for the value"]
pub struct FillGuard {
    entered: Option<Entered>,
    filling: Option<Box<Filling>>,
    thread: PhantomData<*const ()>,
}

impl FillGuard {
    fn new(filling: Box<Filling>) -> Self {
        let entered = filling.context().enter();
        FillGuard { entered: Some(entered), filling: Some(filling), thread: PhantomData }
    }

    /// Ends the read with a value of this weight in bytes; stores it if everything that it depends on still stands.
    pub fn store<T: Clone + Send + Sync + 'static>(mut self, value: &T, weight: u64) {
        self.entered = None;
        if let Some(filling) = self.filling.take() {
            filling.finish(Some((Arc::new(value.clone()), weight)));
        }
    }

    /// Ends the read without storing anything.
    pub fn refuse(mut self, reason: impl Into<Arc<str>>) {
        self.entered = None;
        if let Some(filling) = self.filling.take() {
            filling.refuse(Refusal::Tainted(reason.into()));
            filling.finish(None);
        }
    }
}

impl Drop for FillGuard {
    fn drop(&mut self) {
        self.entered = None;
        self.filling = None;
    }
}

impl fmt::Debug for FillGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FillGuard").finish_non_exhaustive()
    }
}

impl<D: FnOnce() -> Dependencies, W> Entry<'_, D, W> {
    /// Begins a read whose value is made by code that cannot be a closure, such as a template.
    ///
    /// Blocks while another caller makes the value.
    ///
    /// ```
    /// use cache_core::{Begin, Cache, Key};
    ///
    /// let cache = Cache::in_memory();
    /// let read = || match cache.entry(Key::new("answer")).begin::<u32>() {
    ///     Begin::Hit(value) => value,
    ///     Begin::Fill(guard) => {
    ///         let value = 42;
    ///         guard.store(&value, 4);
    ///         value
    ///     }
    ///     _ => 42,
    /// };
    /// assert_eq!((read(), read()), (42, 42));
    /// assert_eq!(cache.counters().hits, 1);
    /// ```
    pub fn begin<T: Clone + Send + Sync + 'static>(self) -> Begin<T> {
        let mut reading = match self.start::<T>() {
            Start::Served(value) => return Begin::Hit(value),
            Start::Bypassed => return Begin::Bypass,
            Start::Reading(reading) => reading,
        };
        loop {
            match block(reading.step::<T>()) {
                Step::Served(value) => return Begin::Hit(value),
                Step::Wait(wait) => reading.landed(wait.block()),
                Step::Bypassed => return Begin::Bypass,
                Step::Fill(filling, _) => return Begin::Fill(FillGuard::new(filling)),
            }
        }
    }
}
