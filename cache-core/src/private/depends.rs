//! Dependencies that only the result tells.

use std::fmt;

use super::policy::Policy;
use crate::cache::Cache;
use crate::context::{self, Context, ReadPoint, is_filling};
use crate::dependency::Dependencies;

/// The dependencies that a body's result will tell, stamped as of the moment before the body.
pub struct Depends<P, D> {
    policy: P,
    /// `None` where nothing is filled.
    told: Option<(D, Cache, ReadPoint)>,
}

impl<P: Policy, D: FnOnce(&P::Stored) -> Dependencies> Depends<P, D> {
    /// Before the body: `build` takes what it needs of the arguments.
    pub fn before<A>(policy: P, cache: &Cache, arguments: &A, build: impl FnOnce(&A) -> D) -> Self {
        let told = is_filling().then(|| (build(arguments), cache.clone(), cache.read_point()));
        Depends { policy, told }
    }

    /// After the body.
    pub fn after(self, returned: P::Return) -> P::Return {
        crate::engine::block(self.after_async(returned))
    }

    /// [`Depends::after`], awaited.
    pub async fn after_async(self, returned: P::Return) -> P::Return {
        let Some((depends, cache, point)) = self.told else { return returned };
        let stored = match P::split(returned) {
            Ok(stored) => stored,
            Err(returned) => return returned,
        };
        let dependencies = depends(&stored);
        if dependencies.is_empty() {
            let frame = Context::current().frames().next().cloned();
            if let Some(frame) = frame.filter(|frame| frame.is_independent()) {
                frame.taint("it says that it depends on nothing, so that nothing would ever drop it".into());
            }
        } else {
            context::add_dependencies_as_of_async(&cache, &dependencies, point).await;
        }
        P::join(stored)
    }
}

/// Hands the arguments to the body, whose types they tell.
pub fn given<A, R>(arguments: A, body: impl FnOnce(A) -> R) -> R {
    body(arguments)
}

impl<P: fmt::Debug, D> fmt::Debug for Depends<P, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Depends").field("policy", &self.policy).finish_non_exhaustive()
    }
}
