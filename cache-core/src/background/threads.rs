//! Blocking work, on a bounded number of threads.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::sync::{Mutex, lock, thread};

/// Most pieces of work that wait for a thread.
const MAX_WAITING: usize = 4096;

/// Work that blocks. It does not panic.
pub(crate) type Work = Box<dyn FnOnce() + Send + 'static>;

/// Threads that are started when there is work, and end when there is none.
#[derive(Clone)]
pub(crate) struct Threads {
    most: usize,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    busy: usize,
    waiting: VecDeque<Work>,
}

impl Threads {
    pub(crate) fn new(most: usize) -> Self {
        Threads { most, state: Arc::default() }
    }

    /// Whether there are any.
    pub(crate) fn exist(&self) -> bool {
        self.most > 0
    }

    /// Whether a thread is free.
    pub(crate) fn is_free(&self) -> bool {
        lock(&self.state).busy < self.most
    }

    /// Runs work at once, and gives it back when no thread is free.
    pub(crate) fn run_now(&self, work: Work) -> Result<(), Work> {
        match self.is_free() {
            true => self.run(work),
            false => Err(work),
        }
    }

    /// Runs work at once or when a thread is free; gives it back when there are no threads, or too much is waiting for them.
    pub(crate) fn run(&self, work: Work) -> Result<(), Work> {
        {
            let mut state = lock(&self.state);
            if self.most == 0 || state.busy >= self.most && state.waiting.len() >= MAX_WAITING {
                return Err(work);
            }
            state.waiting.push_back(work);
            if state.busy >= self.most {
                return Ok(());
            }
            state.busy += 1;
        }
        let threads = self.clone();
        if thread::Builder::new().name(String::from("cache")).spawn(move || threads.work()).is_ok() {
            return Ok(());
        }
        let mut state = lock(&self.state);
        state.busy -= 1;
        // Those that run take the rest; without any it is done here.
        let rest = match state.busy {
            0 => std::mem::take(&mut state.waiting),
            _ => VecDeque::new(),
        };
        drop(state);
        rest.into_iter().for_each(|work| work());
        Ok(())
    }

    fn work(&self) {
        loop {
            let work = {
                let mut state = lock(&self.state);
                match state.waiting.pop_front() {
                    Some(work) => work,
                    None => {
                        state.busy -= 1;
                        return;
                    }
                }
            };
            // A subscriber may panic where a panic is told.
            let _ = catch_unwind(AssertUnwindSafe(work));
        }
    }
}

impl fmt::Debug for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = lock(&self.state);
        f.debug_struct("Threads")
            .field("most", &self.most)
            .field("busy", &state.busy)
            .field("waiting", &state.waiting.len())
            .finish()
    }
}
