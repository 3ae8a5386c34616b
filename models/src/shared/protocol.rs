//! The mechanisms of the protocol, each a switch.

/// The protocol. An ablation is one of the two defaults with one switch changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protocol {
    /// Whether writers announce themselves before COMMIT.
    pub mode: Mode,
    /// How an entry is tied to the rows that it was made from.
    pub binding: Binding,
    /// The nonce of the shape is part of validity.
    pub shape_nonces: bool,
    /// A row image with unknown columns replaces the nonces of the shapes that it may fall into.
    pub wild: bool,
    /// The server's incarnation is part of validity.
    pub incarnation: bool,
    /// A loss of intents is noticed; the table is not filled until every writer that lost one has been decided.
    pub quarantine: bool,
    /// A former primary refuses whoever asks it.
    pub fence: bool,
    /// The evidence is read again between the query and the store.
    pub check: bool,
    /// Whether a fill may use the evidence that its lookup has read.
    pub reuse: Reuse,
    /// The order of the commands that a lookup sends for one table.
    pub pipeline: Pipeline,
    /// What callers of one process do that miss the same key.
    pub joining: Joining,
    /// What processes do that miss the same key.
    pub lease: Lease,
    /// Where the query runs.
    pub source: Source,
    /// An intent that ends by its lease leaves a hold-off, as an invalidation does.
    pub lease_leaves_hold_off: bool,
    /// How many statements the work sends.
    pub statements: Statements,
    /// The transaction leaves a row behind from which anybody can invalidate again.
    pub outbox: bool,
    /// A write is acknowledged although its invalidation could not be sent.
    pub acknowledges_outage: bool,
    /// A process whose invalidation is still queued neither looks up nor fills the tables concerned.
    pub own_fence: bool,
    /// When the shape hashes are listed by a writer that invalidates every table.
    pub scan: Scan,
}

/// Whether writers announce themselves before COMMIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Invalidate after COMMIT, before the acknowledgement.
    Fresh,
    /// Intents before COMMIT too.
    Strict,
}

/// How an entry is tied to the rows that it was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// The stamps are read or made before the work.
    StampsBefore,
    /// The stamps are read or made after the work, together with the store.
    StampsAfter,
    /// No stamps: each conjunction has a set of the entries that depend on it.
    DependantSets,
}

/// Whether a fill may use the evidence that its lookup has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// The fill always asks for itself.
    Never,
    /// If shape and stamp were there.
    WhenPresent,
    /// If shape and stamp were there, and no intent.
    WithoutIntents,
}

/// The order of the commands that a lookup sends for one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pipeline {
    /// As if they were one.
    Atomic,
    /// Shapes, then stamps, then intents.
    IntentsLast,
    /// Intents, then shapes, then stamps.
    IntentsFirst,
}

/// What callers of one process do that miss the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joining {
    /// Each fills for itself.
    Alone,
    /// A joiner takes the value of the flight.
    TakesAnyValue,
    /// A joiner takes the value if the query of the flight starts after it came, else it waits and looks up again.
    TakesLaterValue,
    /// A joiner waits and looks up again.
    LooksUpAgain,
}

/// What processes do that miss the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lease {
    /// Each fills for itself.
    None,
    /// One holds the lease of the key, the others look up again or lose patience. A late holder stores all the same:
    /// its stamps tell.
    Shared,
    /// As `Shared`, but whoever has lost the lease does not store.
    Fenced,
}

/// Where the query runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// On the primary of the database.
    Primary,
    /// On a lagging replica of the database.
    Replica,
    /// On a lagging replica; an invalidation leaves a hold-off that blocks fills until the replica has the write.
    ReplicaHeldOff,
}

/// How many statements the work sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statements {
    /// One, which reads all tables in one snapshot.
    One,
    /// One a table, in any order, after all tables were stamped.
    OnePerTable,
    /// One a table, each stamped just before, since it is known only then; lookups fetch the entry first where nothing is
    /// checked.
    FoundOnTheWay,
}

/// When the shape hashes are listed by a writer that invalidates every table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scan {
    /// The listing begins after COMMIT.
    AfterCommit,
    /// The listing is over before COMMIT.
    BeforeCommit,
}

impl Protocol {
    /// Mode `Fresh` with every mechanism on.
    pub fn fresh() -> Protocol {
        Protocol {
            mode: Mode::Fresh,
            binding: Binding::StampsBefore,
            shape_nonces: true,
            wild: true,
            incarnation: true,
            quarantine: true,
            fence: true,
            check: false,
            reuse: Reuse::Never,
            pipeline: Pipeline::Atomic,
            joining: Joining::Alone,
            lease: Lease::None,
            source: Source::Primary,
            lease_leaves_hold_off: true,
            statements: Statements::One,
            outbox: false,
            acknowledges_outage: false,
            own_fence: true,
            scan: Scan::AfterCommit,
        }
    }

    /// Mode `Strict` with every mechanism on. An outage after COMMIT is acknowledged: the intent keeps the write safe.
    pub fn strict() -> Protocol {
        Protocol { mode: Mode::Strict, acknowledges_outage: true, ..Protocol::fresh() }
    }
}
