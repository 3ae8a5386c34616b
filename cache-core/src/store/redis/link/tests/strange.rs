//! Servers that do not behave.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use super::*;

const INFO: &str = "role:master\r\nredis_mode:standalone\r\nrun_id:a\r\nmaster_replid:b\r\n";

/// Answers each connection with what `answer` says to each command, until there is none.
fn server(answer: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Settings {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = std::sync::Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let answer = answer.clone();
            thread::spawn(move || talk(stream.unwrap(), &*answer));
        }
    });
    Settings::standalone(&format!("redis://127.0.0.1:{port}")).unwrap()
}

fn talk(mut stream: TcpStream, answer: &dyn Fn(&str) -> Option<String>) {
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        for command in text.split('*').skip(1) {
            let words: Vec<&str> = command.split("\r\n").skip(2).step_by(2).collect();
            let Some(answer) = answer(&words.join(" ")) else { return };
            stream.write_all(answer.as_bytes()).unwrap();
        }
    }
}

fn primary(command: &str) -> String {
    match command.split(' ').next() {
        Some("HELLO") => "%0\r\n".to_owned(),
        Some("INFO") => format!("${}\r\n{INFO}\r\n", INFO.len()),
        _ => "+OK\r\n".to_owned(),
    }
}

#[test]
fn a_server_of_the_old_protocol_is_told_what_is_needed() {
    for hello in ["-ERR unknown command `HELLO`, with args beginning with: `3`, \r\n", "-NOPROTO unsupported\r\n"] {
        let fault = open(server(move |_| Some(hello.to_owned()))).map(|_| ()).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Refused);
        assert!(fault.to_string().contains("RESP3") && fault.to_string().contains("6.2"), "{fault}");
    }
}

#[test]
fn a_server_that_hangs_up_or_never_greets() {
    let fault = open(server(|_| None)).map(|_| ()).unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Unreachable, "{fault}");
    let settings = server(|_| Some(String::new())).connect_timeout(Duration::from_millis(50));
    let fault = open(settings).map(|_| ()).unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Unreachable, "{fault}");
}

#[test]
fn a_reply_that_is_none_ends_the_connection() {
    let links = open(server(|command| match command {
        "ECHO bad" => Some("?what\r\n+OK\r\n".to_owned()),
        "ECHO good" => Some("+good\r\n".to_owned()),
        other => Some(primary(other)),
    }))
    .unwrap();
    assert_eq!(value(&links, &["ECHO", "good"]), Value::SimpleString("good".into()));
    let fault = ask(&links, &["ECHO", "bad"]).unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Unreachable, "{fault}");
    assert_eq!(answered(&links, &["ECHO", "good"]).values, [Value::SimpleString("good".into())]);
}

#[test]
fn replies_that_send_elsewhere_are_faults_of_their_group_only() {
    let links = open(server(|command| match command.strip_prefix("ECHO ") {
        Some(error) => Some(format!("-{error} of the test\r\n")),
        None => Some(primary(command)),
    }))
    .unwrap();
    for (error, kind) in [
        ("MOVED", FaultKind::Moved),
        ("ASK", FaultKind::Moved),
        ("TRYAGAIN", FaultKind::Moved),
        ("CLUSTERDOWN", FaultKind::Moved),
        ("LOADING", FaultKind::Server),
        ("READONLY", FaultKind::NotPrimary),
        ("MASTERDOWN", FaultKind::NotPrimary),
    ] {
        let groups = vec![group(&["PING"]), group(&["ECHO", error]), group(&["ECHO", "OOM"])];
        let answers = eventually("a connection", || {
            let answers = links.block(links.run(groups.clone()));
            answers[0].is_ok().then_some(answers)
        });
        assert_eq!(answers[1].as_ref().unwrap_err().kind(), kind, "{error}");
        let Value::ServerError(refusal) = &answers[2].as_ref().unwrap().values[0] else { panic!("{answers:?}") };
        assert_eq!(refusal.code(), "OOM");
    }
}

#[test]
fn what_is_pushed_between_replies_is_no_part_of_them() {
    let push = ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n";
    let settings = server(move |command| match command.strip_prefix("ECHO ") {
        Some(text) => Some(format!("{push}+{text}\r\n{push}{push}")),
        None => Some(primary(command)),
    });
    let links = open(settings).unwrap();
    for _ in 0..3 {
        let answered = links.block(links.run_one(group(&["ECHO", "a"]).with(cmd(&["ECHO", "b"])))).unwrap();
        assert_eq!(answered.values, ["a", "b"].map(|text| Value::SimpleString(text.into())));
    }
}

#[test]
fn a_reply_that_nobody_waits_for_ends_the_connection() {
    let links = open(server(|command| match command {
        "ECHO twice" => Some("+one\r\n+two\r\n".to_owned()),
        other => Some(primary(other)),
    }))
    .unwrap();
    let before = links.health()[0].failures;
    assert_eq!(value(&links, &["ECHO", "twice"]), Value::SimpleString("one".into()));
    eventually("the connection ends", || (links.health()[0].failures > before).then_some(()));
    assert_eq!(answered(&links, &["PING"]).values, [Value::Okay]);
}
