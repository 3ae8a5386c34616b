//! The identity of a cached function.

use std::sync::OnceLock;

use crate::key::{FunctionId, KeyWriter, SITE_BYTES};

/// One cached function: what its keys begin with.
#[derive(Debug)]
pub struct Site {
    path: &'static str,
    version: &'static str,
    position: Option<(u32, u32)>,
    function: OnceLock<FunctionId>,
    first: OnceLock<Instance>,
}

/// The beginning of the keys for one choice of the types that a function is generic over.
#[derive(Debug)]
struct Instance {
    types: Vec<&'static str>,
    digest: [u8; SITE_BYTES],
}

impl Site {
    /// A function with a name that is unique in the program.
    pub const fn named(name: &'static str, version: &'static str) -> Self {
        Site { path: name, version, position: None, function: OnceLock::new(), first: OnceLock::new() }
    }

    /// A function at a place in the source. The path alone would not tell apart functions inside of functions, or
    /// methods of two types.
    pub const fn new(path: &'static str, version: &'static str, line: u32, column: u32) -> Self {
        Site { path, version, position: Some((line, column)), function: OnceLock::new(), first: OnceLock::new() }
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

    /// What the keys of all choices of types begin with.
    pub(crate) fn function(&self) -> FunctionId {
        *self.function.get_or_init(|| FunctionId::of_digest(&self.hash(None)))
    }

    /// Sixteen bytes, the function before its types: short enough to be copied at every call, and long enough that no
    /// two functions share them.
    fn digest(&self, types: &[&str]) -> [u8; SITE_BYTES] {
        self.function().lead(self.hash(Some(types)).last_chunk().copied().unwrap_or_default())
    }

    fn hash(&self, types: Option<&[&str]>) -> [u8; 32] {
        let mut identity = KeyWriter::new();
        identity.part(self.path).part(self.version);
        if let Some(types) = types {
            identity.part(types);
        }
        if let Some((line, column)) = self.position {
            identity.part(&line).part(&column);
        }
        *blake3::hash(identity.finish().as_bytes()).as_bytes()
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
    fn all_choices_of_types_are_of_one_function() {
        let site = Site::new("here", "1", 2, 3);
        let function = site.key(&["u8"]).finish().with("x").function();
        assert_eq!(function, Some(site.function()));
        assert_eq!(function, site.key(&["u16"]).finish().function());
        assert_eq!(function, Some(Site::new("here", "1", 2, 3).function()));
        for other in [Site::new("here", "1", 2, 4), Site::new("here", "2", 2, 3), Site::named("here", "1")] {
            assert_ne!(function, other.key(&["u8"]).finish().function());
        }
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
