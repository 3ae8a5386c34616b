//! Where a block stands, as a number that is the same in every process.

use std::collections::HashMap;
use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher24};

/// Counts equal blocks of one template, so that each has a location of its own.
#[derive(Debug, Default)]
pub(super) struct Locations {
    seen: HashMap<u128, u32>,
}

impl Locations {
    /// The location of the next block with this text.
    ///
    /// Text elsewhere in the template does not matter: editing it keeps what is stored. Editing the block, or
    /// what is before it among equal blocks, gives another location.
    pub(super) fn next(&mut self, template: &str, block: &str) -> String {
        let text = hash(&[template.as_bytes(), block.as_bytes()]);
        let ordinal = self.seen.entry(text).or_default();
        let location = hash(&[&text.to_be_bytes(), &ordinal.to_be_bytes()]);
        *ordinal += 1;
        format!("{location:032x}")
    }
}

fn hash(parts: &[&[u8]]) -> u128 {
    let mut hasher = SipHasher24::new();
    for part in parts {
        hasher.write(&(part.len() as u64).to_le_bytes());
        hasher.write(part);
    }
    hasher.finish128().as_u128()
}
