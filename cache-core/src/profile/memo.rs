//! What was decided about the names that were asked for.

use std::fmt;
use std::hash::BuildHasher;
use std::sync::OnceLock;

use foldhash::fast::RandomState;

use super::policy::Profile;

const SLOTS: usize = 512;
const PROBES: usize = 8;
const LONGEST: usize = 128;

/// Decisions by the spelling of a name.
///
/// A slot is written once and never changed, so reading takes no lock. What finds no free slot, or is too long, is decided each
/// time: names that are made up cannot fill the memory.
pub(super) struct Memo {
    slots: Box<[OnceLock<Decision>]>,
    hasher: RandomState,
}

struct Decision {
    table: Box<str>,
    profile: Profile,
}

impl Memo {
    pub(super) fn new() -> Self {
        Memo { slots: (0..SLOTS).map(|_| OnceLock::new()).collect(), hasher: RandomState::default() }
    }

    /// The decision about a name, made now if it is not known. It must be a function of the name alone.
    #[inline]
    pub(super) fn decision(&self, table: &str, decide: impl FnOnce(&str) -> Profile) -> Profile {
        let start = self.hasher.hash_one(table) as usize;
        for step in 0..PROBES {
            let slot = &self.slots[start.wrapping_add(step) % SLOTS];
            match slot.get() {
                Some(decision) if *decision.table == *table => return decision.profile,
                Some(_) => continue,
                None if table.len() > LONGEST => break,
                None => {
                    let profile = decide(table);
                    // Another thread may have taken the slot; then this name is decided again next time.
                    let _ = slot.set(Decision { table: table.into(), profile });
                    return profile;
                }
            }
        }
        decide(table)
    }
}

impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memo").field("taken", &self.slots.iter().filter(|slot| slot.get().is_some()).count()).finish()
    }
}
