//! The state machine of one cached read.

use std::any::Any;
use std::sync::Arc;

use super::flight::Lead;
use super::{Landing, MissReason, Place, Wait};
use crate::store::Stored;

/// One read, from the first lookup to the work that fills.
#[derive(Debug)]
pub(crate) struct Read {
    arrival: u64,
    waiting_for: u64,
    /// When the last look-up was begun, and what it came to.
    looked: u64,
    lead: Option<Lead>,
    alone: bool,
    missed: Option<MissReason>,
}

/// What has come of the last step.
#[derive(Debug)]
pub(crate) enum Seen {
    Found(Arc<Stored>),
    Missed(MissReason),
    Placed(Place),
    Landed(Landing),
}

/// What to do next.
#[derive(Debug)]
pub(crate) enum Next {
    /// Look the key up.
    Lookup,
    /// Join the flight of the key.
    Join,
    /// Wait for the flight.
    Wait(Wait),
    /// Build the dependencies, stamp them and run the work.
    Run { lead: Option<Lead>, missed: MissReason },
    /// Serve the entry.
    Serve(Arc<Stored>),
    /// Serve a value that another caller made, after this one came.
    Share(Arc<dyn Any + Send + Sync>),
}

impl Read {
    /// A read by a caller that came at `arrival`; its first step is [`Next::Lookup`].
    pub(crate) fn new(arrival: u64) -> Self {
        Read { arrival, waiting_for: 0, looked: 0, lead: None, alone: false, missed: None }
    }

    /// The same, without waiting for anybody and without being waited for.
    pub(crate) fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    pub(crate) fn advance(&mut self, seen: Seen) -> Next {
        match seen {
            Seen::Found(stored) => {
                self.lead = None;
                Next::Serve(stored)
            }
            Seen::Missed(reason) => {
                // The first one says why; whether the store answers is said by the last.
                self.missed = match self.missed {
                    Some(first) if first != MissReason::Unreachable && reason != MissReason::Unreachable => Some(first),
                    _ => Some(reason),
                };
                if self.lead.is_some() || self.alone { self.run() } else { Next::Join }
            }
            // Another flight may have landed between the lookup and the lead.
            Seen::Placed(Place::Leader(lead)) => {
                let look_again = lead.may_follow(self.looked);
                self.lead = Some(lead);
                if look_again { Next::Lookup } else { self.run() }
            }
            Seen::Placed(Place::Waiter(wait)) => {
                self.waiting_for = wait.started();
                Next::Wait(wait)
            }
            Seen::Placed(Place::Alone) => self.go_alone(),
            // A value may be taken over only if its work started after this caller came; else look again.
            Seen::Landed(Landing::Stored(stored)) if self.waiting_for > self.arrival => Next::Serve(stored),
            Seen::Landed(Landing::Value(value)) if self.waiting_for > self.arrival => Next::Share(value),
            Seen::Landed(Landing::Stored(_) | Landing::Value(_) | Landing::Abandoned) => Next::Lookup,
            Seen::Landed(Landing::Nothing) => self.go_alone(),
        }
    }

    /// Why the first look-up missed.
    pub(crate) fn missed(&self) -> Option<MissReason> {
        self.missed
    }

    /// A look-up is about to begin. Without this, one is made again after the lead.
    pub(crate) fn looks(&mut self, moment: u64) {
        self.looked = moment;
    }

    fn go_alone(&mut self) -> Next {
        self.alone = true;
        self.run()
    }

    fn run(&mut self) -> Next {
        Next::Run { lead: self.lead.take(), missed: self.missed.unwrap_or(MissReason::Absent) }
    }
}
