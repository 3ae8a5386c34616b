//! Whether an answer may be given to a read.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ledger::Floor;
use crate::world::{self, NEVER};

/// A row of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) id: i32,
    pub(crate) shelf: Option<i32>,
    pub(crate) version: i64,
    /// That of the twin, where it was asked for.
    pub(crate) twin: Option<i64>,
}

/// What a read asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// One item.
    Row(i32),
    /// The items of a shelf.
    Shelf(i32),
    /// Items by their numbers, from one to another.
    Range(i32, i32),
    /// An item and its twin, by one statement.
    Joined(i32),
    /// An item and its twin, by two statements.
    Both(i32),
    /// The items of a shelf and one item, each a cached result inside of the answer.
    Page(i32, i32),
}

impl Question {
    /// The first row that it may be about, and how many.
    pub(crate) fn rows(self) -> (i32, i32) {
        match self {
            Question::Row(id) | Question::Joined(id) | Question::Both(id) => (id, 1),
            Question::Range(first, last) => (first, last - first + 1),
            Question::Shelf(_) | Question::Page(..) => (0, world::ROWS),
        }
    }
}

/// A property that an answer does not have; see the crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Property {
    P,
    L,
    T,
    D,
    C,
}

/// What was promised to a read, and what was known when it began.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) question: Question,
    /// From this row on.
    pub(crate) first: i32,
    /// What must have been seen, by property and row.
    pub(crate) floors: Vec<(Property, Arc<[Floor]>)>,
    /// Whether what is on a shelf may miss writes that have not been acknowledged, after later ones were.
    pub(crate) lossy: bool,
    /// Whether two statements must agree.
    pub(crate) untorn: bool,
}

/// An answer that must not have been given.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    pub(crate) property: Property,
    what: String,
}

impl Violation {
    /// A transaction that did not find its own write.
    pub(crate) fn of_a_transaction(id: i32, written: i64, seen: Option<i64>) -> Self {
        let what = format!("a transaction wrote version {written} of item {id}, and read {seen:?}");
        Violation { property: Property::P, what }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.property, self.what)
    }
}

impl Claim {
    /// Checks an answer; `begun` tells which versions of a row may exist by now.
    pub(crate) fn check(&self, answer: &[Seen], begun: impl Fn(i32) -> u64) -> Vec<Violation> {
        let mut violations = Vec::new();
        let mut found = |property, what: String| violations.push(Violation { property, what });
        for seen in answer {
            if seen.version == NEVER || seen.twin == Some(NEVER) {
                found(Property::C, format!("{:?} returned {seen:?}, which was never committed", self.question));
            }
            if self.untorn && seen.twin.is_some_and(|twin| twin != seen.version) {
                found(Property::T, format!("{:?} returned {seen:?}, the rows of two transactions", self.question));
            }
        }
        for (property, floors) in &self.floors {
            let mut below = |what| found(*property, what);
            for seen in answer {
                let Some(floor) = floors.get((seen.id - self.first) as usize) else { continue };
                let least = self.least(*property, floor, seen.shelf.filter(|_| self.is_of_shelf(seen)));
                let oldest = seen.twin.map_or(seen.version, |twin| twin.min(seen.version));
                if oldest < least as i64 {
                    below(format!("{:?} returned {seen:?}, and at least version {least} was due", self.question));
                }
            }
            for id in self.missing(answer) {
                let Some(floor) = floors.get((id - self.first) as usize) else { continue };
                let (Question::Shelf(shelf) | Question::Page(shelf, _)) = self.question else {
                    below(format!("{:?} returned nothing of item {id}", self.question));
                    continue;
                };
                let least = self.least(*property, floor, Some(shelf));
                if world::shelf(id, least) != shelf {
                    continue;
                }
                let last = begun(id).max(least);
                if !world::leaves(id, shelf, least..=last) {
                    below(format!("{:?} misses item {id}, there in versions {least} to {last}", self.question));
                }
            }
        }
        violations
    }

    /// The lowest version that may be returned. A write that has left a shelf without anybody being told is not made up for
    /// by later writes elsewhere.
    fn least(&self, property: Property, floor: &Floor, shelf: Option<i32>) -> u64 {
        let acknowledged = match shelf.filter(|_| self.lossy) {
            Some(shelf) => floor.shelves[shelf as usize],
            None => floor.acknowledged,
        };
        match property {
            Property::L => floor.seen,
            _ => acknowledged,
        }
    }

    /// Whether a row is in the answer because of its shelf; elsewhere it is there by its number.
    fn is_of_shelf(&self, seen: &Seen) -> bool {
        matches!(self.question, Question::Shelf(_) | Question::Page(..)) && seen.shelf.is_some()
    }

    /// The rows that are not in the answer and might have to be.
    fn missing(&self, answer: &[Seen]) -> Vec<i32> {
        let (first, rows) = self.question.rows();
        let by_shelf = matches!(self.question, Question::Page(..));
        let there = |id: i32| answer.iter().any(|seen| seen.id == id && (!by_shelf || seen.shelf.is_some()));
        (first..first + rows).filter(|id| !there(*id)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(id: i32, version: u64) -> Seen {
        Seen { id, shelf: Some(world::shelf(id, version)), version: version as i64, twin: None }
    }

    fn claim(question: Question, property: Property, floors: Vec<Floor>) -> Claim {
        let first = question.rows().0;
        Claim { question, first, floors: vec![(property, floors.into())], lossy: false, untorn: true }
    }

    fn acknowledged(acknowledged: u64) -> Floor {
        Floor { acknowledged, seen: acknowledged + 1, begun: acknowledged + 1, shelves: [0; 4] }
    }

    fn properties(violations: &[Violation]) -> Vec<Property> {
        violations.iter().map(|violation| violation.property).collect()
    }

    #[test]
    fn an_answer_is_at_least_what_was_acknowledged() {
        let claim = claim(Question::Row(5), Property::P, vec![acknowledged(7)]);
        assert!(claim.check(&[seen(5, 7)], |_| 8).is_empty());
        assert!(claim.check(&[seen(5, 8)], |_| 8).is_empty());
        assert_eq!(properties(&claim.check(&[seen(5, 6)], |_| 8)), [Property::P]);
        assert_eq!(properties(&claim.check(&[], |_| 8)), [Property::P]);
    }

    #[test]
    fn an_answer_is_at_least_what_was_seen() {
        let claim = claim(Question::Row(5), Property::L, vec![acknowledged(7)]);
        assert_eq!(properties(&claim.check(&[seen(5, 7)], |_| 8)), [Property::L]);
        assert!(claim.check(&[seen(5, 8)], |_| 8).is_empty());
    }

    #[test]
    fn twins_are_one_transactions() {
        let twin = |twin| [Seen { twin: Some(twin), ..seen(6, 4) }];
        let claim = claim(Question::Both(6), Property::P, vec![acknowledged(4)]);
        assert!(claim.check(&twin(4), |_| 5).is_empty());
        assert_eq!(properties(&claim.check(&twin(5), |_| 5)), [Property::T]);
        assert_eq!(properties(&claim.check(&twin(NEVER), |_| 5)), [Property::C, Property::T, Property::P]);
    }

    #[test]
    fn what_is_on_a_shelf_is_found_there() {
        let floors = || (0..world::ROWS).map(|_| acknowledged(2)).collect::<Vec<_>>();
        let claim = claim(Question::Shelf(1), Property::P, floors());
        let here: Vec<Seen> = (0..world::ROWS).filter(|id| id % 4 == 1).map(|id| seen(id, 2)).collect();
        assert!(claim.check(&here, |_| 3).is_empty());
        assert_eq!(properties(&claim.check(&here[1..], |_| 3)), [Property::P]);
        assert!(claim.check(&here[1..], |_| 5).is_empty(), "it may have been moved meanwhile");
    }

    #[test]
    fn a_lost_move_is_excused_where_losses_are() {
        let mut floors: Vec<Floor> = (0..world::ROWS).map(|_| acknowledged(0)).collect();
        floors[1] = Floor { acknowledged: 6, shelves: [0, 4, 6, 0], ..Floor::default() };
        let mut claim = claim(Question::Shelf(1), Property::P, floors);
        let here: Vec<Seen> =
            (0..world::ROWS).filter(|id| id % 4 == 1).map(|id| seen(id, if id == 1 { 4 } else { 0 })).collect();
        assert_eq!(properties(&claim.check(&here, |_| 6)), [Property::P]);
        claim.lossy = true;
        assert!(claim.check(&here, |_| 6).is_empty(), "version 5 left the shelf and was not acknowledged");
    }
}
