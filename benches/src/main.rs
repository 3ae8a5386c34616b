//! Ratios against peers, measured in one run.
//!
//! Figures are not comparable between machines; ratios are, roughly. Every figure is the median over
//! rounds, each a mean over many calls, with ours and the peer's rounds taken in turns.

use benches::{fragment, hit, invalidation, precision, query, remote, report, wrapper};

fn main() {
    let mut report = report::from_arguments();
    hit::run(&mut report);
    invalidation::run(&mut report);
    fragment::run(&mut report);
    query::run(&mut report);
    wrapper::run(&mut report);
    precision::run(&mut report);
    remote::run(&mut report);
    report.finish();
}
