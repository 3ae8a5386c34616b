//! A table of articles in memory, and an environment that counts what runs.
#![allow(dead_code, unreachable_pub)]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use cache_core::{Cache, Change, Dependencies, KeyWriter, Row, column};
use cache_minijinja::{Error, Fragments, TemplateQuery, queryset, scalar};
use minijinja::{Environment, Value, context};

#[derive(Clone, Debug)]
pub struct Article {
    pub id: i64,
    pub category: i64,
    pub title: String,
}

/// The table; writes tell the cache.
#[derive(Debug)]
pub struct Database {
    pub cache: Cache,
    rows: Mutex<Vec<Article>>,
    pub queries: AtomicUsize,
    pub broken: AtomicBool,
}

impl Database {
    pub fn new(cache: &Cache) -> Arc<Self> {
        let row = |id, category, title: &str| Article { id, category, title: title.to_owned() };
        let rows = vec![row(1, 1, "one"), row(2, 1, "two"), row(3, 2, "three")];
        Arc::new(Database {
            cache: cache.clone(),
            rows: Mutex::new(rows),
            queries: AtomicUsize::new(0),
            broken: AtomicBool::new(false),
        })
    }

    pub fn queries(&self) -> usize {
        self.queries.load(Ordering::SeqCst)
    }

    pub fn break_it(&self, broken: bool) {
        self.broken.store(broken, Ordering::SeqCst);
    }

    pub fn insert(&self, id: i64, category: i64, title: &str) {
        self.rows.lock().unwrap().push(Article { id, category, title: title.to_owned() });
        let row = Row::from([("id", id), ("category", category)]);
        self.cache.invalidate(Change::inserted("article", row)).unwrap();
    }

    pub fn rename(&self, id: i64, title: &str) {
        let mut rows = self.rows.lock().unwrap();
        let row = rows.iter_mut().find(|row| row.id == id).unwrap();
        row.title = title.to_owned();
        let image = Row::from([("id", id), ("category", row.category)]);
        drop(rows);
        self.cache.invalidate(Change::updated("article", image.clone(), image)).unwrap();
    }

    pub fn articles(self: &Arc<Self>) -> Articles {
        Articles { database: Arc::clone(self), category: None, without: None, descending: false, limit: None }
    }
}

/// A queryset of articles.
#[derive(Clone, Debug)]
pub struct Articles {
    database: Arc<Database>,
    category: Option<i64>,
    without: Option<i64>,
    descending: bool,
    limit: Option<u64>,
}

impl TemplateQuery for Articles {
    fn filter(&self, conditions: &[(&str, Value)]) -> Result<Arc<dyn TemplateQuery>, Error> {
        let mut narrowed = self.clone();
        for (field, value) in conditions {
            match *field {
                "category" => {
                    scalar(value)?;
                    narrowed.category = value.as_i64();
                }
                other => return Err(Error::unknown_field(other, &["category"])),
            }
        }
        Ok(Arc::new(narrowed))
    }

    fn exclude(&self, conditions: &[(&str, Value)]) -> Result<Arc<dyn TemplateQuery>, Error> {
        let mut narrowed = self.clone();
        for (field, value) in conditions {
            match *field {
                "id" => narrowed.without = value.as_i64(),
                other => return Err(Error::unknown_field(other, &["id"])),
            }
        }
        Ok(Arc::new(narrowed))
    }

    fn order_by(&self, fields: &[&str]) -> Result<Arc<dyn TemplateQuery>, Error> {
        let descending = match fields {
            ["id"] => false,
            ["-id"] => true,
            _ => return Err(Error::unknown_field(&fields.join(", "), &["id"])),
        };
        Ok(Arc::new(Articles { descending, ..self.clone() }))
    }

    fn limit(&self, rows: u64) -> Result<Arc<dyn TemplateQuery>, Error> {
        Ok(Arc::new(Articles { limit: Some(rows), ..self.clone() }))
    }

    fn write_key(&self, key: &mut KeyWriter) {
        key.part("articles").part(&self.category).part(&self.without).part(&self.descending).part(&self.limit);
    }

    fn dependencies(&self) -> Dependencies {
        match self.category {
            Some(category) => Dependencies::on("article", column("category").eq(category)),
            None => Dependencies::table("article"),
        }
    }

    fn fetch(&self) -> Result<Vec<Value>, Error> {
        self.database.queries.fetch_add(1, Ordering::SeqCst);
        if self.database.broken.load(Ordering::SeqCst) {
            return Err(Error::query("connection lost"));
        }
        let rows = self.database.rows.lock().unwrap();
        let mut rows: Vec<&Article> = rows
            .iter()
            .filter(|row| self.category.is_none_or(|category| row.category == category))
            .filter(|row| self.without != Some(row.id))
            .collect();
        if self.descending {
            rows.reverse();
        }
        rows.truncate(self.limit.map_or(usize::MAX, |limit| limit as usize));
        Ok(rows.into_iter().map(|row| context! { id => row.id, title => row.title.clone() }).collect())
    }
}

/// An environment with cached blocks, a database and a counter.
#[derive(Debug)]
pub struct Site {
    pub env: Environment<'static>,
    pub fragments: Fragments,
    pub cache: Cache,
    pub database: Arc<Database>,
    pub runs: Arc<AtomicUsize>,
}

impl Site {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(prepare: impl FnOnce(&mut Environment<'static>)) -> Self {
        let cache = Cache::in_memory();
        let database = Database::new(&cache);
        let fragments = Fragments::builder(cache.clone()).build();
        let runs = Arc::new(AtomicUsize::new(0));
        let mut env = Environment::new();
        prepare(&mut env);
        fragments.install(&mut env);
        let counter = Arc::clone(&runs);
        env.add_function("run", move || {
            counter.fetch_add(1, Ordering::SeqCst);
            ""
        });
        env.add_function("fail", || -> Result<String, minijinja::Error> {
            Err(minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, "as told"))
        });
        Site { env, fragments, cache, database, runs }
    }

    pub fn add(&mut self, name: &str, source: &str) -> &mut Self {
        self.fragments
            .add_template(&mut self.env, name.to_owned(), source.to_owned())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        self
    }

    pub fn values(&self) -> Value {
        context! {
            articles => queryset(self.database.articles()),
            xs => [1, 2, 3],
            html => "<b>",
            user => context! { name => "Ada", id => 7 },
            tree => [
                context! { name => "a", kids => [context! { name => "b", kids => Vec::<Value>::new() }] },
                context! { name => "c", kids => Vec::<Value>::new() },
            ],
        }
    }

    pub fn render(&self, name: &str) -> Result<String, minijinja::Error> {
        self.render_with(name, Value::UNDEFINED)
    }

    pub fn render_with(&self, name: &str, more: Value) -> Result<String, minijinja::Error> {
        let values = match more.is_undefined() {
            true => self.values(),
            false => context! { ..more, ..self.values() },
        };
        self.env.get_template(name)?.render(values)
    }

    pub fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }
}
