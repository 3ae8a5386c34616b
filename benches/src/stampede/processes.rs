//! Callers in several processes over one Redis.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use test_servers::Redis;

use super::caller::CALLERS;
use super::{ROUNDS, WORK};
use crate::harness::median;
use crate::report::{Line, Report};

const PROCESSES: usize = 4;

pub(super) fn run(report: &mut Report) {
    let [time, runs] = ["stampede_4_processes", "stampede_4_processes_runs"];
    if test_servers::left_out() || !report.wants(time) && !report.wants(runs) {
        return;
    }
    let server = Redis::builder().start().expect("redis-server is installed");
    let (alone, alone_runs) = rounds(&server.url(), "local", 0);
    let (ours, our_runs) = rounds(&server.url(), "shared", 1_000);
    let peer = "the same, one run a process";
    report.print(&Line { name: time, unit: "us", ours, peer, peer_value: alone, target: None });
    report.print(&Line { name: runs, unit: "count", ours: our_runs, peer, peer_value: alone_runs, target: None });
    assert!(alone >= WORK.as_secs_f64() * 1e6 && PROCESSES * CALLERS == super::CALLERS);
}

/// The middle of the times until the last caller has its answer, and how often the work runs in a round.
fn rounds(url: &str, lock: &str, first: u64) -> (f64, f64) {
    let mut processes: Vec<Process> = (0..PROCESSES).map(|_| Process::start(url, lock)).collect();
    let (mut times, mut runs) = (Vec::new(), 0);
    for key in first..first + ROUNDS {
        processes.iter_mut().for_each(|process| process.call(key));
        let answers: Vec<(u64, f64)> = processes.iter_mut().map(Process::answer).collect();
        runs += answers.iter().map(|(runs, _)| runs).sum::<u64>();
        times.push(answers.iter().map(|(_, time)| *time).fold(0.0, f64::max));
    }
    (median(times), runs as f64 / ROUNDS as f64)
}

struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Process {
    fn start(url: &str, lock: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        let mut child =
            command.args(["caller", url, lock]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut process = Process { child, input, output };
        assert_eq!(process.line(), "ready");
        process
    }

    fn call(&mut self, key: u64) {
        writeln!(self.input, "{key}").unwrap();
    }

    fn answer(&mut self) -> (u64, f64) {
        let line = self.line();
        let (runs, time) = line.split_once(' ').expect("two numbers");
        (runs.parse().unwrap(), time.parse().unwrap())
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
