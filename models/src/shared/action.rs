//! The steps of the model, as a counterexample tells them.

use std::fmt;

use super::reader::Request;
use super::store::Side;
use crate::set::Set;

/// One step. Each is atomic on one node of the store, or in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// A reader's.
    Read(usize, ReadStep),
    /// A writer's.
    Write(usize, WriteStep),
    /// Something goes wrong.
    Fault(Fault),
    /// Something comes about in time.
    Time(Passage),
}

/// A step of a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReadStep {
    /// Starts without the cache.
    Bypass,
    /// Has a command of its lookup executed; the first one starts the read.
    Ask(Request, Side),
    /// Joins a flight.
    Join(usize),
    /// Fills by itself.
    Lead,
    /// Takes the lease of the fill.
    TakeLease,
    /// Looks up again, since another has the lease.
    LookAgain,
    /// Reads or makes a stamp.
    Stamp(usize, Side),
    /// Queries these tables in one statement.
    Query(Set),
    /// Reads the evidence again.
    Check(usize, Side),
    /// Stores, if nothing forbids it.
    Store,
}

/// A step of a writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WriteStep {
    /// Announces itself.
    Intent(usize, Side),
    /// Commits.
    Commit,
    /// Begins to list the shape hashes.
    List,
    /// Has them listed.
    Listed(Set),
    /// Invalidates.
    Invalidate(usize, Side),
    /// Cannot reach the store.
    Outage,
    /// Rolls back, and takes back its intents.
    RollBack,
    /// The COMMIT of a dead writer takes effect.
    LateCommit,
    /// The COMMIT of a dead writer is lost.
    LostCommit,
    /// The outbox invalidates for a dead writer.
    Sweep(usize),
}

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// A writer dies.
    Crash(usize),
    /// A writer dies with its COMMIT on the way.
    CrashCommitting(usize),
    /// A stamp is evicted.
    EvictStamp(usize),
    /// The entry is evicted.
    EvictEntry,
    /// A hash of shapes is evicted.
    EvictShapes(usize),
    /// A table's intents are evicted.
    EvictIntents(usize),
    /// A node goes on from its copy.
    Relapse(usize),
    /// The lease of the fill ends.
    LoseLease,
}

/// Something that comes about in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Passage {
    /// The copy of a node has all its writes.
    CopyCatchesUp(usize),
    /// The replica of the database has all writes.
    ReplicaCatchesUp,
    /// The lease of an intent ends: table, writer.
    IntentEnds(usize, usize),
    /// A hold-off ends: table, writer.
    HoldOffEnds(usize, usize),
    /// A quarantine ends.
    QuarantineEnds(usize),
    /// A former primary goes.
    FormerGoes(usize),
}

/// Counts people and tables from one.
struct Nth(usize);

impl fmt::Display for Nth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0 + 1)
    }
}

impl fmt::Display for Set {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.iter().map(|index| Nth(index).to_string()).collect();
        if names.is_empty() { formatter.write_str("none") } else { formatter.write_str(&names.join(", ")) }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Side::Primary => "",
            Side::Former => " on the FORMER primary",
        })
    }
}

impl fmt::Display for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Request::Entry => formatter.write_str("the entry"),
            Request::Shapes(table) => write!(formatter, "the shapes of table {}", Nth(table)),
            Request::Stamps(table) => write!(formatter, "the stamp of table {}", Nth(table)),
            Request::Intents(table) => write!(formatter, "the intents of table {}", Nth(table)),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Action::Read(reader, step) => write!(formatter, "reader {} {step}", Nth(reader)),
            Action::Write(writer, step) => write!(formatter, "writer {} {step}", Nth(writer)),
            Action::Fault(fault) => fault.fmt(formatter),
            Action::Time(passage) => passage.fmt(formatter),
        }
    }
}

impl fmt::Display for ReadStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            ReadStep::Bypass => formatter.write_str("starts, bypassing the cache"),
            ReadStep::Ask(request, side) => write!(formatter, "looks up {request}{side}"),
            ReadStep::Join(leader) => write!(formatter, "joins the flight of reader {}", Nth(leader)),
            ReadStep::Lead => formatter.write_str("will fill"),
            ReadStep::TakeLease => formatter.write_str("takes the lease and will fill"),
            ReadStep::LookAgain => formatter.write_str("looks up again"),
            ReadStep::Stamp(table, side) => write!(formatter, "stamps table {}{side}", Nth(table)),
            ReadStep::Query(tables) => write!(formatter, "queries table {tables}"),
            ReadStep::Check(table, side) => write!(formatter, "checks table {} again{side}", Nth(table)),
            ReadStep::Store => formatter.write_str("stores"),
        }
    }
}

impl fmt::Display for WriteStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            WriteStep::Intent(table, side) => write!(formatter, "sends its intent to table {}{side}", Nth(table)),
            WriteStep::Commit => formatter.write_str("COMMITS"),
            WriteStep::List => formatter.write_str("begins to list the shape hashes"),
            WriteStep::Listed(tables) => write!(formatter, "has listed the shape hashes: table {tables}"),
            WriteStep::Invalidate(table, side) => {
                write!(formatter, "invalidates table {}{side} (and acknowledges after its last)", Nth(table))
            }
            WriteStep::Outage => formatter.write_str("cannot reach the store and queues its invalidation"),
            WriteStep::RollBack => formatter.write_str("rolls back"),
            WriteStep::LateCommit => formatter.write_str("(dead): its COMMIT takes effect"),
            WriteStep::LostCommit => formatter.write_str("(dead): its COMMIT is lost"),
            WriteStep::Sweep(table) => write!(formatter, "(dead): the outbox invalidates table {}", Nth(table)),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Fault::Crash(writer) => write!(formatter, "writer {} CRASHES", Nth(writer)),
            Fault::CrashCommitting(writer) => {
                write!(formatter, "writer {} CRASHES, its COMMIT on the way", Nth(writer))
            }
            Fault::EvictStamp(table) => write!(formatter, "the stamp of table {} is EVICTED", Nth(table)),
            Fault::EvictEntry => formatter.write_str("the entry is EVICTED"),
            Fault::EvictShapes(table) => write!(formatter, "the shapes of table {} are EVICTED", Nth(table)),
            Fault::EvictIntents(table) => write!(formatter, "the intents of table {} are EVICTED", Nth(table)),
            Fault::Relapse(table) => write!(formatter, "the node of table {} GOES ON FROM ITS COPY", Nth(table)),
            Fault::LoseLease => formatter.write_str("the lease of the fill ENDS EARLY"),
        }
    }
}

impl fmt::Display for Passage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Passage::CopyCatchesUp(table) => write!(formatter, "the copy of table {}'s node catches up", Nth(table)),
            Passage::ReplicaCatchesUp => formatter.write_str("the database's replica catches up"),
            Passage::IntentEnds(table, writer) => {
                write!(formatter, "the intent of writer {} on table {} ends", Nth(writer), Nth(table))
            }
            Passage::HoldOffEnds(table, writer) => {
                write!(formatter, "the hold-off of writer {} on table {} ends", Nth(writer), Nth(table))
            }
            Passage::QuarantineEnds(table) => write!(formatter, "the quarantine of table {} ends", Nth(table)),
            Passage::FormerGoes(table) => write!(formatter, "the former primary of table {} goes", Nth(table)),
        }
    }
}
