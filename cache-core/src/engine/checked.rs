//! What came out of watching the statements of a fill.

use super::Refusal;
use crate::context::{Collected, Watch};
use crate::dependency::Dependencies;

/// What speaks against keeping the result, as far as the statements tell.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) refusal: Option<Refusal>,
    /// What was read and not declared.
    pub(crate) missing: Option<Dependencies>,
    declared: Dependencies,
}

impl Findings {
    pub(crate) fn of(watch: Watch, collected: &Collected, declared: &Dependencies) -> Findings {
        match watch {
            Watch::Nothing => Findings::default(),
            Watch::Records if collected.is_independent(declared) => Findings {
                refusal: Some(Refusal::Uncacheable(
                    "nothing was read through a wrapped connection, so that nothing would ever drop it".into(),
                )),
                ..Findings::default()
            },
            Watch::Records => Findings::default(),
            // What was inherited is known by hashes only: nobody can tell what it covers.
            Watch::Checks(_) if collected.is_blurred() => Findings::default(),
            Watch::Checks(_) => Findings::missing(collected, declared),
        }
    }

    fn missing(collected: &Collected, declared: &Dependencies) -> Findings {
        let conjunctions = collected.seen.iter().flat_map(|seen| declared.missing(seen)).cloned();
        let reasons = collected.seen.iter().filter_map(Dependencies::uncacheable_reason);
        let missing = Dependencies::of(conjunctions)
            .union(reasons.take(1).map(|reason| Dependencies::uncacheable(reason.to_owned())).collect());
        if missing.is_empty() {
            return Findings::default();
        }
        Findings {
            refusal: Some(Refusal::Undeclared(missing.to_string().into())),
            missing: Some(missing),
            declared: declared.clone(),
        }
    }

    /// Tells of what was not declared in the way that was asked for in tests.
    pub(crate) fn panic(&self, name: &str, missing: &Dependencies) {
        panic!(
            "`{name}` has read what it does not depend on: {missing}\n  declared: {}\n  a change there would leave its result as it is: \
             add a queryset that covers it, or have what is read recorded by `#[cached_as(reads, ..)]`",
            self.declared
        );
    }
}
