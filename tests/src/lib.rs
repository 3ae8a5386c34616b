//! End-to-end tests across the crates, and the oracle that several of them share.

pub mod oracle;

/// The examples of the guides, compiled and run.
#[cfg(doctest)]
mod guides {
    #[doc = include_str!("../../README.md")]
    struct Readme;

    #[doc = include_str!("../../docs/guide/reads.md")]
    struct Reads;

    #[doc = include_str!("../../docs/guide/templates.md")]
    struct Templates;

    #[doc = include_str!("../../docs/guide/getting-started.md")]
    struct GettingStarted;

    #[doc = include_str!("../../docs/guide/guarantees.md")]
    struct Guarantees;

    #[doc = include_str!("../../docs/guide/adapter.md")]
    struct Adapter;

    #[doc = include_str!("../../docs/guide/automatic.md")]
    struct Automatic;

    #[doc = include_str!("../../docs/guide/outside.md")]
    struct Outside;

    #[doc = include_str!("../../docs/guide/exact-rows.md")]
    struct ExactRows;

    #[doc = include_str!("../../docs/guide/staleness.md")]
    struct Staleness;

    #[doc = include_str!("../../docs/guide/shared-stores.md")]
    struct SharedStores;

    #[doc = include_str!("../../docs/guide/http-responses.md")]
    struct HttpResponses;
}
