//! The layout of keys.
//!
//! | key | what | life |
//! |---|---|---|
//! | `m{p:t}` | hash: a nonce for each shape of a table, and one for their set | none |
//! | `x{p:t}` | hash: the intents of a table | none |
//! | `v{p:t}` | the number of a table's last void | none |
//! | `c{p:t}<16 hex>` | a stamp | that of stamps |
//! | `e:p:<32 hex>` | an entry | its own |
//! | `l:p:<32 hex>` | a lease on an entry | its own |
//!
//! `p` is the namespace and `t` the table, percent-encoded but for `a-z`, `0-9`, `_` and `-`, so that neither can be taken
//! for a separator, nor for a part of a pattern. In a cluster all small keys of one table are in one slot, and entries spread.

use std::fmt::Write;

use super::link::slot;
use crate::dependency::Table;

/// The keys of one namespace.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    namespace: String,
}

impl Keys {
    pub(crate) fn new(namespace: &str) -> Self {
        Keys { namespace: encoded(namespace) }
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
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)].into());
        text.push(DIGITS[usize::from(byte & 15)].into());
    }
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
