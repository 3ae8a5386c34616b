//! Bytes that are part of a larger answer.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// The bytes of an entry, where they have arrived.
#[derive(Clone, Default)]
pub(crate) struct Blob {
    bytes: Arc<Vec<u8>>,
    place: Range<usize>,
}

impl Blob {
    pub(crate) fn new(bytes: Arc<Vec<u8>>, place: Range<usize>) -> Self {
        Blob { bytes, place }
    }
}

impl From<Vec<u8>> for Blob {
    fn from(bytes: Vec<u8>) -> Self {
        Blob { place: 0..bytes.len(), bytes: Arc::new(bytes) }
    }
}

impl Deref for Blob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(self.place.clone()).unwrap_or_default()
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blob").field("length", &self.len()).finish()
    }
}
