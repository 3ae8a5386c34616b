//! The templates, compiled into the program.

use super::functions;
use crate::query::Db;
use cache_core::context::Context;
use cache_minijinja::{Error, Fragments};
use minijinja::{Environment, ErrorKind, Value};
use std::sync::Arc;
use tokio::{runtime::Handle, task};

const SOURCES: [(&str, &str); 13] = [
    ("layout.html", include_str!("../../templates/layout.html")),
    ("list.html", include_str!("../../templates/list.html")),
    ("foot.html", include_str!("../../templates/foot.html")),
    ("overview.html", include_str!("../../templates/overview.html")),
    ("crates.html", include_str!("../../templates/crates.html")),
    ("crate.html", include_str!("../../templates/crate.html")),
    ("groups.html", include_str!("../../templates/groups.html")),
    ("group.html", include_str!("../../templates/group.html")),
    ("starred.html", include_str!("../../templates/starred.html")),
    ("statistics.html", include_str!("../../templates/statistics.html")),
    ("search.html", include_str!("../../templates/search.html")),
    ("activity.html", include_str!("../../templates/activity.html")),
    ("happening.html", include_str!("../../templates/happening.html")),
];

/// The compiled templates and their cached blocks.
#[derive(Clone, Debug)]
pub struct Templates {
    env: Arc<Environment<'static>>,
    fragments: Fragments,
    shared: bool,
}

impl Templates {
    /// Compiles the templates; their questions go to `db`, their blocks into its cache, which is `shared` by processes or not.
    ///
    /// # Errors
    /// When a template has a mistake.
    pub fn new(db: &Db, shared: bool) -> Result<Self, Error> {
        let fragments = Fragments::builder(db.cache().clone()).build();
        let mut env = Environment::new();
        fragments.install(&mut env);
        functions::install(&mut env, db);
        for (name, source) in SOURCES {
            fragments.add_template(&mut env, name, source)?;
        }
        Ok(Self { env: Arc::new(env), fragments, shared })
    }

    /// Renders a page on a thread that may wait for the database.
    ///
    /// # Errors
    /// When a question fails.
    pub async fn render(&self, name: &'static str, context: Value) -> Result<String, Error> {
        if !self.shared {
            return self.fragments.render_blocking(self.env.clone(), name, context).await;
        }
        // `render_blocking` stores no block that is older than a change since the render began, which it does not know of a shared
        // store. These pages read inside of their blocks what the blocks print, and need no such care.
        let (env, surroundings) = (self.env.clone(), Context::current());
        let render = move || surroundings.run(|| env.get_template(name)?.render(context));
        let stopped =
            |error| minijinja::Error::new(ErrorKind::InvalidOperation, "the render was stopped").with_source(error);
        Ok(task::spawn_blocking(render).await.map_err(stopped).flatten()?)
    }

    /// Renders a piece that asks nothing.
    ///
    /// # Errors
    /// When the piece has a mistake.
    pub fn piece(&self, name: &str, context: Value) -> Result<String, minijinja::Error> {
        self.env.get_template(name)?.render(context)
    }
}

/// Waits for an answer, on the thread that renders.
///
/// # Errors
/// When there is no runtime that could find it.
pub fn wait<F: Future>(question: F) -> Result<F::Output, minijinja::Error> {
    match Handle::try_current() {
        Ok(runtime) => Ok(runtime.block_on(question)),
        Err(error) => {
            Err(minijinja::Error::new(ErrorKind::InvalidOperation, "nobody can answer here").with_source(error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SOURCES, Templates};
    use crate::query::Db;
    use cache_core::Cache;
    use sea_orm::DatabaseConnection;

    #[test]
    fn every_template_compiles() {
        let db = Db::new(DatabaseConnection::default(), &Cache::in_memory());
        let templates = Templates::new(&db, false).unwrap();
        assert_eq!(templates.env.templates().count(), SOURCES.len());
    }
}
