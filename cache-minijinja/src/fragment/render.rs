//! Rendering beside an async runtime.

use std::cell::Cell;
use std::sync::Arc;

use cache_core::context::Context;
use minijinja::{Environment, Value};
use tokio::runtime::Handle;

use super::Fragments;
use crate::error::{Error, ErrorKind};

thread_local! {
    static BLOCKING: Cell<bool> = const { Cell::new(false) };
}

impl Fragments {
    /// Renders a template on a thread that may block, so that its blocks may run queries and wait for each other.
    ///
    /// The render belongs to whatever the calling task is part of: fills, guards and measurements of the cache.
    /// Dropping the future does not stop a render that has begun.
    ///
    /// # Errors
    ///
    /// Those of the engine, as [`ErrorKind::Template`]; [`ErrorKind::Stopped`] when the runtime shuts down.
    ///
    /// # Panics
    ///
    /// When called outside of a tokio runtime, or when the render panics.
    pub async fn render_blocking(
        &self,
        env: Arc<Environment<'static>>,
        name: impl Into<String>,
        values: impl Into<Value>,
    ) -> Result<String, Error> {
        let (name, values) = (name.into(), values.into());
        let context = Context::current();
        let fragments = self.clone();
        let point = self.cache().read_point();
        let render = move || {
            let _blocking = Blocking::enter();
            context.run(|| fragments.as_of(point, || env.get_template(&name)?.render(values)))
        };
        match tokio::task::spawn_blocking(render).await {
            Ok(rendered) => Ok(rendered?),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(error) => Err(Error::new(ErrorKind::Stopped, "the render was stopped").with_source(error)),
            },
        }
    }
}

/// Waits for a future inside of [`Fragments::render_blocking`]: for the queries of a
/// [`TemplateQuery`](crate::TemplateQuery) on an async driver.
///
/// # Errors
///
/// [`ErrorKind::Query`] when called anywhere else, where waiting could stop the runtime for good.
///
/// ```
/// # use std::sync::Arc;
/// use cache_minijinja::{block_on, Fragments};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let mut env = minijinja::Environment::new();
/// env.add_function("answer", || -> Result<u32, minijinja::Error> {
///     Ok(block_on(async { 42 })?)
/// });
/// let fragments = Fragments::builder(cache_core::Cache::in_memory()).build();
/// fragments.add_template(&mut env, "a.txt", "{{ answer() }}")?;
/// let text = fragments.render_blocking(Arc::new(env), "a.txt", ()).await?;
/// assert_eq!(text, "42");
/// assert!(block_on(async { 42 }).is_err());
/// # Ok::<(), cache_minijinja::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn block_on<F: Future>(future: F) -> Result<F::Output, Error> {
    match Handle::try_current() {
        Ok(runtime) if BLOCKING.get() => Ok(runtime.block_on(future)),
        _ => Err(Error::new(
            ErrorKind::Query,
            "an async query cannot run here: render with `Fragments::render_blocking`",
        )),
    }
}

struct Blocking {
    before: bool,
}

impl Blocking {
    fn enter() -> Self {
        Blocking { before: BLOCKING.replace(true) }
    }
}

impl Drop for Blocking {
    fn drop(&mut self) {
        BLOCKING.set(self.before);
    }
}
