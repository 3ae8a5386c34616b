//! Ratios against peers, measured in one run.
//!
//! Figures are not comparable between machines; ratios are, roughly. Every figure is the median over
//! rounds, each a mean over many calls, with ours and the peer's rounds taken in turns.

use benches::{fragment, hit, invalidation, precision, query, remote, report, stampede, wrapper};

fn main() {
    if let [word, url, lock] = &std::env::args().skip(1).collect::<Vec<_>>()[..]
        && word == "caller"
    {
        return stampede::answer(url, lock);
    }
    let mut report = report::from_arguments();
    hit::run(&mut report);
    invalidation::run(&mut report);
    fragment::run(&mut report);
    query::run(&mut report);
    wrapper::run(&mut report);
    precision::run(&mut report);
    remote::run(&mut report);
    stampede::run(&mut report);
    report.finish();
}
