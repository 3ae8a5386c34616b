//! A server process that ends with what has started it.

use std::fs::File;
use std::io::{Read, Seek};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::Error;

/// A shell runs the server and waits for the end of its standard input, which only the test process holds open: the pipe
/// is closed when that drops the server and also when it is killed. The shell then signals the server until that is
/// gone, and removes its folder, if it was told of one.
///
/// A signal on the death of the parent would not do: it comes with the end of the thread that has started the
/// server, which for a shared server is just the first test that needed it.
const WATCH: &str = r#"
folder=$1 signal=$2
shift 2
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
( read -r end <&3; while kill -s "$signal" "$server" 2>/dev/null; do sleep 0.05; done ) >/dev/null 2>&1 &
watcher=$!
exec 3<&- </dev/null
wait "$server"
kill "$watcher" 2>/dev/null
[ -z "$folder" ] || rm -rf "$folder"
"#;

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running server; dropping it stops the server and removes its folder, where that does not outlive it.
#[derive(Debug)]
pub(crate) struct Process {
    watch: Child,
    log: File,
}

impl Process {
    /// Starts a server that works in `folder` and obeys `signal`, and waits until `ready` says that it answers.
    pub(crate) fn start(
        folder: TempDir,
        signal: &str,
        server: &Command,
        ready: impl Fn(&Path) -> bool,
    ) -> Result<Self, Error> {
        let folder_path = folder.path().to_path_buf();
        let process = Process::spawn(&folder_path, &folder_path, signal, server)?;
        // From here on the shell removes it.
        let _ = folder.keep();
        process.answers(server, || ready(&folder_path))
    }

    /// Starts a server as `start` does, in a folder that outlives it.
    pub(crate) fn start_in(
        folder: &Path,
        signal: &str,
        server: &Command,
        ready: impl Fn() -> bool,
    ) -> Result<Self, Error> {
        Process::spawn(folder, Path::new(""), signal, server)?.answers(server, ready)
    }

    /// Starts a server that works in one folder and removes another one at its end.
    fn spawn(folder: &Path, removed: &Path, signal: &str, server: &Command) -> Result<Self, Error> {
        let failed = |error| Error::failed(Path::new(server.get_program()), error);
        let log = tempfile::tempfile().map_err(failed)?;
        let mut watch = Command::new("sh");
        watch.args(["-c", WATCH, "sh"]).arg(removed).arg(signal);
        watch.arg(server.get_program()).args(server.get_args());
        // A group of its own: an interrupt from the keyboard is for the tests, and the shell has to tidy up after them.
        watch.process_group(0).current_dir(folder).stdin(Stdio::piped());
        watch.stdout(log.try_clone().map_err(failed)?).stderr(log.try_clone().map_err(failed)?);
        let watch = watch.spawn().map_err(failed)?;
        Ok(Process { watch, log })
    }

    /// Waits until a server answers; one that does not is stopped.
    fn answers(mut self, server: &Command, ready: impl Fn() -> bool) -> Result<Self, Error> {
        let program = Path::new(server.get_program());
        let started = Instant::now();
        while !ready() {
            let ended = self.watch.try_wait().map_err(|error| Error::failed(program, error))?.is_some();
            if ended || started.elapsed() > PATIENCE {
                let said = if ended { "has ended" } else { "does not answer" };
                return Err(Error::failed(program, format_args!("{said}\n{}", self.log())));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(self)
    }

    /// What the server has written.
    fn log(&mut self) -> String {
        let mut text = String::new();
        let read = self.log.rewind().and_then(|()| self.log.read_to_string(&mut text));
        read.map_or_else(|error| error.to_string(), |_| text)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.watch.stdin.take());
        // It cannot be waited for only if it was waited for before.
        let _ = self.watch.wait();
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> Result<u16, Error> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).map_err(|error| Error::failed(Path::new("127.0.0.1"), error))
}

/// Starts a server on a free port, and on another one if somebody was faster.
pub(crate) fn on_free_port<S>(start: impl Fn(u16) -> Result<S, Error>) -> Result<S, Error> {
    let mut outcome = start(free_port()?);
    for _ in 0..2 {
        if outcome.is_err() {
            outcome = start(free_port()?);
        }
    }
    outcome
}

/// Waits for what servers do by themselves after they were told to.
pub(crate) fn until(what: impl Fn() -> String, happened: impl Fn() -> bool) -> Result<(), Error> {
    let started = Instant::now();
    while !happened() {
        if started.elapsed() > PATIENCE {
            return Err(Error::waited(what()));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}
