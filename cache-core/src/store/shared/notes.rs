//! What stores keep beside footprints.

use std::any::Any;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::OnceLock;

/// Room for one thing that a store makes of a footprint, so that it need not be made again. It is no part of what the footprint
/// is: with or without it footprints are equal, and a copy begins without.
#[derive(Default)]
pub(crate) struct Notes(OnceLock<Box<dyn Any + Send + Sync>>);

impl Notes {
    /// What was left, if it is of this type.
    pub(crate) fn find<T: Any>(&self) -> Option<&T> {
        self.0.get()?.downcast_ref()
    }

    /// Leaves something, unless somebody has.
    pub(crate) fn leave<T: Any + Send + Sync>(&self, note: T) {
        // Whoever finds what another store has left makes do without.
        let _ = self.0.set(Box::new(note));
    }
}

impl Clone for Notes {
    fn clone(&self) -> Self {
        Notes::default()
    }
}

impl PartialEq for Notes {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Notes {}

impl Hash for Notes {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl fmt::Debug for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Notes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_found_by_their_type_and_make_no_difference() {
        let notes = Notes::default();
        assert_eq!(notes.find::<u8>(), None);
        notes.leave(1u8);
        notes.leave(2u8);
        assert_eq!((notes.find::<u8>(), notes.find::<u16>()), (Some(&1), None));
        assert_eq!(notes, Notes::default());
        assert_eq!(notes.clone().find::<u8>(), None);
    }
}
