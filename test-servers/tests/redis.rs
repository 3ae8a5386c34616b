//! Redis servers start, stop, come back and follow each other.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use test_servers::{Redis, end_if_left_out};

fn answers(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

#[test]
fn a_server_lives_as_long_as_its_value() {
    end_if_left_out();
    let server = Redis::start().unwrap();
    assert_eq!(server.url(), format!("redis://127.0.0.1:{}/", server.port()));
    assert_eq!(server.cli(&["PING"]), "PONG");
    assert_eq!(server.cli(&["GET", "nothing"]), "");
    assert_eq!(server.cli(&["RPUSH", "list", "a", "b c"]), "2");
    assert_eq!(server.cli(&["LRANGE", "list", "0", "-1"]), "a\nb c");
    assert!(server.try_cli(&["INCR", "list"]).unwrap_err().to_string().contains("WRONGTYPE"));
    let port = server.port();
    drop(server);
    assert!(!answers(port));
}

#[test]
fn tests_share_a_server() {
    end_if_left_out();
    Redis::shared().cli(&["SET", "tests_share_a_server", "here"]);
    assert_eq!(Redis::shared().cli(&["GET", "tests_share_a_server"]), "here");
    assert_ne!(Redis::shared().port(), Redis::start().unwrap().port());
}

#[test]
fn a_killed_server_comes_back_with_what_it_saved() {
    end_if_left_out();
    let server = Redis::start().unwrap();
    let (url, run) = (server.url(), server.info("run_id").unwrap());
    server.cli(&["SET", "saved", "1"]);
    server.cli(&["SAVE"]);
    server.cli(&["SET", "lost", "1"]);
    server.kill();
    assert!(!answers(server.port()));
    assert!(server.try_cli(&["PING"]).is_err());
    server.restart();
    assert_eq!(server.cli(&["EXISTS", "saved"]), "1");
    assert_eq!(server.cli(&["EXISTS", "lost"]), "0");
    assert_eq!(server.url(), url);
    assert_ne!(server.info("run_id").unwrap(), run);
}

#[test]
fn an_append_only_file_loses_nothing() {
    end_if_left_out();
    let server = Redis::builder().config("appendonly", "yes").start().unwrap();
    server.cli(&["SET", "kept", "1"]);
    server.restart();
    assert_eq!(server.cli(&["GET", "kept"]), "1");
}

#[test]
fn a_paused_server_answers_later() {
    end_if_left_out();
    let server = Redis::start().unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    server.pause();
    stream.write_all(b"PING\r\n").unwrap();
    let mut answer = [0; 7];
    let silent = stream.read(&mut answer).unwrap_err().kind();
    assert!(matches!(silent, ErrorKind::WouldBlock | ErrorKind::TimedOut), "{silent:?}");
    server.resume();
    stream.set_read_timeout(None).unwrap();
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"+PONG\r\n");
    server.pause();
    let port = server.port();
    drop(server);
    assert!(!answers(port), "a paused server ends as well");
}

#[test]
fn configuration_reaches_the_server() {
    end_if_left_out();
    let server = Redis::builder().config("maxmemory", "4mb").config("maxmemory-policy", "allkeys-lru").start().unwrap();
    assert_eq!(server.cli(&["CONFIG", "GET", "maxmemory"]), "maxmemory\n4194304");
    assert_eq!(server.info("maxmemory_policy").unwrap(), "allkeys-lru");
    let refused = Redis::builder().config("maxmemory", "much").start().unwrap_err().to_string();
    assert!(refused.contains("maxmemory much"), "{refused}");
}

#[test]
fn a_password_is_asked_for() {
    end_if_left_out();
    let server = Redis::builder().password("secret").start().unwrap();
    assert_eq!(server.url(), format!("redis://:secret@127.0.0.1:{}/", server.port()));
    assert_eq!(server.cli(&["PING"]), "PONG");
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.write_all(b"PING\r\n").unwrap();
    let mut answer = [0; 7];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"-NOAUTH");
}

#[test]
fn users_can_do_what_their_rules_say() {
    end_if_left_out();
    let server = Redis::builder().user("default", "off").user("reader", "on >word ~* +@read").start().unwrap();
    server.cli(&["SET", "key", "1"]);
    assert!(server.cli(&["ACL", "LIST"]).contains("user default off"));
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.write_all(b"AUTH reader word\r\nGET key\r\nSET key 2\r\n").unwrap();
    let expected = "+OK\r\n$1\r\n1\r\n-NOPERM";
    let mut answer = vec![0; expected.len()];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(String::from_utf8(answer).unwrap(), expected);

    let server = Redis::builder().password("secret").user("reader", "on >word ~* +@read").start().unwrap();
    assert!(server.url().starts_with("redis://:secret@"));
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.write_all(b"PING\r\nAUTH secret\r\nPING\r\n").unwrap();
    let expected = "-NOAUTH Authentication required.\r\n+OK\r\n+PONG\r\n";
    let mut answer = vec![0; expected.len()];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(String::from_utf8(answer).unwrap(), expected);
}

#[test]
fn a_socket_and_tls_are_further_doors() {
    end_if_left_out();
    let server = Redis::builder().unix_socket().tls().start().unwrap();
    // The socket that a killed server has left is in nobody's way.
    server.restart();
    let mut stream = UnixStream::connect(server.unix_url().strip_prefix("unix://").unwrap()).unwrap();
    stream.write_all(b"PING\r\n").unwrap();
    let mut answer = [0; 7];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"+PONG\r\n");

    let address = server.tls_url().strip_prefix("rediss://").unwrap().trim_end_matches('/').to_owned();
    let mut client = Command::new("openssl");
    client.args(["s_client", "-connect", &address, "-verify_ip", "127.0.0.1", "-verify_return_error", "-brief"]);
    let output = client.arg("-CAfile").arg(server.authority()).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("Verification: OK"), "{said}");
}

#[test]
fn a_replica_follows_and_is_promoted() {
    end_if_left_out();
    let primary = Redis::builder().password("secret").start().unwrap();
    primary.cli(&["SET", "key", "1"]);
    let replica = Redis::builder().replica_of(&primary).start().unwrap();
    assert_eq!(replica.cli(&["GET", "key"]), "1");
    assert!(replica.try_cli(&["SET", "key", "2"]).is_err());
    replica.promote();
    replica.cli(&["SET", "key", "2"]);
    replica.restart();
    assert_eq!(replica.info("role").unwrap(), "master");
    replica.follow(&primary);
    assert_eq!(replica.cli(&["GET", "key"]), "1");
    replica.restart();
    assert_eq!(replica.info("role").unwrap(), "slave");
}
