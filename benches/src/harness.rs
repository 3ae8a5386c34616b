//! Timing of short calls.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

const ROUNDS: usize = 21;
const ROUND: Duration = Duration::from_millis(8);

/// The median nanoseconds of two calls, their rounds taken in turns so that both see the same machine.
pub fn pair(mut ours: impl FnMut(), mut peer: impl FnMut()) -> (f64, f64) {
    let mut ours = |calls| (0..calls).for_each(|_| ours());
    let mut peer = |calls| (0..calls).for_each(|_| peer());
    let (our_calls, peer_calls) = (calibrate(ROUND, &mut ours), calibrate(ROUND, &mut peer));
    in_turns((ours, our_calls), (peer, peer_calls))
}

/// As [`pair`], of what makes as many calls as it is told and waits for others: in rounds of about this length, of as many
/// calls of ours as of the peer, so that both pay as often for waking whoever was waiting for them.
pub fn pair_of_many(round: Duration, ours: impl FnMut(u32), mut peer: impl FnMut(u32)) -> (f64, f64) {
    let calls = calibrate(round, &mut peer);
    in_turns((ours, calls), (peer, calls))
}

fn in_turns(ours: (impl FnMut(u32), u32), peer: (impl FnMut(u32), u32)) -> (f64, f64) {
    let ((mut ours, our_calls), (mut peer, peer_calls)) = (ours, peer);
    let mut our_rounds = Vec::with_capacity(ROUNDS);
    let mut peer_rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        our_rounds.push(time(&mut ours, our_calls));
        peer_rounds.push(time(&mut peer, peer_calls));
    }
    (median(our_rounds), median(peer_rounds))
}

fn calibrate(round: Duration, call: &mut impl FnMut(u32)) -> u32 {
    let mut calls = 1;
    loop {
        let started = Instant::now();
        call(calls);
        let elapsed = started.elapsed();
        if elapsed >= round / 4 || calls > 1 << 26 {
            let wanted = round.as_secs_f64() / elapsed.as_secs_f64().max(1e-9);
            return ((f64::from(calls) * wanted) as u32).max(1);
        }
        calls *= 4;
    }
}

fn time(call: &mut impl FnMut(u32), calls: u32) -> f64 {
    let started = Instant::now();
    call(calls);
    started.elapsed().as_nanos() as f64 / f64::from(calls)
}

/// The middle one.
pub fn median(mut rounds: Vec<f64>) -> f64 {
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

/// Runs a future that never waits, without a runtime around it.
pub fn ready<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("a hit does not wait"),
    }
}
