//! A running browser of this workspace's own graph, on a free port, with a database of its own.

// Each test file uses a part of it.
#![allow(dead_code)]

use crate_browser::smoke::client::Client;
use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// The program.
pub fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_crate-browser"))
}

/// The manifest of this workspace.
pub fn manifest() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml")
}

/// An empty folder for one test.
pub fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("crate-browser-{test}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder for the test");
    folder
}

/// A server that stops when it is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

impl Server {
    pub fn start(folder: &Path, more: &[&str]) -> Self {
        let mut child = program()
            .args(["--port", "0", "--database"])
            .arg(folder.join("graph.sqlite"))
            .arg("--manifest-path")
            .arg(manifest())
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let out = BufReader::new(child.stdout.take().expect("its output"));
        let address = out.lines().map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("http://")?;
            rest.split_once('/')?.0.parse().ok()
        });
        let address = address.expect("the program says where it listens");
        Self { child, address }
    }

    pub fn client(&self) -> Client {
        Client::new(self.address)
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
