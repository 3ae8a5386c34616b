//! What users rely on, shown on the engine alone: no database beside a toy one, no macro.

mod api;
mod conditions;
mod events;
mod interleavings;
mod keys;
mod ledger;
mod lifetimes;
mod transactions;
