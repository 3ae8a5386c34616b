//! The wall clocks of the workers, which can be set one by one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where Debian puts libfaketime, by the name of the machine's kind.
const FOLDER: &str = "/usr/lib";
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

/// Longest jump, in seconds: more than the time to live of any entry.
const FARTHEST: i64 = 40 * 24 * 3600;

/// Clocks that say what a file says, by libfaketime in front of the C library; monotonic time goes on as it is.
#[derive(Clone, Debug)]
pub(super) struct Clocks {
    library: PathBuf,
    folder: PathBuf,
}

impl Clocks {
    /// Clocks whose files are in a folder.
    pub(super) fn new(folder: &Path) -> Result<Self, String> {
        let kinds = fs::read_dir(FOLDER).into_iter().flatten().flatten();
        let library = kinds.map(|kind| kind.path().join(LIBRARY)).find(|library| library.is_file()).ok_or_else(|| {
            "the clock of one process cannot be set without libfaketime: install the package faketime, or choose --faults \
             without clock"
                .to_owned()
        })?;
        Ok(Clocks { library, folder: folder.to_owned() })
    }

    fn file(&self, slot: usize) -> PathBuf {
        self.folder.join(format!("clock-{slot}"))
    }

    /// Has a process that is about to be started read the clock of its slot.
    pub(super) fn wind(&self, command: &mut Command, slot: usize) -> Result<(), String> {
        self.set(slot, 0)?;
        command
            .env("LD_PRELOAD", &self.library)
            .env("FAKETIME_TIMESTAMP_FILE", self.file(slot))
            .env("FAKETIME_CACHE_DURATION", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("NO_FAKE_STAT", "1");
        Ok(())
    }

    /// Sets a clock that many seconds ahead of the machine's, or behind it; seen within a second.
    fn set(&self, slot: usize, seconds: i64) -> Result<(), String> {
        let (new, file) = (self.folder.join("clock-new"), self.file(slot));
        let written = fs::write(&new, format!("{seconds:+}\n")).and_then(|()| fs::rename(&new, &file));
        written.map_err(|error| format!("{} cannot be written: {error}", file.display()))
    }

    /// A clock jumps, either way, and stays there until it jumps again.
    pub(super) fn jump(&self, slot: usize, random: &mut fastrand::Rng) -> Result<(), String> {
        self.set(slot, if random.u8(..4) == 0 { 0 } else { random.i64(-FARTHEST..=FARTHEST) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_the_clock_of_its_slot() {
        if test_servers::left_out() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let clocks = Clocks::new(folder.path()).unwrap();
        let seconds = |slot| {
            let mut command = Command::new("date");
            clocks.wind(&mut command, slot).unwrap();
            clocks.set(1, 7200).unwrap();
            let output = command.arg("+%s").output().unwrap();
            String::from_utf8(output.stdout).unwrap().trim().parse::<i64>().unwrap()
        };
        let ahead = seconds(1) - seconds(0);
        assert!((7000..7400).contains(&ahead), "{ahead}");
    }
}
