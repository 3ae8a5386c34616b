//! Since when a render has been reading.
//!
//! Rows that were read before a block begins may be printed inside of it. The block watches for changes from its
//! beginning on, so it has to know how old its input may be: it is stored only if nothing that it depends on was
//! invalidated since the first read of the render.

use std::cell::RefCell;
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::thread::{self, ThreadId};

use cache_core::ReadPoint;

use super::runtime::Runtime;

static INSTALLED: RwLock<Vec<Weak<Runtime>>> = RwLock::new(Vec::new());

thread_local! {
    static READS: RefCell<Reads> = RefCell::default();
}

#[derive(Debug, Default)]
struct Reads {
    /// Points that the application has named, innermost last.
    scopes: Vec<(usize, ReadPoint)>,
    /// Before the first query of the renders of this thread.
    first: Vec<(usize, ReadPoint)>,
    /// Shared by the renders of this thread, wherever they end.
    alive: Arc<()>,
}

fn identity(runtime: &Runtime) -> usize {
    std::ptr::from_ref(runtime).addr()
}

/// Makes the queries of querysets known to a runtime.
pub(super) fn install(runtime: &Arc<Runtime>) {
    let mut installed = INSTALLED.write().unwrap_or_else(PoisonError::into_inner);
    installed.retain(|known| known.strong_count() > 0 && !std::ptr::eq(known.as_ptr(), Arc::as_ptr(runtime)));
    installed.push(Arc::downgrade(runtime));
}

/// A queryset is about to run a query.
pub(crate) fn reading() {
    let installed = INSTALLED.read().unwrap_or_else(PoisonError::into_inner);
    for runtime in installed.iter().filter_map(Weak::upgrade) {
        let id = identity(&runtime);
        READS.with_borrow_mut(|reads| {
            if reads.first.iter().all(|(known, _)| *known != id) {
                reads.first.push((id, runtime.cache.read_point()));
            }
        });
    }
}

/// The point that a block which begins now is bound to.
pub(super) fn since(runtime: &Runtime) -> Option<ReadPoint> {
    let id = identity(runtime);
    READS.with_borrow(|reads| {
        let of = |points: &[(usize, ReadPoint)]| {
            let mine = points.iter().filter(|(known, _)| *known == id);
            mine.map(|(_, point)| *point).min()
        };
        of(&reads.scopes).or_else(|| of(&reads.first))
    })
}

/// Runs a render that uses rows read after `point`.
pub(super) fn scope<R>(runtime: &Runtime, point: ReadPoint, render: impl FnOnce() -> R) -> R {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            READS.with_borrow_mut(|reads| {
                reads.scopes.pop();
            });
        }
    }
    READS.with_borrow_mut(|reads| reads.scopes.push((identity(runtime), point)));
    let _leave = Leave;
    render()
}

/// A render that has begun a block; with the last one of a thread, its reads are forgotten.
#[derive(Debug)]
pub(super) struct Render {
    thread: ThreadId,
    alive: Arc<()>,
}

impl Default for Render {
    fn default() -> Self {
        let alive = READS.with_borrow(|reads| Arc::clone(&reads.alive));
        Render { thread: thread::current().id(), alive }
    }
}

impl Drop for Render {
    fn drop(&mut self) {
        // The thread itself holds one.
        if self.thread == thread::current().id() && Arc::strong_count(&self.alive) == 2 {
            READS.with_borrow_mut(|reads| reads.first.clear());
        }
    }
}
