//! The table, or one JSON object a line.

/// One comparison.
#[derive(Debug)]
pub struct Line<'a> {
    /// A name that stays the same from release to release.
    pub name: &'a str,
    pub unit: &'a str,
    pub ours: f64,
    pub peer: &'a str,
    pub peer_value: f64,
    /// The highest ratio that is aimed at.
    pub target: Option<f64>,
}

/// A report as the command line asks for it: `--json`, and a part of the names.
pub fn from_arguments() -> Report {
    let (json, filter): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument == "--json");
    Report { json: !json.is_empty(), filter: filter.concat(), printed: false }
}

/// Comparisons, printed as they are made.
#[derive(Debug)]
pub struct Report {
    json: bool,
    filter: String,
    printed: bool,
}

impl Report {
    pub fn wants(&self, name: &str) -> bool {
        name.contains(&self.filter)
    }

    /// Measures and prints one comparison, if it is asked for.
    pub fn compare(&mut self, name: &str, peer: &str, target: Option<f64>, ours: impl FnMut(), theirs: impl FnMut()) {
        if self.wants(name) {
            let (ours, peer_value) = crate::harness::pair(ours, theirs);
            self.print(&Line { name, unit: "ns", ours, peer, peer_value, target });
        }
    }

    pub fn print(&mut self, line: &Line<'_>) {
        let ratio = line.ours / line.peer_value;
        if self.json {
            let object = serde_json::json!({
                "name": line.name,
                "ours": round(line.ours),
                "unit": line.unit,
                "peer": line.peer,
                "peer_value": round(line.peer_value),
                "ratio": round(ratio),
                "target": line.target,
            });
            println!("{object}");
            return;
        }
        if !self.printed {
            println!(
                "{:<34} {:>12} {:<6} {:<34} {:>12} {:>8} {:>8}",
                "name", "ours", "unit", "peer", "peer", "ratio", "target"
            );
        }
        self.printed = true;
        let target =
            line.target.map_or(String::new(), |target| format!("{target}{}", if ratio <= target { "" } else { " !" }));
        println!(
            "{:<34} {:>12.1} {:<6} {:<34} {:>12.1} {:>8.3} {:>8}",
            line.name, line.ours, line.unit, line.peer, line.peer_value, ratio, target
        );
    }

    pub fn finish(&self) {
        if self.printed && !self.json {
            println!("\nA ratio below 1 means that ours is faster or smaller; `!` marks a target that was missed.");
        }
    }
}

fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
