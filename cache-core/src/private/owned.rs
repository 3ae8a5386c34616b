//! A call of a cached function whose body may go on without the caller.

use std::sync::Arc;

use super::audit::Made;
use super::grace::Graces;
use super::handed::Handed;
use super::policy::Policy;
use super::run::Call;
use crate::cache::{Run, read_owned};
use crate::dependency::Dependencies;
use crate::engine::block;

/// Serves a call, or runs its body with arguments of its own; `own` makes them, on a miss only.
pub fn run_owned<P, A, O>(
    _: P,
    call: Call<'_, Graces<P::Return>>,
    weigh: fn(&P::Stored) -> u64,
    arguments: A,
    own: impl FnOnce(A) -> O,
    queryset: impl FnOnce(&O) -> Dependencies + Send + Sync + 'static,
    body: impl FnOnce(O) -> P::Return + Send + 'static,
) -> P::Return
where
    P: Policy<Return: Send + 'static>,
    O: Send + 'static,
{
    let audited = call.is_audited();
    if !audited && let Some(stored) = call.hit_before(call.refresh_ahead()) {
        return P::join(stored);
    }
    if audited && let Some(kept) = block(call.audited::<P::Stored>()) {
        let arguments = own(arguments);
        let audit = block(call.audit(kept, || queryset(&arguments)).stamped());
        let returned = audit.context().run(|| body(arguments));
        return match audit.made::<P>(returned) {
            Made::Fresh(fresh) => P::join(block(audit.end(fresh))),
            Made::Gone(gone) => {
                block(audit.gone::<P::Stored>());
                gone()
            }
            Made::Failed(kept) => kept,
        };
    }
    let shown = Arc::new(Handed::new(own(arguments)));
    let taken = Arc::clone(&shown);
    let work = Run::Blocking(Box::new(move || P::split(body(taken.take()))));
    let (entry, ends) = call.entry();
    let entry = entry.depends_on(move || shown.show(queryset)).weigh(weigh);
    match block(read_owned(entry, work, ends)) {
        Ok(stored) => P::join(stored),
        Err(returned) => returned,
    }
}

/// [`run_owned`] with a body that is awaited.
pub async fn run_owned_async<P, A, O, F>(
    _: P,
    call: Call<'_, Graces<P::Return>>,
    weigh: fn(&P::Stored) -> u64,
    arguments: A,
    own: impl FnOnce(A) -> O,
    queryset: impl FnOnce(&O) -> Dependencies + Send + Sync + 'static,
    body: impl FnOnce(O) -> F + Send + 'static,
) -> P::Return
where
    P: Policy<Return: Send + 'static>,
    O: Send + 'static,
    F: Future<Output = P::Return> + Send + 'static,
{
    let audited = call.is_audited();
    if !audited && let Some(stored) = call.hit_before(call.refresh_ahead()) {
        return P::join(stored);
    }
    if audited && let Some(kept) = call.audited::<P::Stored>().await {
        let arguments = own(arguments);
        let audit = call.audit(kept, || queryset(&arguments));
        let audit = audit.stamped().await;
        let context = audit.context();
        let body = context.run(|| body(arguments));
        let returned = context.scope(body).await;
        let made = match audit.made::<P>(returned) {
            Made::Fresh(fresh) => Ok(fresh),
            Made::Gone(gone) => Err(gone),
            Made::Failed(kept) => return kept,
        };
        return match made {
            Ok(fresh) => P::join(audit.end(fresh).await),
            Err(gone) => {
                audit.gone::<P::Stored>().await;
                gone()
            }
        };
    }
    let shown = Arc::new(Handed::new(own(arguments)));
    let taken = Arc::clone(&shown);
    let work = Run::Awaited(Box::new(move || {
        let running = body(taken.take());
        Box::pin(async move { P::split(running.await) })
    }));
    let (entry, ends) = call.entry();
    let entry = entry.depends_on(move || shown.show(queryset)).weigh(weigh);
    match read_owned(entry, work, ends).await {
        Ok(stored) => P::join(stored),
        Err(returned) => returned,
    }
}
