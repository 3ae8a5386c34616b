//! MessagePack with named fields.

use serde::Serialize;
use serde::de::DeserializeOwned;

#[cfg(feature = "shared")]
pub(super) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(128);
    let mut serializer = rmp_serde::Serializer::new(&mut bytes).with_struct_map();
    value.serialize(super::whole::Whole(&mut serializer)).map_err(|error| error.to_string())?;
    // What could never be read back is not worth storing.
    super::skim::check(&bytes).map_err(str::to_owned)?;
    Ok(bytes)
}

#[cfg(feature = "shared")]
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    super::skim::check(bytes).map_err(str::to_owned)?;
    rmp_serde::from_slice(bytes).map_err(|error| error.to_string())
}

#[cfg(not(feature = "shared"))]
const MISSING: &str = "MessagePack needs the feature `shared` of cache-core";

#[cfg(not(feature = "shared"))]
pub(super) fn encode<T: Serialize>(_: &T) -> Result<Vec<u8>, String> {
    Err(MISSING.to_owned())
}

#[cfg(not(feature = "shared"))]
pub(super) fn decode<T: DeserializeOwned>(_: &[u8]) -> Result<T, String> {
    Err(MISSING.to_owned())
}
