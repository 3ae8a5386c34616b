//! Text as it is.

pub(super) fn encode(value: &String) -> Result<Vec<u8>, String> {
    Ok(value.as_bytes().to_vec())
}

pub(super) fn decode(bytes: &[u8]) -> Result<String, String> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| error.to_string())
}
