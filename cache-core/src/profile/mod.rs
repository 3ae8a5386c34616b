//! Which queries are cached without anybody asking for it.

mod file;
mod lifetime;
mod memo;
mod operation;
mod pattern;
mod policy;
mod rules;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use operation::{Operation, Operations};
pub use policy::{Policy, Profile};

use crate::dependency::Table;
use crate::error::{Error, ErrorKind};
use pattern::Pattern;
use rules::Rules;

/// Which tables' queries are cached automatically, and how.
///
/// A profile is set for a pattern: a name (`article`), a name with its schema (`shop.article`), or either with `*` for
/// any letters of a part (`shop_*`, `shop.*`, `*`). Names are compared as those of [`Table`] are, without quotes and without
/// regard to the case of ASCII letters. A pattern without a schema is for tables of any schema, and `*.article` is
/// the same as `article`.
///
/// **The most specific pattern decides**, alone and whole, also when it says `none`:
///
/// 1. an exact name before a pattern with `*`;
/// 2. with a schema before without;
/// 3. the one with more letters;
/// 4. the one with fewer `*`.
///
/// Where two are equally specific, only what both allow is allowed.
///
/// **A table that was named without its schema** may be in any: it is allowed only what the exact names of that table with a schema allow
/// as well. Patterns with a schema and a `*` do not reach it.
///
/// **Of several tables** each must have a profile that allows the operation. The shortest time to live holds, and a flag only
/// if all have it.
///
/// **Migrations.** No pattern with `*` reaches the tables in which tools for migrations keep what they have done (`seaql_migrations`,
/// `__diesel_schema_migrations`, `_sqlx_migrations`, `django_migrations`, `refinery_schema_history`, `flyway_schema_history`,
/// `schema_migrations`, `ar_internal_metadata`); their exact names do. Nothing reaches temporary tables of the form `#name`, or
/// free tags.
///
/// A clone shares the patterns. Profiles are read from files through serde: a map from patterns to texts such as `get, count, 15m`, or
/// to maps of `operations`, `ttl`, `instance`, `collections` and `write_through`.
///
/// ```
/// use std::time::Duration;
/// use cache_core::{Cache, Operation, Operations, Profile, Profiles};
///
/// let profiles = Profiles::builder()
///     .set("auth_user", Profile::new(Operations::GET).ttl(Duration::from_secs(900)))
///     .set("shop.*", Profile::new(Operations::ALL).ttl(Duration::from_secs(3600)))
///     .set("shop.audit_log", Profile::none())
///     .build()?;
/// let cache = Cache::builder().profiles(profiles).build();
///
/// let joined = cache.profiles().resolve(["auth_user", "shop.article"], Operation::Get);
/// assert_eq!(joined.and_then(|policy| policy.ttl), Some(Duration::from_secs(900)));
/// assert!(cache.profiles().resolve(["auth_user"], Operation::Count).is_none());
/// assert!(cache.profiles().resolve(["shop.article", "shop.audit_log"], Operation::Get).is_none());
/// # Ok::<(), cache_core::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Profiles {
    /// None where there are no profiles: then resolving is a comparison.
    rules: Option<Arc<Rules>>,
}

impl Profiles {
    /// Starts a set of profiles.
    pub fn builder() -> ProfilesBuilder {
        ProfilesBuilder { base: Profiles::default(), set: Vec::new() }
    }

    /// How a query that does this to these tables is kept, if it is cached automatically.
    ///
    /// Name every table that the query reads, with its schema where it is known. A query that reads no table is not cached.
    ///
    /// For each table it costs a hash and a comparison of its name, some nanoseconds, without a lock and without an allocation. A spelling
    /// that was not seen before is compared with the patterns once; after some hundred spellings, each time.
    #[inline]
    pub fn resolve<T: AsRef<str>>(&self, tables: impl IntoIterator<Item = T>, operation: Operation) -> Option<Policy> {
        let rules = self.rules.as_deref()?;
        let mut tables = tables.into_iter();
        let mut all = rules.profile(tables.next()?.as_ref());
        for table in tables {
            if !all.operations().contains(operation) {
                return None;
            }
            all = all.and(rules.profile(table.as_ref()));
        }
        all.policy(operation)
    }

    /// The profile of one table; [`Profile::none`] where no pattern reaches it.
    ///
    /// It costs what [`Profiles::resolve`] does.
    pub fn profile(&self, table: impl AsRef<str>) -> Profile {
        self.rules.as_deref().map_or(Profile::none(), |rules| rules.profile(table.as_ref()))
    }

    /// The patterns in their normal form with their profiles, the most specific first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Profile)> {
        let list = self.rules.as_deref().map_or(&[][..], Rules::list);
        list.iter().map(|(pattern, profile)| (pattern.as_str(), *profile))
    }

    /// Whether nothing is cached automatically because there are no profiles.
    pub fn is_empty(&self) -> bool {
        self.rules.is_none()
    }

    /// The same profiles, with a time to live where none is named.
    pub(crate) fn or_ttl(self, ttl: Option<Duration>) -> Self {
        match (self.rules, ttl) {
            (Some(rules), Some(ttl)) => Profiles { rules: Some(Arc::new(rules.or_ttl(ttl))) },
            (rules, _) => Profiles { rules },
        }
    }
}

impl fmt::Debug for Profiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// A set of profiles that is being put together; made by [`Profiles::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ProfilesBuilder {
    base: Profiles,
    set: Vec<(String, Profile)>,
}

impl ProfilesBuilder {
    /// Sets the profile of a pattern; see [`Profiles`] for what a pattern may be.
    pub fn set(mut self, pattern: impl Into<String>, profile: Profile) -> Self {
        self.set.push((pattern.into(), profile));
        self
    }

    /// Starts from other profiles, such as those of a file: what is set here replaces those of the same pattern.
    pub fn over(mut self, base: Profiles) -> Self {
        self.base = base;
        self
    }

    /// The profiles.
    ///
    /// # Errors
    ///
    /// When a pattern is none, when two are the same in their normal form, or when a profile contradicts itself. The message names the pattern
    /// as it was written, and what to do.
    pub fn build(self) -> Result<Profiles, Error> {
        let mut list: Vec<(Pattern, Profile)> = Vec::new();
        for (text, profile) in &self.set {
            let fault = |fault: &str| Error::new(ErrorKind::Profile, of(text, fault));
            let pattern = Pattern::read(text).map_err(|message| fault(&message))?;
            if let Some(place) = list.iter().position(|(other, _)| *other == pattern) {
                let (earlier, _) = &self.set[place];
                return Err(fault(&format!("`{earlier}` is the same pattern and has a profile already; keep one")));
            }
            if let Some(message) = profile.fault() {
                return Err(fault(message));
            }
            list.push((pattern, *profile));
        }
        let set = list.len();
        for (pattern, profile) in self.base.rules.as_deref().map_or(&[][..], Rules::list) {
            if list[..set].iter().all(|(other, _)| other != pattern) {
                list.push((pattern.clone(), *profile));
            }
        }
        Ok(Profiles { rules: (!list.is_empty()).then(|| Arc::new(Rules::new(list))) })
    }
}

/// A fault, with the table whose profile has it.
fn of(pattern: &str, fault: &str) -> String {
    format!("profile of `{pattern}`: {fault}")
}

impl AsRef<str> for Table {
    /// The name in its normal form.
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}
