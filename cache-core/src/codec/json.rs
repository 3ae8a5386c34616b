//! JSON. serde_json limits the depth to 128, asks for no memory ahead of the text, and refuses what follows a value.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::whole::Whole;

pub(super) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(128);
    value.serialize(Whole(&mut serde_json::Serializer::new(&mut bytes))).map_err(|error| error.to_string())?;
    Ok(bytes)
}

pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}
