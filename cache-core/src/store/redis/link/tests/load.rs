//! Many at once, while connections are lost.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::*;

const ENOUGH: u64 = 10_000;

/// Whoever asks gets the answer to that question or none.
#[test]
fn no_answer_goes_astray() {
    if left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let links = links(&server);
    let (done, answers, faults) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        let (server, links, answers, faults, done) = (&server, &links, &answers, &faults, &done);
        let ask = move |asker: u64| {
            for round in 0.. {
                let texts: Vec<String> = (0..round % 4).map(|part| format!("{asker}/{round}/{part}")).collect();
                let groups = texts.iter().map(|text| group(&["ECHO", text]).with(cmd(&["ECHO", text])));
                for (text, answer) in texts.iter().zip(links.block(links.run(groups.collect()))) {
                    match answer {
                        Ok(answer) => {
                            assert_eq!(answer.values, [bulk(text), bulk(text)]);
                            answers.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(_) => _ = faults.fetch_add(1, Ordering::Relaxed),
                    }
                }
                if answers.load(Ordering::Relaxed) >= ENOUGH {
                    return;
                }
            }
        };
        let askers: Vec<_> = (0..4).map(|asker| scope.spawn(move || ask(asker))).collect();
        scope.spawn(move || {
            let mut before = 0;
            while !done.load(Ordering::Relaxed) {
                let now = answers.load(Ordering::Relaxed);
                if now < before + 50 {
                    thread::yield_now();
                    continue;
                }
                before = now;
                server.cli(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
            }
        });
        let asked: Vec<_> = askers.into_iter().map(|asker| asker.join()).collect();
        done.store(true, Ordering::Relaxed);
        asked.into_iter().for_each(|asked| asked.unwrap());
    });
    assert!(faults.into_inner() > 0);
}
