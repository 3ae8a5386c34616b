//! Arguments on their way to the work.

use crate::dependency::Dependencies;
use crate::sync::{Mutex, lock};

/// The arguments of a call: looked at by its queryset first, then taken by its body.
///
/// Neither happens on a hit, so that an owned argument need not be cloned for the sake of the queryset. The lock
/// is never waited for; it lets the future of an async function move between threads.
#[derive(Debug)]
pub(super) struct Handed<A> {
    arguments: Mutex<Option<A>>,
}

impl<A> Handed<A> {
    pub(super) fn new(arguments: A) -> Self {
        Handed { arguments: Mutex::new(Some(arguments)) }
    }

    pub(super) fn show(&self, queryset: impl FnOnce(&A) -> Dependencies) -> Dependencies {
        match &*lock(&self.arguments) {
            Some(arguments) => queryset(arguments),
            None => Dependencies::uncacheable("the body ran before its queryset was known"),
        }
    }

    pub(super) fn take(&self) -> A {
        let Some(arguments) = lock(&self.arguments).take() else { unreachable!("a body runs once") };
        arguments
    }
}
