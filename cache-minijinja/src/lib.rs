//! Cached blocks for [minijinja] templates: a piece of a page is rendered once, and again when a row that it
//! depends on has changed.
//!
//! ```jinja
//! {% cached_as articles.filter(category=3), timeout=600, extra=user.locale %} ... {% endcached_as %}
//! {% cached_as articles, "comment", timeout="15m" %} ... {% endcached_as %}
//! {% cached timeout=60, key="sidebar" %} ... {% endcached %}
//! ```
//!
//! `cached_as` takes querysets (see [`queryset`]) or names of tables; `cached` takes none, and
//! is ended by time, or with a cached result or block inside of it. Both know three options:
//!
//! | option | meaning |
//! |---|---|
//! | `timeout` | seconds, or a text like `"15m"`: the longest time that the text is served |
//! | `extra` | what else the text differs by: text, numbers, none, querysets, lists and maps of them |
//! | `key` | a name that replaces the block's own place: for [`Fragments::invalidate`], or to share a block between templates |
//!
//! # What holds
//!
//! - A text is served only as long as no change touched its querysets, the rows that its body read from
//!   [`queryset`] values (in a `cached_as`), or a cached result or block inside of it.
//! - A body that fails, runs out of fuel, panics, or has a query that fails is not stored; neither is one that was
//!   overtaken by a change while it was rendered, or that prints rows read before such a change.
//! - Of simultaneous renders one renders the body, and the others wait for it.
//! - Texts for different escaping are kept apart. A hit is escaped as often as a miss: once.
//! - A body has a scope of its own: what it sets is not seen after the block, on a hit and on a miss alike.
//!
//! # What the author has to know
//!
//! - Variables that a body uses are not part of its key: what differs between users, languages or pages belongs in
//!   `extra`, also the arguments of a macro around the block. An `extra` that is undefined is an error.
//! - The key has the text of the block, not that of the templates it includes or the filters it calls:
//!   [`FragmentsBuilder::version`] stands for those.
//! - Side effects of a body happen on a miss only. A body is buffered whole.
//! - `block`, `extends` and `self` are refused inside of a body, because templates that extend this one would share
//!   one text; so are `break` and `continue` that would leave it. Macros of such a template may not use `self` either.
//! - Names that start with `__cached` are reserved, and templates share the cache with each other: do not install
//!   this for authors who must not see each other's texts.
//! - Excerpts of templates in debug messages show the rewritten line; name and number of the line are right.
//!
//! # Use
//!
//! ```
//! use cache_core::Cache;
//! use cache_minijinja::{path_loader, Fragments};
//! use minijinja::{context, Environment};
//!
//! let fragments = Fragments::builder(Cache::in_memory()).version("2026-08").build();
//! let mut env = Environment::new(); // first its syntax, if it has one of its own
//! fragments.install(&mut env);
//! fragments.set_loader(&mut env, path_loader("templates"));
//! fragments.add_template(&mut env, "mail.txt", "{% cached key='mail' %}Hello {{ name }}{% endcached %}")?;
//!
//! let render = |name: &str| env.get_template("mail.txt")?.render(context! { name });
//! assert_eq!(render("Ada")?, "Hello Ada");
//! assert_eq!(render("Grace")?, "Hello Ada"); // `name` is not in `extra`
//! fragments.invalidate("mail")?;
//! assert_eq!(render("Grace")?, "Hello Grace");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Rendering is synchronous, and so are lookups. In an async program render with
//! `Fragments::render_blocking`, so that queries of a body, and waiting for another render, hold no
//! thread of the runtime.
//!
//! Where sources cannot be rewritten, `{% call cached_as(articles, "sidebar", timeout=60) %}` does the same with a
//! name that must be given; see [`Fragments::install`] for its limits.
//!
//! # Features
//!
//! | feature | default | what it brings | cost |
//! |---|---|---|---|
//! | `tokio` | yes | `Fragments::render_blocking`, `block_on` | tokio with `rt` |
//!
//! No feature of minijinja is needed.
#![deny(missing_docs)]

mod error;
mod fragment;
mod lexer;
mod loader;
mod queryset;
mod rewrite;

pub use self::error::{Error, ErrorKind};
#[cfg(feature = "tokio")]
pub use self::fragment::block_on;
pub use self::fragment::{Fragments, FragmentsBuilder};
pub use self::loader::{Source, path_loader};
pub use self::queryset::{TemplateQuery, queryset, scalar};
