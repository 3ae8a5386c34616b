//! The templates, compiled into the program.

use super::functions;
use crate::query::Db;
use cache_minijinja::{Error, Fragments};
use minijinja::{Environment, Value};
use std::sync::Arc;

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
}

impl Templates {
    /// Compiles the templates; their questions go to `db`, their blocks into its cache.
    ///
    /// # Errors
    /// When a template has a mistake.
    pub fn new(db: &Db) -> Result<Self, Error> {
        let fragments = Fragments::builder(db.cache().clone()).build();
        let mut env = Environment::new();
        fragments.install(&mut env);
        functions::install(&mut env, db);
        for (name, source) in SOURCES {
            fragments.add_template(&mut env, name, source)?;
        }
        Ok(Self { env: Arc::new(env), fragments })
    }

    /// Renders a page on a thread that may wait for the database.
    ///
    /// # Errors
    /// When a question fails.
    pub async fn render(&self, name: &'static str, context: Value) -> Result<String, Error> {
        self.fragments.render_blocking(self.env.clone(), name, context).await
    }

    /// Renders a piece that asks nothing.
    ///
    /// # Errors
    /// When the piece has a mistake.
    pub fn piece(&self, name: &str, context: Value) -> Result<String, minijinja::Error> {
        self.env.get_template(name)?.render(context)
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
        let templates = Templates::new(&db).unwrap();
        assert_eq!(templates.env.templates().count(), SOURCES.len());
    }
}
