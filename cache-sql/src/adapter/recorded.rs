//! What statements read, told to the fills that want to know.

use cache_core::context::{self, Recorder, Recording};

use super::Session;
use super::effects::Effect;
use crate::Bind;

/// How much of a statement a reason quotes.
const QUOTED: usize = 120;

impl Session {
    /// A statement that can only read is about to run.
    pub(super) fn record(&self, recorder: Recorder, sql: &str, binds: &[Bind]) -> Recording {
        let database = self.database();
        let as_of = self.open().map(|open| open.read_point());
        recorder.reads(database.cache(), database.dependencies(sql, binds), as_of)
    }

    /// A statement is about to run that does more than read, or something else.
    pub(super) fn record_other(effects: &[Effect], sql: &str) {
        // What is read inside of a transaction is checked against its read point.
        let steps = !effects.is_empty() && effects.iter().all(|effect| matches!(effect, Effect::Step(_)));
        if !steps && let Some(recorder) = context::recorder().filter(Recorder::keeps) {
            recorder.refuses(format!("a statement inside does more than read: {}", quoted(sql)));
        }
    }
}

fn quoted(sql: &str) -> String {
    let mut words = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = words.char_indices().nth(QUOTED) {
        words.truncate(end);
        words.push('…');
    }
    words
}
