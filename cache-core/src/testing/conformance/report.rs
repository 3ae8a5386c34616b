//! What came of the cases.

use std::fmt;

/// What came of the cases, in their order; displays as a list.
#[derive(Clone, Debug, Default)]
#[must_use = "call `assert`"]
pub struct Report {
    adapter: String,
    passed: Vec<String>,
    failed: Vec<(String, String)>,
}

impl Report {
    pub(super) fn of(adapter: String) -> Self {
        Report { adapter, ..Report::default() }
    }

    pub(super) fn add(&mut self, case: String, result: Result<(), String>) {
        match result {
            Ok(()) => self.passed.push(case),
            Err(why) => self.failed.push((case, why)),
        }
    }

    /// The names of the cases that passed.
    pub fn passed(&self) -> impl Iterator<Item = &str> {
        self.passed.iter().map(String::as_str)
    }

    /// The names of the cases that failed, and why.
    pub fn failed(&self) -> impl Iterator<Item = (&str, &str)> {
        self.failed.iter().map(|(case, why)| (case.as_str(), why.as_str()))
    }

    /// Insists that every case passed, and that there was one.
    ///
    /// # Panics
    ///
    /// With the list of the cases that failed.
    pub fn assert(&self) {
        assert!(self.failed.is_empty(), "{self}");
        assert!(!self.passed.is_empty(), "{}: no case was chosen", self.adapter);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { adapter, passed, failed } = self;
        writeln!(f, "{adapter}: {} cases passed, {} failed", passed.len(), failed.len())?;
        for (case, why) in failed {
            writeln!(f, "  {case}: {why}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_is_told() {
        let mut report = Report::of("library on database".to_owned());
        report.add("first".to_owned(), Err("stale".to_owned()));
        report.add("second".to_owned(), Ok(()));
        report.add("third".to_owned(), Err("slow".to_owned()));
        assert_eq!(report.passed().collect::<Vec<_>>(), ["second"]);
        let text = report.to_string();
        assert!(text.starts_with("library on database: 1 cases passed, 2 failed"), "{text}");
        assert!(text.contains("first: stale") && text.contains("third: slow"), "{text}");
    }

    #[test]
    #[should_panic(expected = "no case was chosen")]
    fn nothing_chosen_is_no_success() {
        Report::of("library".to_owned()).assert();
    }
}
