//! The worker processes.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::clock::Clocks;
use crate::counts::Counts;
use crate::worker::{Order, Step, Task, Telling};

/// How long a worker may take to die at a step, or to end in order.
const PATIENCE: Duration = Duration::from_secs(20);

/// All workers, one for each slot.
pub(super) struct Children {
    program: PathBuf,
    task: Task,
    clocks: Option<Clocks>,
    running: Vec<Running>,
    /// Of those that have ended.
    past: Counts,
    restarts: u64,
    started: Instant,
}

struct Running {
    process: Child,
    input: Option<ChildStdin>,
    counts: Arc<Mutex<Counts>>,
    listener: Option<JoinHandle<()>>,
}

impl Children {
    pub(super) fn start(program: &Path, task: Task, clocks: Option<Clocks>, started: Instant) -> Result<Self, String> {
        let mut children = Children {
            program: program.to_owned(),
            running: Vec::new(),
            past: Counts::default(),
            restarts: 0,
            started,
            task,
            clocks,
        };
        for slot in 0..children.task.plan.processes {
            let running = children.spawn(slot, 0)?;
            children.running.push(running);
        }
        Ok(children)
    }

    fn spawn(&self, slot: usize, incarnation: u64) -> Result<Running, String> {
        let task = Task { slot, incarnation, ..self.task.clone() };
        let task = serde_json::to_string(&task).map_err(|error| error.to_string())?;
        let mut command = Command::new(&self.program);
        command.arg("worker").arg(task).stdin(Stdio::piped()).stdout(Stdio::piped());
        if let Some(clocks) = &self.clocks {
            clocks.wind(&mut command, slot)?;
        }
        let mut process = command.spawn().map_err(|error| format!("a worker cannot be started: {error}"))?;
        let counts = Arc::new(Mutex::new(Counts::default()));
        let listener = process.stdout.take().map(|output| {
            let (counts, started) = (Arc::clone(&counts), self.started);
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    match serde_json::from_str(&line) {
                        Ok(Telling::Counts(told)) => *counts.lock().unwrap_or_else(PoisonError::into_inner) = told,
                        Ok(Telling::Violation(text)) => {
                            eprintln!("faults: {:8.3} s: {text}", started.elapsed().as_secs_f64());
                        }
                        // The last line of a worker that was killed.
                        Err(_) => {}
                    }
                }
            })
        });
        let input = process.stdin.take();
        Ok(Running { process, input, counts, listener })
    }

    /// How many reads and writes there have been, as far as it was told.
    pub(super) fn operations(&self) -> u64 {
        let running: u64 = self.running.iter().map(|running| running.counts().operations()).sum();
        self.past.operations() + running
    }

    /// Whether an answer without this property was told of.
    pub(super) fn has_found(&self, property: &str) -> bool {
        self.running.iter().any(|running| running.counts().violations.contains_key(property))
    }

    pub(super) fn restarts(&self) -> u64 {
        self.restarts
    }

    /// Notices workers that have ended by themselves.
    pub(super) fn look_after(&mut self) -> Result<(), String> {
        for (slot, running) in self.running.iter_mut().enumerate() {
            if let Ok(Some(status)) = running.process.try_wait() {
                return Err(format!("process {slot} ended by itself: {status}"));
            }
        }
        Ok(())
    }

    /// Has a worker die at a step of its next write, or at once, and starts another one in its place.
    pub(super) fn crash(&mut self, step: Option<Step>, random: &mut fastrand::Rng) -> Result<(), String> {
        let slot = random.usize(..self.running.len());
        let running = &mut self.running[slot];
        match step {
            Some(step) => {
                running.order(Order::Die(step));
                let asked = Instant::now();
                while matches!(running.process.try_wait(), Ok(None)) && asked.elapsed() < PATIENCE {
                    std::thread::sleep(Duration::from_millis(5));
                }
                running.end();
            }
            None => running.end(),
        }
        self.past.add(&running.counts());
        std::thread::sleep(Duration::from_millis(random.u64(..300)));
        self.restarts += 1;
        self.running[slot] = self.spawn(slot, self.restarts)?;
        Ok(())
    }

    /// The clock of a worker jumps.
    pub(super) fn jump(&self, random: &mut fastrand::Rng) -> Result<(), String> {
        let slot = random.usize(..self.running.len());
        self.clocks.as_ref().map_or(Ok(()), |clocks| clocks.jump(slot, random))
    }

    /// Ends all of them in order, and adds up what they have done.
    pub(super) fn stop(mut self) -> Result<Counts, String> {
        for running in &mut self.running {
            running.order(Order::Stop);
        }
        let asked = Instant::now();
        for (slot, running) in self.running.iter_mut().enumerate() {
            let status = loop {
                match running.process.try_wait() {
                    Ok(Some(status)) => break status,
                    Ok(None) if asked.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(10)),
                    _ => return Err(format!("process {slot} does not end")),
                }
            };
            if !status.success() {
                return Err(format!("process {slot} ended with {status}"));
            }
            running.end();
            self.past.add(&running.counts());
        }
        Ok(std::mem::take(&mut self.past))
    }
}

impl Running {
    fn order(&mut self, order: Order) {
        if let (Some(input), Ok(line)) = (&mut self.input, serde_json::to_string(&order)) {
            // It may be dead already.
            let _ = writeln!(input, "{line}");
        }
    }

    fn counts(&self) -> Counts {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Kills the process, if it still runs, and waits until all that it has told was heard.
    fn end(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}
