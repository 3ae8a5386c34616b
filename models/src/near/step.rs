//! The steps of the near cache, of the server, of the writer.

use super::action::Action;
use super::age::Age;
use super::options::{NearCache, PingLease, Wait};
use super::world::{Fetch, Message, Ping, Turn, Version, World, Writing};

impl NearCache {
    /// What may be served without asking.
    pub(super) fn servable(&self, world: &World) -> Option<Version> {
        let alive = match self.lease {
            PingLease::None => true,
            PingLease::FromLast => world.last_ping.is_within(self.bound),
            PingLease::FromOneBefore => world.ping_before.is_within(self.bound),
        };
        world.value.filter(|_| alive)
    }

    /// What may happen next.
    pub(super) fn steps(&self, world: &World, actions: &mut Vec<Action>) {
        actions.push(Action::Tick);
        if self.servable(world).is_some() {
            actions.push(Action::Hit);
        } else if world.fetch == Fetch::None {
            actions.push(Action::Fetch);
        }
        match world.fetch {
            Fetch::None => {}
            Fetch::Sent => actions.push(Action::Answer),
            Fetch::Answered(_) => actions.push(Action::Receive),
        }
        match world.ping {
            Ping::None if self.lease != PingLease::None => actions.push(Action::Ping),
            Ping::Sent(_) if world.connected && !world.turn.pinged => actions.push(Action::ExecutePing),
            Ping::None | Ping::Sent(_) | Ping::Executed(_) => {}
        }
        if world.turn != Turn::default() {
            actions.push(Action::EndTurn);
        }
        if !world.wire.is_empty() {
            actions.push(Action::Deliver);
        }
        let waited = |age: Age, wait| self.wait != wait || !age.is_within(self.bound);
        match world.writing {
            Writing::Nothing if world.left > 0 => {
                actions.push(Action::Begin { own: false });
                actions.push(Action::Begin { own: true });
            }
            Writing::BeforeCommit(age) if waited(age, Wait::BeforeCommitting) => actions.push(Action::Commit),
            Writing::Committed => actions.push(Action::Invalidate),
            Writing::BeforeAcknowledging(age) if waited(age, Wait::BeforeAcknowledging) => {
                actions.push(Action::Acknowledge);
            }
            _ => {}
        }
        if world.observed != world.database {
            actions.push(Action::OtherReads);
        }
        if world.connected && world.losses > 0 {
            actions.push(Action::Lose);
        }
        if !world.connected {
            actions.push(Action::Notice);
        }
    }

    /// Takes a step.
    pub(super) fn step(&self, world: &mut World, action: Action) {
        match action {
            Action::Tick => world.grow_older(self.bound),
            Action::Hit => self.hit(world),
            Action::Fetch => {
                world.fetch = Fetch::Sent;
                world.placeholder = true;
            }
            Action::Answer => world.fetch = Fetch::Answered((!world.intent).then_some(world.shared)),
            Action::Receive => {
                let Fetch::Answered(answer) = world.fetch else { return };
                if answer.is_some() && (world.placeholder || !self.placeholder) {
                    world.value = answer;
                }
                world.fetch = Fetch::None;
                world.placeholder = false;
            }
            Action::Ping => world.ping = Ping::Sent(Age::NOW),
            Action::ExecutePing => {
                if let Ping::Sent(age) = world.ping {
                    world.ping = Ping::Executed(age);
                    world.turn.pinged = true;
                    world.wire.send(Message::Pong);
                }
            }
            Action::EndTurn => {
                let turn = std::mem::take(&mut world.turn);
                if world.connected && turn.push {
                    world.wire.send(Message::Push);
                }
            }
            Action::Deliver => match world.wire.receive() {
                Some(Message::Push) => self.drop_value(world),
                Some(Message::Pong) => {
                    world.ping_before = world.last_ping;
                    if let Ping::Executed(age) = std::mem::replace(&mut world.ping, Ping::None) {
                        world.last_ping = age;
                    }
                }
                None => {}
            },
            Action::Begin { own } => {
                world.left -= 1;
                world.writes_own = own;
                if self.intents {
                    world.intent = true;
                    world.turn.push = true;
                    world.writing = Writing::BeforeCommit(Age::NOW);
                } else {
                    self.commit(world);
                }
            }
            Action::Commit => self.commit(world),
            Action::Invalidate => {
                world.shared = world.database;
                world.intent = false;
                world.turn.push = true;
                world.writing = Writing::BeforeAcknowledging(Age::NOW);
            }
            Action::Acknowledge => {
                world.acknowledged = world.database;
                world.acknowledged_ago[world.database as usize] = Age::NOW;
                if std::mem::take(&mut world.writes_own) {
                    world.own = world.database;
                    if self.drops_own {
                        self.drop_value(world);
                    }
                }
                world.writing = Writing::Nothing;
            }
            Action::OtherReads => world.observed = world.database,
            Action::Lose => {
                world.losses -= 1;
                world.connected = false;
                world.wire = Default::default();
            }
            Action::Notice => {
                world.connected = true;
                world.ping = Ping::None;
                world.last_ping = Age::LONG;
                world.ping_before = Age::LONG;
                if self.drops_on_loss {
                    self.drop_value(world);
                }
            }
        }
    }

    fn drop_value(&self, world: &mut World) {
        world.value = None;
        world.placeholder = false;
    }

    fn commit(&self, world: &mut World) {
        world.database += 1;
        world.writing = Writing::Committed;
    }

    fn hit(&self, world: &mut World) {
        let Some(value) = self.servable(world) else { return };
        world.shown.hit = true;
        world.shown.hit_after_write = value > 0;
        world.shown.stale = value < world.acknowledged;
        world.shown.regressed = value < world.acknowledged.max(world.observed);
        world.shown.beyond_bound = value < world.due;
        world.shown.missed_own = value < world.own;
        world.observed = world.observed.max(value);
    }
}
