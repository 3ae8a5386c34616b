//! Which change dropped which results, and why.
//!
//! The journal listens to the cache. It remembers what every stored result depends on, and when changes are
//! applied it asks each result's conditions whether a change may match them. The cache itself needs no such
//! search; the journal does it only to explain.

use cache_core::{Change, Dependencies, observe::Event};
use serde::Serialize;
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::sync::broadcast;

/// How many results are remembered; beyond that the explanation is incomplete, never the invalidation.
const LIVE: usize = 20_000;

/// How many happenings the page shows.
const HAPPENINGS: usize = 50;

/// How many lines one happening has.
const LINES: usize = 40;

/// Listens to a cache and explains its invalidations.
#[derive(Debug)]
pub struct Journal {
    state: Mutex<State>,
    news: broadcast::Sender<Arc<Happening>>,
}

#[derive(Debug, Default)]
struct State {
    live: HashMap<String, Live>,
    happenings: VecDeque<Arc<Happening>>,
    number: u64,
}

#[derive(Debug)]
struct Live {
    name: String,
    dependencies: Dependencies,
}

/// One batch of changes and what it dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Happening {
    /// Counts the happenings.
    pub number: u64,
    /// The time of day, UTC.
    pub time: String,
    /// The changes, in words.
    pub changes: Vec<String>,
    /// What was dropped, by name and condition.
    pub dropped: Vec<Dropped>,
    /// How many results were dropped in all.
    pub results: usize,
    /// How many lines are not shown.
    pub more: usize,
    /// How many results stayed.
    pub kept: usize,
}

/// Results of one name that went for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dropped {
    /// The function, query or fragment.
    pub name: String,
    /// The condition that the change may match.
    pub condition: String,
    /// How many results.
    pub count: usize,
}

impl Default for Journal {
    fn default() -> Self {
        Self { state: Mutex::default(), news: broadcast::Sender::new(64) }
    }
}

impl Journal {
    /// Takes note of an event of the cache.
    pub fn listen(&self, event: &Event<'_>) {
        match event {
            Event::Fill { name, key, dependencies, .. } => {
                let mut state = self.state();
                let key = key.to_string();
                if state.live.len() < LIVE || state.live.contains_key(&key) {
                    let live = Live { name: short(name), dependencies: (*dependencies).clone() };
                    state.live.insert(key, live);
                }
            }
            // Another process may have dropped it.
            Event::Miss { key, .. } => drop(self.state().live.remove(&key.to_string())),
            Event::Invalidation(invalidation) => {
                let happening = Arc::new(self.state().apply(invalidation.changes));
                // Nobody may be watching.
                let _ = self.news.send(happening);
            }
            _ => {}
        }
    }

    /// What happened lately, the newest first.
    pub fn happenings(&self) -> Vec<Arc<Happening>> {
        self.state().happenings.iter().cloned().collect()
    }

    /// How many results are cached by name, as far as the journal knows.
    pub fn live(&self) -> usize {
        self.state().live.len()
    }

    /// What happens from now on.
    pub fn watch(&self) -> broadcast::Receiver<Arc<Happening>> {
        self.news.subscribe()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn apply(&mut self, changes: &[Change]) -> Happening {
        let mut reasons: BTreeMap<(String, String), usize> = BTreeMap::new();
        let before = self.live.len();
        self.live.retain(|_, live| match reason(&live.dependencies, changes) {
            Some(condition) => {
                *reasons.entry((live.name.clone(), condition)).or_default() += 1;
                false
            }
            None => true,
        });
        let more = reasons.len().saturating_sub(LINES);
        let dropped = reasons
            .into_iter()
            .take(LINES)
            .map(|((name, condition), count)| Dropped { name, condition, count })
            .collect();
        self.number += 1;
        let happening = Happening {
            number: self.number,
            time: time_of_day(SystemTime::now()),
            changes: changes.iter().map(|change| clipped(&change.to_string())).collect(),
            dropped,
            results: before - self.live.len(),
            more,
            kept: self.live.len(),
        };
        self.happenings.push_front(Arc::new(happening.clone()));
        self.happenings.truncate(HAPPENINGS);
        happening
    }
}

/// The first condition that one of the changes may match.
fn reason(dependencies: &Dependencies, changes: &[Change]) -> Option<String> {
    let conditions = dependencies.conjunctions();
    conditions
        .iter()
        .find(|condition| changes.iter().any(|change| condition.may_match(change)))
        .map(ToString::to_string)
}

/// `crate_browser::query::krate::reach` is shown as `krate::reach`.
fn short(name: &str) -> String {
    let name = name.strip_prefix(concat!(env!("CARGO_CRATE_NAME"), "::")).unwrap_or(name);
    name.strip_prefix("query::").unwrap_or(name).to_owned()
}

fn clipped(text: &str) -> String {
    const LENGTH: usize = 240;
    if text.chars().count() <= LENGTH {
        return text.to_owned();
    }
    text.chars().take(LENGTH).chain(['…']).collect()
}

fn time_of_day(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() % 86_400;
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::{Live, State, short};
    use cache_core::{Change, Dependencies, Row, column};

    fn live(name: &str, dependencies: Dependencies) -> (String, Live) {
        (name.to_owned(), Live { name: name.to_owned(), dependencies })
    }

    #[test]
    fn a_happening_lists_what_the_change_may_match_and_nothing_else() {
        let mut state = State::default();
        state.live.extend([
            live("one", Dependencies::on("star", column("crate_id").eq(1))),
            live("two", Dependencies::on("star", column("crate_id").eq(2))),
            live("all", Dependencies::table("star")),
        ]);

        let happening = state.apply(&[Change::inserted("star", Row::from([("crate_id", 1)]))]);

        let names: Vec<_> = happening.dropped.iter().map(|dropped| dropped.name.as_str()).collect();
        assert_eq!(names, ["all", "one"]);
        assert_eq!((happening.results, happening.kept), (2, 1));
        assert!(happening.dropped[1].condition.contains("crate_id = 1"));
        assert!(state.live.contains_key("two"));
    }

    #[test]
    fn names_are_shown_without_the_program() {
        assert_eq!(short("crate_browser::query::krate::reach"), "krate::reach");
        assert_eq!(short("crate.html:12"), "crate.html:12");
    }
}
