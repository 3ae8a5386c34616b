//! The handle that an application installs into its environment.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use cache_core::{Cache, ReadPoint};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, TemplateSource, Value};

use super::functions::{self, BeginBlock, CallBlock};
use super::reads;
use super::request::{Tag, named};
use super::runtime::Runtime;
use crate::error::{Error, ErrorKind};
use crate::loader::{Freshness, Source};
use crate::rewrite::{self, rewrite};

/// Cached blocks for the templates of an [`Environment`].
///
/// A clone is another handle to the same fragments.
///
/// The two tags are no part of the engine: each template source is rewritten before the engine reads it. Sources
/// that come another way than through [`set_loader`](Fragments::set_loader),
/// [`add_template`](Fragments::add_template) or [`preprocess`](Fragments::preprocess) and use the tags are refused by
/// the engine (`unknown statement cached_as`).
///
/// ```
/// use cache_core::{Cache, Change};
/// use cache_minijinja::Fragments;
/// use minijinja::{context, Environment};
///
/// let cache = Cache::in_memory();
/// let fragments = Fragments::builder(cache.clone()).build();
/// let mut env = Environment::new();
/// fragments.install(&mut env);
/// fragments.add_template(
///     &mut env,
///     "page.html",
///     "{% cached_as 'article', timeout=600 %}{{ now }}{% endcached_as %}",
/// )?;
/// let render = |now: u32| env.get_template("page.html")?.render(context! { now });
///
/// assert_eq!(render(1)?, "1");
/// assert_eq!(render(2)?, "1");
/// cache.invalidate(Change::table("article"))?;
/// assert_eq!(render(3)?, "3");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Fragments {
    runtime: Arc<Runtime>,
}

/// Describes the [`Fragments`] of an environment; made by [`Fragments::builder`].
#[derive(Clone, Debug)]
pub struct FragmentsBuilder {
    cache: Cache,
    version: String,
    timeout: Option<Duration>,
}

impl FragmentsBuilder {
    /// Separates what is stored from that of other versions.
    ///
    /// The text of a block is part of its key, but the templates it includes, the filters it calls and the
    /// settings of the environment are not: let the version change with them.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// How long blocks without a `timeout` of their own are served at most.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The fragments so described.
    pub fn build(self) -> Fragments {
        Fragments {
            runtime: Arc::new(Runtime {
                cache: self.cache,
                version: self.version.into(),
                timeout: self.timeout,
                names: RwLock::new(HashMap::new()),
            }),
        }
    }
}

impl Fragments {
    /// Starts the description of fragments that are kept in this cache.
    pub fn builder(cache: Cache) -> FragmentsBuilder {
        FragmentsBuilder { cache, version: String::new(), timeout: None }
    }

    /// The cache that keeps the fragments.
    pub fn cache(&self) -> &Cache {
        &self.runtime.cache
    }

    /// Adds what rewritten templates call, and the functions `cached_as` and `cached` for `{% call %}`.
    ///
    /// The call form works in sources that are not rewritten. It needs a name, which must be unique among the
    /// templates, and its body is a macro to the engine: includes in it do not see local variables, and variables
    /// of a loop may be those of its first round. Prefer the tags.
    pub fn install(&self, env: &mut Environment<'_>) {
        reads::install(&self.runtime);
        let runtime = || Arc::clone(&self.runtime);
        env.add_global(rewrite::BEGIN, Value::from_object(BeginBlock(runtime())));
        env.add_filter(rewrite::PUT, functions::put);
        env.add_global("cached_as", Value::from_object(CallBlock(runtime(), Tag::CachedAs)));
        env.add_global("cached", Value::from_object(CallBlock(runtime(), Tag::Cached)));
    }

    /// Loads templates on demand, and rewrites them.
    ///
    /// The syntax is that of the environment at this moment: call
    /// [`set_syntax`](Environment::set_syntax) first. Loaders return text, a [`Source`], or the engine's
    /// own [`TemplateSource`]; [`path_loader`](crate::path_loader) reads a directory.
    pub fn set_loader<L, S>(&self, env: &mut Environment<'_>, loader: L)
    where
        L: Fn(&str) -> Result<Option<S>, minijinja::Error> + Send + Sync + 'static,
        S: Into<Source>,
    {
        let syntax = env.syntax().clone();
        let loader = Arc::new(loader);
        env.set_loader(move |name| {
            let Some(source) = loader(name)? else {
                return Ok(None);
            };
            let Source { text, freshness } = source.into();
            let rewritten = TemplateSource::new(rewrite(name, &text, &syntax)?);
            Ok(Some(match freshness {
                Freshness::Kept => rewritten,
                Freshness::Checked(check) => rewritten.with_uptodate_check(check),
                Freshness::Compared => {
                    let (loader, name) = (Arc::clone(&loader), name.to_owned());
                    rewritten.with_uptodate_check(move || {
                        let now = loader(&name).ok().flatten();
                        now.is_some_and(|now| now.into().text == text)
                    })
                }
            }))
        });
    }

    /// Adds one template, rewritten with the syntax of the environment.
    ///
    /// # Errors
    ///
    /// When a rule of the tags is broken, or the engine refuses the template.
    pub fn add_template<'source>(
        &self,
        env: &mut Environment<'source>,
        name: impl Into<Cow<'source, str>>,
        source: impl Into<Cow<'source, str>>,
    ) -> Result<(), Error> {
        let (name, source) = (name.into(), source.into());
        let rewritten = match rewrite(&name, &source, env.syntax())? {
            Cow::Owned(rewritten) => Cow::Owned(rewritten),
            Cow::Borrowed(_) => source,
        };
        env.add_template_owned(name, rewritten)?;
        Ok(())
    }

    /// Rewrites a template source for any other way into an environment; borrowed if it has no cached tags.
    ///
    /// The name is part of the blocks' keys, and must be the one that the template will have. Without a name (`""` or
    /// `"<string>"`, as for [`render_str`](Environment::render_str)) each block needs a `key`.
    ///
    /// # Errors
    ///
    /// When a rule of the tags is broken. Errors of the engine's own statements are left to the engine.
    pub fn preprocess<'s>(&self, name: &str, source: &'s str, syntax: &SyntaxConfig) -> Result<Cow<'s, str>, Error> {
        rewrite(name, source, syntax)
    }

    /// Renders from rows that were read after `point`; see [`Cache::read_point`].
    ///
    /// A block may print what was read before it began: a row of a loop around it, or a value of the context. It is
    /// then stored only if nothing that it depends on was invalidated since the point. For the querysets of a
    /// template this is looked after; for values that are read before the render, take a point before reading them,
    /// and render in here.
    ///
    /// ```
    /// # let cache = cache_core::Cache::in_memory();
    /// # let fragments = cache_minijinja::Fragments::builder(cache.clone()).build();
    /// # let mut env = minijinja::Environment::new();
    /// # fragments.install(&mut env);
    /// # let load = |_: i32| "title";
    /// fragments.add_template(&mut env, "a.html", "{% cached_as 'article' %}{{ title }}{% endcached_as %}")?;
    ///
    /// let point = cache.read_point();
    /// let title = load(3);
    /// let html = fragments.as_of(point, || {
    ///     env.get_template("a.html")?.render(minijinja::context! { title })
    /// })?;
    /// # assert_eq!(html, "title");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn as_of<R>(&self, point: ReadPoint, render: impl FnOnce() -> R) -> R {
        reads::scope(&self.runtime, point, render)
    }

    /// Drops the fragments with this `key="..."`, whatever their `extra`, their querysets and their version, and
    /// the fragments around them.
    ///
    /// # Errors
    ///
    /// When the cache cannot be told.
    pub fn invalidate(&self, name: &str) -> Result<(), Error> {
        self.runtime
            .cache
            .invalidate_tag(named(name))
            .map_err(|error| Error::new(ErrorKind::Store, error.to_string()).with_source(error))
    }
}
