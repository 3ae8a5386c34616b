//! The bytes of a footprint.

use std::sync::Arc;

use super::Malformed;
use super::reader::{Reader, put_bytes, put_length};
use crate::dependency::Table;
use crate::store::shared::{Footprint, ShapeFootprint, TableFootprint};

const SLOT_BYTES: usize = size_of::<u64>();
/// An empty name, a count, and a slot.
const SHAPE_BYTES: usize = 2 + SLOT_BYTES;
/// An empty name, a count, and a shape.
const TABLE_BYTES: usize = 2 + SHAPE_BYTES;

/// The bytes of a footprint; the same for equal footprints, and for those alone.
pub(crate) fn encoded_footprint(footprint: &Footprint) -> Box<[u8]> {
    let mut bytes = Vec::new();
    put_length(&mut bytes, footprint.tables.len());
    for table in &footprint.tables {
        put_bytes(&mut bytes, table.table.as_str().as_bytes());
        put_length(&mut bytes, table.shapes.len());
        for shape in &table.shapes {
            put_bytes(&mut bytes, shape.name.as_bytes());
            put_length(&mut bytes, shape.slots.len());
            bytes.extend(shape.slots.iter().flat_map(|slot| slot.to_le_bytes()));
        }
    }
    bytes.into()
}

/// The footprint of bytes. Each of its parts must be there, in order, and once; it takes at most a small multiple of the
/// bytes in memory.
pub(crate) fn decode_footprint(bytes: &[u8]) -> Result<Arc<Footprint>, Malformed> {
    let mut reader = Reader::new(bytes);
    let count = reader.count(TABLE_BYTES)?;
    let mut tables: Vec<TableFootprint> = Vec::with_capacity(count);
    for _ in 0..count {
        let table = table(&mut reader)?;
        ascending(tables.last().map(|last| &last.table), &table.table)?;
        tables.push(table);
    }
    reader.finish()?;
    Ok(Arc::new(Footprint::of(tables)))
}

fn table(reader: &mut Reader<'_>) -> Result<TableFootprint, Malformed> {
    let name = text(reader)?;
    let table = match name.strip_prefix('#') {
        Some(tag) => Table::tag(tag),
        None => Table::from(name),
    };
    if table.as_str() != name {
        return Err(Malformed("a table's name is not in its normal form"));
    }
    let count = reader.count(SHAPE_BYTES)?;
    let mut shapes: Vec<ShapeFootprint> = Vec::with_capacity(count);
    for _ in 0..count {
        let shape = shape(reader)?;
        ascending(shapes.last().map(|last| &last.name), &shape.name)?;
        shapes.push(shape);
    }
    Ok(TableFootprint { table, shapes })
}

fn shape(reader: &mut Reader<'_>) -> Result<ShapeFootprint, Malformed> {
    let name = Arc::from(text(reader)?);
    let count = reader.count(SLOT_BYTES)?;
    let mut slots: Vec<u64> = Vec::with_capacity(count);
    for _ in 0..count {
        let slot = reader.number()?;
        ascending(slots.last(), &slot)?;
        slots.push(slot);
    }
    Ok(ShapeFootprint { name, slots })
}

fn text<'a>(reader: &mut Reader<'a>) -> Result<&'a str, Malformed> {
    std::str::from_utf8(reader.bytes()?).map_err(|_| Malformed("a name is not text"))
}

fn ascending<T: Ord>(last: Option<&T>, next: &T) -> Result<(), Malformed> {
    match last {
        Some(last) if last >= next => Err(Malformed("a footprint is not in order")),
        _ => Ok(()),
    }
}
