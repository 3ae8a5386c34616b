//! A reader between two steps.

use super::bounds::TABLES;
use super::entry::{Entry, Evidence};
use super::nonce::{Nonce, Nonces};
use super::protocol::{Binding, Pipeline, Protocol, Statements};
use super::{PerTable, Version};
use crate::set::Set;

/// One of the commands that a lookup sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// The entry.
    Entry,
    /// The table's hash of shapes.
    Shapes(usize),
    /// The stamp; in an atomic pipeline shapes and intents with it.
    Stamps(usize),
    /// The table's intents.
    Intents(usize),
}

impl Request {
    const ALL: [Request; 7] = [
        Request::Entry,
        Request::Shapes(0),
        Request::Shapes(1),
        Request::Stamps(0),
        Request::Stamps(1),
        Request::Intents(0),
        Request::Intents(1),
    ];

    const fn index(self) -> usize {
        match self {
            Request::Entry => 0,
            Request::Shapes(table) => 1 + table,
            Request::Stamps(table) => 1 + TABLES + table,
            Request::Intents(table) => 1 + 2 * TABLES + table,
        }
    }
}

/// Commands that have not been answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Requests(Set);

impl Requests {
    /// Everything that a lookup asks for.
    pub fn of_lookup(protocol: &Protocol, tables: usize) -> Requests {
        let mut requests = Requests(Set::one(Request::Entry.index()));
        if protocol.binding == Binding::DependantSets {
            return requests;
        }
        for table in 0..tables {
            requests.0.insert(Request::Stamps(table).index());
            if protocol.pipeline != Pipeline::Atomic {
                requests.0.insert(Request::Shapes(table).index());
                requests.0.insert(Request::Intents(table).index());
            }
        }
        requests
    }

    /// Those that may be executed next: each node executes its own in order, the nodes know nothing of each other.
    pub fn next(self, protocol: &Protocol) -> impl Iterator<Item = Request> {
        let open = move |request: Request| self.0.contains(request.index());
        // Evidence that is checked between the query and the store makes it all one when the entry is fetched.
        let entry_first = protocol.statements == Statements::FoundOnTheWay && !protocol.check;
        let pipeline = protocol.pipeline;
        Request::ALL.into_iter().filter(move |request| {
            open(*request)
                && match *request {
                    Request::Entry => true,
                    _ if entry_first && open(Request::Entry) => false,
                    Request::Shapes(table) => pipeline == Pipeline::IntentsLast || !open(Request::Intents(table)),
                    Request::Stamps(table) => !open(Request::Shapes(table)),
                    Request::Intents(table) => pipeline == Pipeline::IntentsFirst || !open(Request::Stamps(table)),
                }
        })
    }

    /// One was answered.
    pub fn answered(&mut self, request: Request) {
        self.0.remove(request.index());
    }

    /// Whether all were answered.
    pub const fn are_answered(self) -> bool {
        self.0.is_empty()
    }
}

/// What a reader is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Doing {
    /// Between two reads.
    #[default]
    Nothing,
    /// Waits for answers.
    LookingUp(Requests),
    /// Has missed, and looks round for others who did.
    Missed,
    /// Waits for the flight of another reader, whose value it takes or does not.
    Waiting {
        /// The reader whose flight it is.
        leader: u8,
        /// Whether that flight's value will do.
        takes: bool,
    },
    /// Has these tables to stamp.
    Stamping(Set),
    /// Has these tables to query.
    Querying(Set),
    /// Has returned its value; has the evidence of these tables to read again.
    Checking(Set),
    /// Has returned its value; will store it.
    Storing,
}

/// What a read must return at least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Floor {
    /// What was acknowledged when it started.
    pub acknowledged: PerTable<Version>,
    /// What was acknowledged, or returned by anybody, when it started.
    pub observed: PerTable<Version>,
    /// What its own process had committed and been told of when it started.
    pub own: PerTable<Version>,
}

/// A reader of the one entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reader {
    /// What it is doing.
    pub doing: Doing,
    /// How many reads it has not begun.
    pub left: u8,
    /// What the read that is going on must return at least.
    pub floor: Floor,
    /// The entry that the lookup found.
    pub entry: Option<Entry>,
    /// The evidence read by the lookup, later that of the fill.
    pub evidence: PerTable<Evidence>,
    /// The lookup has seen a table that must not be filled.
    pub saw_blocked: bool,
    /// The fill must not be stored.
    pub unstorable: bool,
    /// It has taken the lease of the fill; somebody else may have it by now.
    pub took_lease: bool,
    /// What the query has returned so far.
    pub value: PerTable<Version>,
}

impl Reader {
    /// Forgets the read that is over.
    pub fn rest(&mut self) {
        *self = Reader { left: self.left, ..Reader::default() };
    }

    /// Whether it will never do anything again.
    pub fn is_done(&self) -> bool {
        self.doing == Doing::Nothing && self.left == 0
    }

    /// Whether others may wait for it.
    pub fn is_flying(&self) -> bool {
        matches!(self.doing, Doing::Stamping(_) | Doing::Querying(_) | Doing::Checking(_) | Doing::Storing)
    }
}

impl Nonces for Reader {
    fn each_nonce(&mut self, visit: &mut impl FnMut(&mut Nonce)) {
        self.evidence.iter_mut().for_each(|evidence| evidence.each_nonce(visit));
        if let Some(entry) = &mut self.entry {
            entry.each_nonce(visit);
        }
    }
}
