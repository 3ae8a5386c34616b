//! The table, and which expectations held.

use super::{
    client::Answer,
    plan::{Page, Write},
};
use crate::failure::Failure;

/// Collects expectations while it prints.
#[derive(Clone, Debug, Default)]
pub struct Report {
    held: usize,
    failed: Vec<String>,
}

impl Report {
    /// Takes note of an expectation; `complaint` says what was wrong.
    pub fn expect(&mut self, holds: bool, complaint: impl FnOnce() -> String) {
        if holds {
            self.held += 1;
        } else {
            self.failed.push(complaint());
        }
    }

    /// Prints the head of the table.
    pub fn heading_of_pages(&self) {
        println!(
            "{:<42} {:>8} {:>8} {:>8}   {:>8} {:>8} {:>8}",
            "page", "cold ms", "warm ms", "off ms", "SQL cold", "SQL warm", "SQL off"
        );
    }

    /// Prints the line of a page.
    pub fn page(&self, page: &Page, cold: &Answer, warm: &Answer, off: &Answer) {
        println!(
            "{:<42} {:>8.2} {:>8.2} {:>8.2}   {:>8} {:>8} {:>8}",
            page.path,
            cold.cost.milliseconds,
            warm.cost.milliseconds,
            off.cost.milliseconds,
            cold.statements(),
            warm.statements(),
            off.statements()
        );
    }

    /// Prints what became fresh after a write and what stayed.
    pub fn write(&self, write: &Write, fresh: &[(Page, u64)], kept: &[Page]) {
        let fresh: Vec<String> = fresh.iter().map(|(page, statements)| format!("{page} ({statements} SQL)")).collect();
        println!(
            "\n{}\n  fresh:  {}\n  cached: {} of {} pages",
            write.label,
            listed(&fresh),
            kept.len(),
            kept.len() + fresh.len()
        );
    }

    /// Prints the end.
    ///
    /// # Errors
    /// When an expectation failed.
    pub fn finish(self) -> Result<(), Failure> {
        println!();
        for complaint in &self.failed {
            println!("FAILED  {complaint}");
        }
        let (held, failed) = (self.held, self.failed.len());
        println!("{held} expectations held, {failed} failed");
        if failed == 0 {
            Ok(())
        } else {
            Err(Failure::new(
                format_args!("{failed} of {} expectations failed", held + failed),
                "the lines above name them",
            ))
        }
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
