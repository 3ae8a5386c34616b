//! A folder that ends with what has made it.

use std::io::Error as IoError;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::Error;

/// A shell that removes a folder at the end of its standard input, and goes on until no server makes files there any more.
const WATCH: &str = r#"read -r end; while [ -e "$1" ]; do rm -rf "$1" || sleep 0.05; done"#;

/// A temporary folder in which one server after the other works; it is removed when it is dropped and when the test
/// process is killed.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    watch: Child,
}

impl Folder {
    /// Makes an empty folder whose name starts with `prefix`.
    pub(crate) fn new(prefix: &str) -> Result<Self, Error> {
        let failed = |error: IoError| Error::failed(&std::env::temp_dir(), error);
        let folder = tempfile::Builder::new().prefix(prefix).tempdir().map_err(failed)?;
        let mut watch = Command::new("sh");
        watch.args(["-c", WATCH, "sh"]).arg(folder.path()).process_group(0);
        watch.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let watch = watch.spawn().map_err(failed)?;
        Ok(Folder { path: folder.keep(), watch })
    }

    /// Where it is, from the root.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(self.watch.stdin.take());
        // It cannot be waited for only if it was waited for before.
        let _ = self.watch.wait();
    }
}
