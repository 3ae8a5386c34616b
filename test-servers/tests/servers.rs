//! Servers start, hold several databases, and are gone afterwards.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use test_servers::{MariaDb, Postgres, Redis, left_out};

fn answers(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// Waits for what has to become true; the test hangs visibly where it does not.
fn until(happened: impl Fn() -> bool) {
    while !happened() {
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn postgres_lives_as_long_as_its_value() {
    if left_out() {
        return;
    }
    let server = Postgres::start().unwrap();
    assert!(answers(server.port()));
    assert_eq!(server.url(), format!("postgres://postgres@127.0.0.1:{}/postgres", server.port()));
    assert!(server.create_database("one").ends_with("/one"));
    let port = server.port();
    drop(server);
    assert!(!answers(port));
}

#[test]
fn mariadb_lives_as_long_as_its_value() {
    if left_out() {
        return;
    }
    let server = MariaDb::start().unwrap();
    assert!(answers(server.port()));
    assert_eq!(server.url(), format!("mysql://root@127.0.0.1:{}/test", server.port()));
    assert!(server.create_database("one").ends_with("/one"));
    let port = server.port();
    drop(server);
    assert!(!answers(port));
}

#[test]
fn a_panic_stops_the_server() {
    if left_out() {
        return;
    }
    let (sender, receiver) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let server = Postgres::start().unwrap();
        sender.send(server.port()).unwrap();
        panic!("on purpose");
    });
    let port = receiver.recv().unwrap();
    assert!(thread.join().is_err());
    assert!(!answers(port));
}

/// Not a test of its own: another process runs it, shares servers from a thread that ends, and is killed.
#[test]
#[ignore = "is run by another test"]
fn shares_servers_until_killed() {
    let ports = || [Postgres::shared().port(), MariaDb::shared().port(), Redis::shared().port()];
    let ports = std::thread::spawn(ports).join().unwrap();
    assert!(ports.into_iter().all(answers));
    println!("\nports {}", ports.map(|port| port.to_string()).join(" "));
    until(|| false);
}

/// The process that shares servers, their ports, and the folder where they are.
fn sharing() -> (Child, [u16; 3], TempDir) {
    // Servers run under another account and have to reach it.
    let reachable = std::fs::Permissions::from_mode(0o755);
    let folder = tempfile::Builder::new().prefix("test-servers-").permissions(reachable).tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "shares_servers_until_killed"])
        .env("TMPDIR", folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.map(|line| line.unwrap()).find(|line| line.starts_with("ports ")).expect("the servers start");
    let ports: Vec<u16> = line.split(' ').skip(1).map(|port| port.parse().unwrap()).collect();
    (child, ports.try_into().unwrap(), folder)
}

#[test]
fn shared_servers_end_with_a_killed_process_and_leave_nothing() {
    if left_out() {
        return;
    }
    let (mut child, ports, folder) = sharing();
    assert!(ports.into_iter().all(answers), "the thread that started them has ended");
    child.kill().unwrap();
    child.wait().unwrap();
    until(|| !ports.into_iter().any(answers));
    until(|| std::fs::read_dir(folder.path()).unwrap().next().is_none());
}
