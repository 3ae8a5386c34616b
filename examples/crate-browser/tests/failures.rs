//! When the program cannot go on, it says so in one sentence with a remedy.

mod common;

use common::{folder, manifest, program};
use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Command, Output},
};
use test_servers::Redis;

fn fails(command: &mut Command, fault: &str, remedy: &str) {
    let Output { status, stderr, .. } = command.output().expect("the program starts");
    let stderr = String::from_utf8_lossy(&stderr);
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert!(stderr.starts_with("error: "), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "one sentence: {stderr}");
    assert!(stderr.contains(fault), "{stderr}");
    assert!(stderr.contains(remedy), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[test]
fn a_taken_port() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut command = program();
    command.arg("--manifest-path").arg(manifest()).args(["--port", &port]);
    fails(&mut command, &format!("port {port} is taken"), "--port");
}

#[test]
fn no_manifest_in_the_folder_or_above() {
    let folder = std::env::temp_dir().join(format!("crate-browser-nothing-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fails(program().current_dir(&folder), "there is no Cargo.toml in", "--manifest-path");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_manifest_that_is_not_there() {
    fails(
        program().args(["--manifest-path", "/nowhere/Cargo.toml"]),
        "there is no file /nowhere/Cargo.toml",
        "--manifest-path",
    );
}

#[test]
fn a_manifest_that_cargo_refuses() {
    let folder = folder("refused");
    fs::write(folder.join("Cargo.toml"), "[package]\nname = 3\n").unwrap();
    fails(program().arg("--manifest-path").arg(&folder), "cargo cannot read", "cargo metadata");
}

#[test]
fn no_cargo() {
    let folder = folder("no-cargo");
    let mut command = program();
    command.env("PATH", &folder).env_remove("CARGO").arg("--manifest-path").arg(manifest());
    fails(&mut command, "`cargo` was not found", "install Rust");
}

#[test]
fn a_database_that_is_none() {
    let folder = folder("none");
    let file = folder.join("notes.txt");
    fs::write(&file, "Not a database, but somebody's notes.".repeat(10)).unwrap();
    for more in [&[][..], &["--fresh"]] {
        let mut command = program();
        command.args(["--port", "0"]).args(more).arg("--manifest-path").arg(manifest()).arg("--database").arg(&file);
        fails(&mut command, "it is not a database of the crate browser", "--database");
    }
    assert!(fs::read_to_string(&file).unwrap().starts_with("Not a database"), "the file is left alone");
}

#[test]
fn a_damaged_database() {
    let folder = folder("damaged");
    drop(common::Server::start(&folder, &[]));
    let file = folder.join("graph.sqlite");
    let _ = fs::remove_file(folder.join("graph.sqlite-wal"));
    let mut bytes = fs::read(&file).unwrap();
    bytes[100..].fill(0xff);
    fs::write(&file, bytes).unwrap();
    let mut command = program();
    command.args(["--port", "0"]).arg("--manifest-path").arg(manifest()).arg("--database").arg(&file);
    fails(&mut command, "cannot be used", "delete the file");
}

#[test]
fn a_database_in_use() {
    let folder = folder("in-use");
    let _server = common::Server::start(&folder, &[]);
    let mut command = program();
    command
        .args(["--port", "0"])
        .arg("--manifest-path")
        .arg(manifest())
        .arg("--database")
        .arg(folder.join("graph.sqlite"));
    fails(&mut command, "in use by another crate browser", "--database");
}

/// The program on the database in `folder`.
fn sharing(folder: &Path, more: &[&str]) -> Command {
    let mut command = program();
    let file = folder.join("graph.sqlite");
    command.args(["--port", "0"]).arg("--manifest-path").arg(manifest()).arg("--database").arg(file).args(more);
    command
}

#[test]
fn an_address_of_a_store_that_is_none() {
    let folder = folder("store-address");
    for (url, fault) in
        [("localhost", "no scheme"), ("http://:hush@host", "http"), ("redis://:hush@host/first", "first")]
    {
        let mut command = sharing(&folder, &["--redis", url]);
        fails(&mut command, fault, "redis://:PASSWORD@HOST:PORT");
        assert!(!String::from_utf8_lossy(&command.output().unwrap().stderr).contains("hush"));
    }
}

#[test]
fn a_store_that_is_not_there() {
    let folder = folder("store-gone");
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("redis://:hush@{gone}");
    let mut command = sharing(&folder, &["--redis", &url]);
    fails(&mut command, &gone.to_string(), "see that the server runs");
    assert!(!String::from_utf8_lossy(&command.output().unwrap().stderr).contains("hush"));
    assert!(!folder.join("graph.sqlite").exists(), "nothing was imported");
}

#[test]
fn a_store_that_wants_a_password() {
    if test_servers::left_out() {
        return;
    }
    let server = Redis::builder().password("open-sesame").start().unwrap();
    let folder = folder("store-password");
    for (url, fault) in [
        (format!("redis://127.0.0.1:{}", server.port()), "NOAUTH"),
        (format!("redis://:hush@127.0.0.1:{}", server.port()), "WRONGPASS"),
    ] {
        let mut command = sharing(&folder, &["--redis", &url]);
        fails(&mut command, fault, "redis://:PASSWORD@HOST:PORT");
        assert!(!String::from_utf8_lossy(&command.output().unwrap().stderr).contains("hush"));
    }
}

#[test]
fn a_shared_database_in_use() {
    if test_servers::left_out() {
        return;
    }
    let folder = folder("store-in-use");
    let url = Redis::shared().url();
    let _server = common::Server::start(&folder, &["--redis", &url]);
    fails(&mut sharing(&folder, &[]), "in use by another crate browser", "--redis");
    fails(&mut sharing(&folder, &["--redis", &url, "--fresh"]), "in use by other crate browsers", "stop them");
    fails(&mut sharing(&folder, &["--redis", &url, "--strict"]), "with the store redis://", "--strict");
}

#[test]
fn a_database_of_another_workspace() {
    let folder = folder("another");
    drop(common::Server::start(&folder, &[]));
    let other = folder.join("other");
    fs::create_dir_all(other.join("src")).unwrap();
    fs::write(other.join("Cargo.toml"), "[package]\nname = \"other\"\nedition = \"2021\"\n[workspace]\n").unwrap();
    fs::write(other.join("src/lib.rs"), "").unwrap();
    let mut command = program();
    command.args(["--port", "0"]).arg("--manifest-path").arg(&other).arg("--database").arg(folder.join("graph.sqlite"));
    fails(&mut command, "holds another workspace", "--fresh");
}
