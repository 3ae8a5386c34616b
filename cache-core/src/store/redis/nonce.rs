//! Numbers that are never used twice.

use crate::store::shared::{Fault, FaultKind};

/// A number in `1..2^62` from the system's generator.
///
/// Not from a buffer, which two processes would share after a fork.
///
/// # Errors
///
/// When the system has none; nothing may be stamped or voided then.
pub(crate) fn nonce() -> Result<u64, Fault> {
    let mut bytes = [0; 8];
    loop {
        getrandom::fill(&mut bytes).map_err(|error| {
            Fault::new(FaultKind::Server, format!("the system's generator of random numbers failed: {error}"))
        })?;
        let number = u64::from_le_bytes(bytes) >> 2;
        if number != 0 {
            return Ok(number);
        }
    }
}
