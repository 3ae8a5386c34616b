//! The account that a server runs under: servers refuse to be root.

use std::ffi::OsStr;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::process::Command;

use crate::{Error, program};

/// Another account than the one of this process, for a process that is root.
#[derive(Debug)]
pub(crate) struct Account {
    user: u32,
    group: u32,
}

impl Account {
    /// The account for a server that has one called `name`; `None` where this process is not root and is good enough.
    pub(crate) fn unprivileged(name: &str) -> Result<Option<Self>, Error> {
        let file = tempfile::tempfile().and_then(|file| file.metadata());
        if file.map_err(|error| Error::failed(Path::new("a temporary file"), error))?.uid() != 0 {
            return Ok(None);
        }
        let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let account = |name: &str| {
            let mut fields =
                passwd.lines().map(|line| line.split(':')).find(|line| line.clone().next() == Some(name))?;
            Some(Account { user: fields.nth(2)?.parse().ok()?, group: fields.next()?.parse().ok()? })
        };
        account(name).or_else(|| account("nobody")).map(Some).ok_or_else(|| Error::missing("an account `nobody`", name))
    }

    /// Gives a folder to this account.
    pub(crate) fn give(account: Option<&Self>, folder: &Path) -> Result<(), Error> {
        let Some(account) = account else { return Ok(()) };
        chown(folder, Some(account.user), Some(account.group)).map_err(|error| Error::failed(folder, error))
    }

    /// A command that becomes `program` under this account, in the same process.
    pub(crate) fn command(account: Option<&Self>, program: impl AsRef<OsStr>) -> Result<Command, Error> {
        let Some(account) = account else { return Ok(Command::new(program)) };
        let mut command = Command::new(program::find("setpriv", "util-linux")?);
        command.arg(format!("--reuid={}", account.user)).arg(format!("--regid={}", account.group));
        command.args(["--clear-groups", "--"]).arg(program);
        Ok(command)
    }
}
