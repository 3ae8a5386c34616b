//! Which fault comes next, and how it is brought about.

use std::time::Duration;

use super::child::Children;
use super::servers::Servers;
use crate::fault::Fault;
use crate::worker::Step;

/// Faults in a random order, in which every kind comes before one comes again.
pub(super) struct Schedule {
    kinds: Vec<Fault>,
    left: Vec<Fault>,
}

impl Schedule {
    pub(super) fn new(faults: &[Fault]) -> Self {
        let kinds = faults.iter().copied().filter(|fault| fault.is_scheduled()).collect();
        Schedule { kinds, left: Vec::new() }
    }

    pub(super) fn next(&mut self, random: &mut fastrand::Rng) -> Option<Fault> {
        if self.left.is_empty() {
            self.left.clone_from(&self.kinds);
            random.shuffle(&mut self.left);
        }
        self.left.pop()
    }
}

/// Brings a fault about, and waits until the servers can answer again.
pub(super) fn inject(
    fault: Fault,
    servers: &Servers,
    children: &mut Children,
    random: &mut fastrand::Rng,
) -> Result<(), String> {
    match fault {
        Fault::Crash => {
            // One time in five anywhere.
            let step = Step::ALL.get(random.usize(..=Step::ALL.len())).copied();
            return children.crash(step, random);
        }
        Fault::Clock => return children.jump(random),
        Fault::Kill9 => servers.kill(random),
        Fault::Stop => servers.pause(random),
        Fault::ConnKill => servers.cut_connections(random),
        Fault::Flush => servers.flush(random),
        Fault::Evict => servers.evict(random),
        Fault::Promote => servers.promote(random),
        Fault::Migrate => servers.migrate(random),
        Fault::NodeLoss => servers.lose_node(random),
        Fault::Unknown | Fault::Slow => {}
    }
    servers.answer()
}

/// A moment of at most that many milliseconds.
pub(super) fn moment(random: &mut fastrand::Rng, longest: u64) {
    std::thread::sleep(Duration::from_millis(random.u64(..longest.max(1))));
}
