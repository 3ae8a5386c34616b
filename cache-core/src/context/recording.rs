//! What the statements of a fill read, told before they run.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};

use super::{Context, Frame, ReadPoint, Watch, is_outside};
use crate::cache::Cache;
use crate::dependency::Dependencies;
use crate::engine::block;

/// Whether the calling code is part of a fill that wants to know what is read: see [`recorder`].
///
/// Outside of everything this is one look at a variable of the thread.
pub fn is_recording() -> bool {
    !is_outside() && Context::current().recorder().is_some()
}

/// Who has to be told of each statement that the calling code sends, by the adapter through which it is sent.
///
/// `None` outside of fills, and inside of those that do not ask. Those ask whose dependencies are what they read
/// ([`Entry::depends_on_reads`](crate::Entry::depends_on_reads)), and those whose declared dependencies are being checked
/// ([`Verify`](crate::Verify)).
pub fn recorder() -> Option<Recorder> {
    if is_outside() { None } else { Context::current().recorder() }
}

impl Context {
    fn recorder(&self) -> Option<Recorder> {
        let frame = self.frames().next().filter(|frame| frame.watch() != Watch::Nothing)?;
        Some(Recorder { frame: Arc::clone(frame), context: self.clone() })
    }
}

/// The fill around the caller, as far as it wants to know what is read; see [`recorder`].
#[derive(Debug)]
pub struct Recorder {
    frame: Arc<Frame>,
    context: Context,
}

impl Recorder {
    /// Whether what is read becomes what the result depends on. Else it is only compared with what was declared.
    pub fn keeps(&self) -> bool {
        self.frame.watch() == Watch::Records
    }

    /// A statement is about to read what `dependencies` describe, through a connection whose writes invalidate `cache`; `as_of` is
    /// the moment before the snapshot that it reads from was taken, where there is one.
    ///
    /// It must not be sent before the recording is [ready](Recording).
    pub fn reads(self, cache: &Cache, dependencies: Dependencies, as_of: Option<ReadPoint>) -> Recording {
        match self.frame.watch() {
            _ if dependencies.is_empty() => Recording::done(self.frame),
            Watch::Records => {
                let as_of = self.context.as_of(cache).into_iter().chain(as_of).min();
                let (frame, cache) = (Arc::clone(&self.frame), cache.clone());
                let mut pending: Running = Box::pin(async move {
                    // Why it was not stamped is remembered by the frame.
                    let _ = frame.depend(&cache, &dependencies, as_of, None).await;
                });
                let ready = pending.as_mut().poll(&mut task::Context::from_waker(task::Waker::noop())).is_ready();
                Recording { frame: self.frame, pending: (!ready).then_some(pending) }
            }
            _ => {
                self.frame.see(dependencies);
                Recording::done(self.frame)
            }
        }
    }

    /// A statement is about to run of which nobody can tell what it reads, or that writes: a result whose dependencies are what was read
    /// is not stored, for this reason.
    pub fn refuses(self, reason: impl Into<Arc<str>>) {
        match self.frame.watch() {
            Watch::Records => self.frame.taint(reason.into()),
            _ => self.frame.see(Dependencies::uncacheable(reason)),
        }
    }
}

type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A statement that was told to a [`Recorder`]; to be awaited, or [waited](Recording::wait) for, before the statement is sent.
///
/// With the embedded store it is ready at once. One that is dropped half way keeps the result from being stored.
#[must_use = "the statement must not be sent before it is ready"]
pub struct Recording {
    frame: Arc<Frame>,
    pending: Option<Running>,
}

impl Recording {
    fn done(frame: Arc<Frame>) -> Self {
        Recording { frame, pending: None }
    }

    /// Blocks until it is ready.
    pub fn wait(mut self) {
        if let Some(pending) = self.pending.take() {
            block(pending);
        }
    }
}

impl Future for Recording {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut task::Context<'_>) -> Poll<()> {
        if let Some(pending) = &mut self.pending {
            std::task::ready!(pending.as_mut().poll(context));
            self.pending = None;
        }
        Poll::Ready(())
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if self.pending.is_some() {
            self.frame.taint("a statement was sent before what it reads was recorded".into());
        }
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording").field("is_ready", &self.pending.is_none()).finish_non_exhaustive()
    }
}
