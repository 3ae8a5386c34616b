//! The identity of a cached function.

use std::sync::OnceLock;

use crate::key::KeyWriter;

/// One cached function: what its keys begin with.
#[derive(Debug)]
pub struct Site {
    path: &'static str,
    version: &'static str,
    position: Option<(u32, u32)>,
    first: OnceLock<Instance>,
}

/// The beginning of the keys for one choice of the types that a function is generic over.
#[derive(Debug)]
struct Instance {
    types: Vec<&'static str>,
    digest: [u8; 16],
}

impl Site {
    /// A function with a name that is unique in the program.
    pub const fn named(name: &'static str, version: &'static str) -> Self {
        Site { path: name, version, position: None, first: OnceLock::new() }
    }

    /// A function at a place in the source. The path alone would not tell apart functions inside of functions, or
    /// methods of two types.
    pub const fn new(path: &'static str, version: &'static str, line: u32, column: u32) -> Self {
        Site { path, version, position: Some((line, column)), first: OnceLock::new() }
    }

    /// What events call the function.
    pub fn name(&self) -> &'static str {
        self.path
    }

    /// The beginning of a key. `types` are the names of the stored type and of those that the function is generic
    /// over; they are digested once for the first choice, which is the only one of most functions.
    #[inline]
    pub fn key(&self, types: &[&'static str]) -> KeyWriter {
        let first = self.first.get_or_init(|| Instance { types: types.to_vec(), digest: self.digest(types) });
        let mut key = KeyWriter::new();
        if first.is_for(types) {
            key.bytes(&first.digest)
        } else {
            key.bytes(&self.digest(types))
        };
        key
    }

    /// Sixteen bytes for the function and the types: short enough to be copied at every call, and long enough that no
    /// two functions share them.
    fn digest(&self, types: &[&str]) -> [u8; 16] {
        let mut identity = KeyWriter::new();
        identity.part(self.path).part(self.version).part(types);
        if let Some((line, column)) = self.position {
            identity.part(&line).part(&column);
        }
        let digest = blake3::hash(identity.finish().as_bytes());
        let (short, _) = digest.as_bytes().split_at(16);
        short.try_into().unwrap_or_default()
    }
}

impl Instance {
    #[inline]
    fn is_for(&self, types: &[&'static str]) -> bool {
        let same = |(a, b): (&&str, &&str)| std::ptr::eq(*a, *b) || a == b;
        self.types.len() == types.len() && self.types.iter().zip(types).all(same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_choice_of_types_is_another_key() {
        let site = Site::new("here", "1", 2, 3);
        let first = site.key(&["u8", "A"]).finish();
        assert_eq!(first, site.key(&["u8", "A"]).finish());
        assert_ne!(first, site.key(&["u8", "B"]).finish());
        assert_ne!(first, site.key(&["u8A"]).finish());
    }

    #[test]
    fn path_version_and_position_tell_functions_apart() {
        let keys = [
            Site::new("here", "1", 2, 3).key(&[]).finish(),
            Site::new("here", "2", 2, 3).key(&[]).finish(),
            Site::new("there", "1", 2, 3).key(&[]).finish(),
            Site::new("here", "1", 2, 4).key(&[]).finish(),
            Site::named("here", "1").key(&[]).finish(),
        ];
        for (at, key) in keys.iter().enumerate() {
            assert!(!keys[at + 1..].contains(key));
        }
    }
}
