//! Who uses a database file: one browser alone, or several that share a store.
//!
//! Browsers that keep results to themselves must not share a file, because none sees what the others write. Two lock files
//! beside it see to that. The first is held for as long as a browser runs: by one that is alone, or by all that share.
//! The second is held while a browser opens the file, so that one of them imports and the others find the rows.

use crate::failure::Failure;
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

/// The right to use a database file.
#[derive(Debug)]
pub struct Claim {
    path: PathBuf,
    usage: File,
    opening: Option<File>,
    alone: bool,
}

impl Claim {
    /// Claims the file at `path`, together with others or alone. One that is to be shared is held alone as well, if nobody else
    /// uses it, until [`share`](Self::share).
    ///
    /// Waits for another browser that is just opening the file.
    ///
    /// # Errors
    /// When others use the file and do not share it, and when the folder cannot be written.
    pub fn take(path: &Path, shared: bool) -> Result<Self, Failure> {
        let opening = match shared {
            true => Some(open(path, ".opening")?),
            false => None,
        };
        if let Some(opening) = &opening {
            opening.lock().map_err(|error| unusable(path, &error))?;
        }
        let usage = open(path, ".lock")?;
        let alone = match usage.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) if shared => {
                share(&usage, path)?;
                false
            }
            Err(error) => return Err(refused(error, path)),
        };
        Ok(Self { path: path.to_owned(), usage, opening, alone })
    }

    /// Whether nobody else uses the file.
    pub fn is_alone(&self) -> bool {
        self.alone
    }

    /// Lets others in that share the file too. Does nothing when it was claimed alone.
    ///
    /// # Errors
    /// When a browser that does not share has come in between.
    pub fn share(&mut self) -> Result<(), Failure> {
        let Some(_opening) = self.opening.take() else { return Ok(()) };
        if self.alone {
            self.usage.unlock().map_err(|error| unusable(&self.path, &error))?;
            share(&self.usage, &self.path)?;
            self.alone = false;
        }
        Ok(())
    }

    /// Gives the file up, and removes what was beside it for the claim.
    ///
    /// # Errors
    /// When that cannot be removed.
    pub fn remove(self) -> std::io::Result<()> {
        let Self { path, usage, opening, .. } = self;
        drop((usage, opening));
        [".lock", ".opening"].into_iter().try_for_each(|suffix| gone(&beside(&path, suffix)))
    }
}

/// The file `path` with something behind its name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// Removes a file that need not be there.
pub(crate) fn gone(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The failure when a database file is of no use.
pub(crate) fn unusable(path: &Path, reason: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        format_args!("the database {} cannot be used ({reason})", path.display()),
        "delete the file, or name another with `--database FILE`",
    )
}

fn open(path: &Path, suffix: &str) -> Result<File, Failure> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(beside(path, suffix));
    file.map_err(|error| unusable(path, &error))
}

fn share(usage: &File, path: &Path) -> Result<(), Failure> {
    usage.try_lock_shared().map_err(|error| refused(error, path))
}

fn refused(error: TryLockError, path: &Path) -> Failure {
    match error {
        TryLockError::WouldBlock => Failure::new(
            format_args!("the database {} is in use by another crate browser", path.display()),
            "stop that one, name another file with `--database FILE`, or start all of them with the same `--redis URL`",
        ),
        TryLockError::Error(error) => unusable(path, &error),
    }
}

#[cfg(test)]
mod tests {
    use super::Claim;
    use std::{env, fs, path::PathBuf, process};

    fn file(test: &str) -> PathBuf {
        let folder = env::temp_dir().join(format!("crate-browser-claim-{test}-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder.join("graph.sqlite")
    }

    #[test]
    fn one_alone_keeps_everybody_out() {
        let path = file("alone");
        let one = Claim::take(&path, false).unwrap();
        assert!(one.is_alone());
        for shared in [false, true] {
            assert!(Claim::take(&path, shared).unwrap_err().to_string().contains("in use"));
        }
        one.remove().unwrap();
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }

    #[test]
    fn those_that_share_let_each_other_in() {
        let path = file("shared");
        let mut first = Claim::take(&path, true).unwrap();
        assert!(first.is_alone());
        first.share().unwrap();
        let mut second = Claim::take(&path, true).unwrap();
        assert!(!first.is_alone() && !second.is_alone());
        second.share().unwrap();
        assert!(Claim::take(&path, false).unwrap_err().to_string().contains("--redis"));
        drop(first);
        assert!(Claim::take(&path, false).is_err());
        drop(second);
        Claim::take(&path, false).unwrap().remove().unwrap();
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
}
