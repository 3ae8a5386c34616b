//! Profiles by pattern, the most specific first.

use std::time::Duration;

use super::memo::Memo;
use super::pattern::{Pattern, Rank, Reach, is_lasting};
use super::policy::Profile;

#[derive(Debug)]
pub(super) struct Rules {
    /// By falling rank, so that the first that reaches a table decides.
    list: Vec<(Pattern, Profile)>,
    memo: Memo,
}

impl Rules {
    pub(super) fn new(mut list: Vec<(Pattern, Profile)>) -> Self {
        list.sort_by(|(one, _), (another, _)| {
            another.rank().cmp(&one.rank()).then_with(|| one.as_str().cmp(another.as_str()))
        });
        Rules { list, memo: Memo::new() }
    }

    pub(super) fn list(&self) -> &[(Pattern, Profile)] {
        &self.list
    }

    /// The same rules, with a time to live where none is named.
    pub(super) fn or_ttl(&self, ttl: Duration) -> Self {
        Rules::new(self.list.iter().map(|(pattern, profile)| (pattern.clone(), profile.or_ttl(ttl))).collect())
    }

    /// The profile of a table.
    #[inline]
    pub(super) fn profile(&self, table: &str) -> Profile {
        self.memo.decision(table, |table| self.decide(table))
    }

    fn decide(&self, table: &str) -> Profile {
        if !is_lasting(table) {
            return Profile::none();
        }
        let mut decided: Option<(Rank, Profile)> = None;
        let mut perhaps: Option<Profile> = None;
        for (pattern, profile) in &self.list {
            // Exact names with a schema rank before whatever can reach a name without one, so none is missed.
            if decided.is_some_and(|(rank, _)| rank != pattern.rank()) {
                break;
            }
            match pattern.reaches(table) {
                Reach::No => {}
                Reach::Perhaps => perhaps = Some(perhaps.map_or(*profile, |other| other.and(*profile))),
                Reach::Yes => {
                    let both = decided.map_or(*profile, |(_, other)| other.and(*profile));
                    decided = Some((pattern.rank(), both));
                }
            }
        }
        match (decided, perhaps) {
            (None, _) => Profile::none(),
            (Some((_, profile)), None) => profile,
            (Some((_, profile)), Some(other)) => profile.and(other),
        }
    }
}
