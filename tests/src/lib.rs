//! End-to-end tests across the crates, and the oracle that several of them share.

pub mod oracle;
