//! Digests of keys and conjunctions that are safe to share between processes.

use std::fmt;
use std::hash::Hasher;

use siphasher::sip::SipHasher24;

use super::{FunctionId, Key};

const ENTRY_CONTEXT: &str = "cache-core 2026 entry digest v1";
const CONJUNCTION_CONTEXT: &str = "cache-core 2026 conjunction hash v1";

/// The keys of all digests of one namespace.
///
/// Without a secret they keep namespaces apart; with one, nobody who lacks it can aim for a
/// collision. Every process that shares a store needs the same namespace and secret. Its `Debug`
/// form shows nothing.
///
/// ```
/// use cache_core::{Key, Secret, entry_digest};
///
/// let key = Key::new("top articles").with(&3);
/// let shop = Secret::for_namespace("shop");
/// assert_eq!(entry_digest(&shop, &key), entry_digest(&Secret::new("shop", None), &key));
/// assert_ne!(entry_digest(&shop, &key), entry_digest(&Secret::new("shop", Some(b"s3")), &key));
/// ```
#[derive(Clone)]
pub struct Secret {
    entry: [u8; 32],
    conjunction: [u8; 16],
}

impl Secret {
    /// The keys for a namespace, with or without a secret of the program.
    pub fn new(namespace: &str, secret: Option<&[u8]>) -> Self {
        let secret_length = secret.map_or(0, <[u8]>::len);
        let mut material = Vec::with_capacity(namespace.len() + secret_length + 9);
        material.extend_from_slice(&(namespace.len() as u64).to_le_bytes());
        material.extend_from_slice(namespace.as_bytes());
        if let Some(secret) = secret {
            material.push(1);
            material.extend_from_slice(secret);
        }
        let wide = blake3::derive_key(CONJUNCTION_CONTEXT, &material);
        let mut conjunction = [0; 16];
        conjunction.copy_from_slice(&wide[..16]);
        Self { entry: blake3::derive_key(ENTRY_CONTEXT, &material), conjunction }
    }

    /// The keys for a namespace, without a secret.
    pub fn for_namespace(namespace: &str) -> Self {
        Self::new(namespace, None)
    }

    /// What takes the place of a function in the names of its entries: as little as the names tell of keys, they tell of
    /// functions.
    pub(crate) fn function(&self, id: FunctionId) -> FunctionId {
        FunctionId::of_digest(blake3::keyed_hash(&self.entry, id.as_bytes()).as_bytes())
    }

    /// A hasher for the conjunctions of one table, which may also be given as the first bytes.
    pub fn conjunction_hasher(&self, table: &str) -> ConjunctionHasher {
        let mut hasher = ConjunctionHasher { state: SipHasher24::new_with_key(&self.conjunction) };
        hasher.write_bytes(table.as_bytes());
        hasher
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").finish_non_exhaustive()
    }
}

/// The name of an entry in a shared store, and a second digest to check what is found there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EntryDigest {
    /// The 128 bits that name the entry.
    pub id: [u8; 16],
    /// 64 further bits, to be kept inside the entry.
    pub check: u64,
}

/// The digest of a key in a shared store: keyed BLAKE3, its first 16 bytes and the next 8.
pub fn entry_digest(secret: &Secret, key: &Key) -> EntryDigest {
    let digest = blake3::keyed_hash(&secret.entry, key.as_bytes());
    let mut id = [0; 16];
    let mut check = [0; 8];
    id.copy_from_slice(&digest.as_bytes()[..16]);
    check.copy_from_slice(&digest.as_bytes()[16..24]);
    EntryDigest { id, check: u64::from_le_bytes(check) }
}

/// Names a conjunction by 64 bits of keyed SipHash-2-4, in pieces.
///
/// Each piece is written with its length, so that pieces cannot run into one another. Two
/// conjunctions that share a hash are only invalidated together. A clone goes on from where the
/// original was. Its `Debug` form shows nothing.
///
/// ```
/// use cache_core::{Secret, conjunction_hash};
///
/// let secret = Secret::for_namespace("shop");
/// let mut hasher = secret.conjunction_hasher("article");
/// hasher.write_bytes(b"category_id=");
/// hasher.write_bytes(b"3");
/// assert_eq!(hasher.finish(), conjunction_hash(&secret, "article", b"category_id=", b"3"));
/// ```
#[derive(Clone)]
pub struct ConjunctionHasher {
    state: SipHasher24,
}

impl ConjunctionHasher {
    /// Appends one piece.
    pub fn write_bytes(&mut self, bytes: &[u8]) {
        self.state.write(&(bytes.len() as u64).to_le_bytes());
        self.state.write(bytes);
    }

    /// The hash of the pieces so far.
    pub fn finish(&self) -> u64 {
        self.state.finish()
    }
}

impl fmt::Debug for ConjunctionHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConjunctionHasher").finish_non_exhaustive()
    }
}

/// The hash of a conjunction from its table, its shape and its values.
pub fn conjunction_hash(secret: &Secret, table: &str, shape: &[u8], values: &[u8]) -> u64 {
    let mut hasher = secret.conjunction_hasher(table);
    hasher.write_bytes(shape);
    hasher.write_bytes(values);
    hasher.finish()
}
