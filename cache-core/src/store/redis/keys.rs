//! The layout of keys.
//!
//! | key | what | life |
//! |---|---|---|
//! | `m{p:t}` | hash: a nonce for each shape of a table, and one for their set | none |
//! | `x{p:t}` | hash: the intents of a table | none |
//! | `v{p:t}` | the number of a table's last void | none |
//! | `c{p:t}<16 hex>` | a stamp | that of stamps |
//! | `e:p:<32 hex>` | an entry; the first 12 tell the function, if it is of one | its own |
//! | `l:p:<32 hex>` | a lease on an entry | its own |
//!
//! `p` is the namespace and `t` the table, percent-encoded but for `a-z`, `0-9`, `_` and `-`, so that neither can be taken
//! for a separator, nor for a part of a pattern. In a cluster all small keys of one table are in one slot, and entries spread.

use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;

use smallvec::SmallVec;

use super::link::slot;
use crate::dependency::Table;
use crate::key::FunctionId;

/// The keys of one namespace.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    namespace: String,
    /// What the command that fetches an entry begins with, up to the digits of its name.
    fetching: Arc<[u8]>,
    /// The length of what stands there before the key.
    before_key: usize,
}

/// The command that fetches an entry, as it is sent.
#[derive(Debug)]
pub(crate) struct EntryWords {
    bytes: SmallVec<[u8; 128]>,
    key: Range<usize>,
}

impl EntryWords {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn key(&self) -> &[u8] {
        &self.bytes[self.key.clone()]
    }

    /// The key as the last argument of another command.
    pub(crate) fn argument(&self) -> &[u8] {
        &self.bytes[FETCH.len()..]
    }
}

const FETCH: &str = "*2\r\n$3\r\nGET\r\n";

impl Keys {
    pub(crate) fn new(namespace: &str) -> Self {
        let namespace = encoded(namespace);
        let key = format!("e:{namespace}:");
        let before_key = format!("{FETCH}${}\r\n", key.len() + 2 * size_of::<[u8; 16]>());
        let fetching = [before_key.as_bytes(), key.as_bytes()].concat().into();
        Keys { namespace, fetching, before_key: before_key.len() }
    }

    pub(crate) fn table(&self, table: &Table) -> TableKeys {
        TableKeys::tagged(&format!("{{{}:{}}}", self.namespace, encoded(table.as_str())))
    }

    /// What finds the shapes of all tables.
    pub(crate) fn shapes_pattern(&self) -> String {
        format!("m{{{}:*", self.namespace)
    }

    /// The keys of the table whose shapes this key holds; `None` if it is no such key.
    pub(crate) fn of_shapes(&self, key: &str) -> Option<TableKeys> {
        let tag = key.strip_prefix('m')?;
        let inner = tag.strip_prefix('{')?.strip_suffix('}')?;
        let table = inner.strip_prefix(&self.namespace)?.strip_prefix(':')?;
        let is_plain = table.bytes().all(|byte| is_plain(byte) || byte == b'%');
        is_plain.then(|| TableKeys::tagged(tag))
    }

    /// What every key begins with that pushes tell of: shapes and stamps.
    pub(crate) fn watched_prefixes(&self) -> [String; 2] {
        [format!("m{{{}:", self.namespace), format!("c{{{}:", self.namespace)]
    }

    pub(crate) fn entry(&self, id: [u8; 16]) -> String {
        self.named('e', id)
    }

    /// What finds all entries of a function: the beginning of their names.
    pub(crate) fn entries_pattern(&self, id: FunctionId) -> String {
        let mut pattern = format!("e:{}:", self.namespace);
        push_hex(&mut pattern, id.as_bytes());
        pattern.push('*');
        pattern
    }

    pub(crate) fn entry_words(&self, id: &[u8; 16]) -> EntryWords {
        let mut bytes = SmallVec::from_slice(&self.fetching);
        let mut digits = *b"00000000000000000000000000000000\r\n";
        for (pair, byte) in digits.chunks_exact_mut(2).zip(id) {
            pair.copy_from_slice(&hex(byte));
        }
        bytes.extend_from_slice(&digits);
        let key = self.before_key..bytes.len() - 2;
        EntryWords { bytes, key }
    }

    pub(crate) fn lease(&self, id: [u8; 16]) -> String {
        self.named('l', id)
    }

    /// What the keys of all leases begin with.
    pub(crate) fn leases_prefix(&self) -> String {
        format!("l:{}:", self.namespace)
    }

    fn named(&self, kind: char, id: [u8; 16]) -> String {
        let mut name = String::with_capacity(self.namespace.len() + 3 + 2 * id.len());
        name.push(kind);
        name.push(':');
        name.push_str(&self.namespace);
        name.push(':');
        push_hex(&mut name, &id);
        name
    }
}

/// The keys of one table, all in one slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableKeys {
    pub(crate) shapes: String,
    pub(crate) intents: String,
    pub(crate) last_void: String,
    pub(crate) slot: u16,
    stamps: String,
}

impl TableKeys {
    fn tagged(tag: &str) -> Self {
        let shapes = format!("m{tag}");
        let slot = slot(shapes.as_bytes());
        TableKeys { shapes, intents: format!("x{tag}"), last_void: format!("v{tag}"), stamps: format!("c{tag}"), slot }
    }

    pub(crate) fn stamp(&self, conjunction: u64) -> String {
        let mut name = String::with_capacity(self.stamps.len() + 16);
        name.push_str(&self.stamps);
        push_hex(&mut name, &conjunction.to_be_bytes());
        name
    }
}

/// Two digits a byte. Every look-up makes such names, and the formatter is slow at it.
fn push_hex(text: &mut String, bytes: &[u8]) {
    bytes.iter().flat_map(hex).for_each(|digit| text.push(digit.into()));
}

fn hex(byte: &u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]
}

fn encoded(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        match is_plain(byte) {
            true => encoded.push(byte.into()),
            false => _ = write!(encoded, "%{byte:02x}"),
        }
    }
    encoded
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out() {
        let keys = Keys::new("Shop:{1}*");
        let table = keys.table(&"a}b:c".into());
        assert_eq!(table.shapes, "m{%53hop%3a%7b1%7d%2a:a%7db%3ac}");
        assert_eq!(table.stamp(1), "c{%53hop%3a%7b1%7d%2a:a%7db%3ac}0000000000000001");
        assert_eq!(keys.entry([0xab; 16]), format!("e:%53hop%3a%7b1%7d%2a:{}", "ab".repeat(16)));
    }

    #[test]
    fn an_entry_is_fetched_by_its_key() {
        let keys = Keys::new("Shop:{1}*");
        let id = std::array::from_fn(|at| at as u8 * 17);
        let words = keys.entry_words(&id);
        let key = keys.entry(id);
        assert_eq!(words.key(), key.as_bytes());
        assert_eq!(words.bytes(), redis::cmd("GET").arg(&key).get_packed_command());
    }

    #[test]
    fn all_keys_of_a_table_are_in_one_slot() {
        for name in ["", "orders", "ÄÖ", "{}", "a b"] {
            let keys = Keys::new("").table(&name.into());
            for key in [&keys.shapes, &keys.intents, &keys.last_void, &keys.stamp(77)] {
                assert_eq!(slot(key.as_bytes()), keys.slot, "{key}");
            }
        }
    }

    #[test]
    fn the_key_of_shapes_tells_its_table() {
        let keys = Keys::new("shop");
        let table = keys.table(&"a/b".into());
        assert_eq!(keys.of_shapes(&table.shapes), Some(table));
        for other in ["m{shop2:a}", "m{shop:a}b", "c{shop:a}", "m{shop:a*}", "m{shop:a", ""] {
            assert_eq!(keys.of_shapes(other), None, "{other}");
        }
    }
}
