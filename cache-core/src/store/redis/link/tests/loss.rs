//! Connections and servers that go, and come back.

use std::sync::{Arc, Mutex};

use super::*;

#[test]
fn a_killed_connection_is_replaced() {
    if left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let links = links(&server);
    let before = ask(&links, &["ECHO", "x"]).unwrap().incarnation;
    for _ in 0..20 {
        server.cli(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        assert_eq!(answered(&links, &["ECHO", "x"]).incarnation, before);
    }
    assert!(links.health()[0].failures >= 20);
}

#[test]
fn an_overdue_answer_is_given_up_and_the_server_found_again() {
    if left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let links = hasty(Settings::standalone(&server.url()).unwrap().timeout(Duration::from_millis(100))).unwrap();
    let before = ask(&links, &["ECHO", "x"]).unwrap().incarnation;
    server.pause();
    let start = Instant::now();
    let fault = ask(&links, &["ECHO", "x"]).unwrap_err();
    let waited = start.elapsed();
    assert_eq!(fault.kind(), FaultKind::TimedOut, "{fault}");
    assert!(waited >= Duration::from_millis(100), "{waited:?}");
    ask(&links, &["ECHO", "x"]).unwrap_err();
    eventually("a node without a connection", || (!links.health()[0].connected).then_some(()));
    ask(&links, &["ECHO", "x"]).unwrap_err();
    server.resume();
    assert_eq!(answered(&links, &["ECHO", "x"]).incarnation, before);
}

#[test]
fn all_who_wait_on_a_stuck_server_are_told_although_others_give_up_and_come() {
    if left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let links = hasty(Settings::standalone(&server.url()).unwrap().timeout(Duration::from_millis(100))).unwrap();
    server.pause();
    thread::scope(|scope| {
        let waiting: Vec<_> = (0..8).map(|_| scope.spawn(|| ask(&links, &["ECHO", "x"]))).collect();
        for _ in 0..40 {
            let mut asked = Box::pin(links.run(vec![group(&["ECHO", "y"])]));
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            let _ = asked.as_mut().poll(&mut context);
            thread::sleep(Duration::from_millis(3));
        }
        for waiter in waiting {
            assert!(waiter.join().unwrap().is_err());
        }
    });
    server.resume();
    answered(&links, &["ECHO", "x"]);
}

#[test]
fn a_restart_is_another_incarnation() {
    if left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let links = links(&server);
    let before = ask(&links, &["SET", "a", "1"]).unwrap().incarnation;
    server.cli(&["SAVE"]);
    server.kill();
    let fault = eventually("a fault", || ask(&links, &["GET", "a"]).err());
    assert!(matches!(fault.kind(), FaultKind::Unreachable | FaultKind::Overloaded), "{fault}");
    server.restart();
    let answered = answered(&links, &["GET", "a"]);
    assert_eq!(answered.values, [bulk("1")]);
    assert_ne!(answered.incarnation, before);
}

#[test]
fn the_circuit_opens_and_closes() {
    if left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let links = links(&server);
    ask(&links, &["ECHO", "x"]).unwrap();
    server.kill();
    let health = eventually("an open circuit", || {
        Some(links.health().remove(0)).filter(|health| health.circuit == CircuitState::Open)
    });
    assert!(!health.connected && health.failures >= 5 && health.openings >= 1, "{health:?}");
    assert_eq!(ask(&links, &["ECHO", "x"]).unwrap_err().kind(), FaultKind::Overloaded);
    server.restart();
    answered(&links, &["ECHO", "x"]);
    let health = links.health().remove(0);
    assert!(health.connected && health.fault.is_none(), "{health:?}");
    assert_eq!(health.circuit, CircuitState::Closed);
}

#[test]
fn another_history_is_noticed_on_an_open_connection() {
    if left_out() {
        return;
    }
    let server = Redis::builder().config("enable-debug-command", "local").start().unwrap();
    let links = open(Settings::standalone(&server.url()).unwrap().rehandshake(Duration::ZERO)).unwrap();
    let before = ask(&links, &["ECHO", "x"]).unwrap();
    assert_eq!(before.values, [bulk("x")]);
    server.cli(&["DEBUG", "CHANGE-REPL-ID"]);
    let after = ask(&links, &["ECHO", "x"]).unwrap();
    assert_eq!(after.values, [bulk("x")]);
    assert_ne!(after.incarnation, before.incarnation);
    assert_eq!(links.health()[0].incarnation, Some(after.incarnation));
}

#[test]
fn pushes_come_before_the_reply_after_them_and_their_end_is_told_once() {
    if left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let links = links(&server);
    let seen: Arc<Mutex<Vec<Push>>> = Arc::default();
    let received = seen.clone();
    let node = links.masters().remove(0);
    let subscription = links.block(links.subscribe(&node, move |push| received.lock().unwrap().push(push))).unwrap();
    let tracking = Group::new(0).with(cmd(&["CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "m"]));
    let answered = links.block(subscription.run(tracking)).unwrap();
    assert_eq!(answered.values, [Value::Okay]);
    assert_eq!(answered.incarnation, subscription.incarnation());
    assert_eq!(value(&links, &["SET", "m1", "1"]), Value::Okay);
    assert_eq!(value(&links, &["SET", "other", "1"]), Value::Okay);
    // The second ping is in a later turn of the server than the changes are.
    for _ in 0..2 {
        links.block(subscription.run(Group::new(0).with(cmd(&["PING"])))).unwrap();
    }
    let keys = Value::Array(vec![bulk("m1")]);
    assert_eq!(*seen.lock().unwrap(), [Push::Message { kind: redis::PushKind::Invalidate, data: vec![keys] }]);

    server.kill();
    let fault = links.block(subscription.lost());
    assert_eq!(fault.kind(), FaultKind::Unreachable);
    assert_eq!(seen.lock().unwrap()[1..], [Push::Lost(fault)]);
    assert!(links.block(subscription.run(Group::new(0).with(cmd(&["PING"])))).is_err());
}

#[test]
fn the_last_clone_closes_everything() {
    if left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let first = links(&server);
    let second = first.clone();
    let (alive, ended) = std::sync::mpsc::channel::<()>();
    first.spawn(async move {
        std::future::pending::<()>().await;
        drop(alive);
    });
    drop(first);
    assert_eq!(value(&second, &["ECHO", "x"]), bulk("x"));
    assert_eq!(ended.try_recv(), Err(std::sync::mpsc::TryRecvError::Empty));
    drop(second);
    assert!(ended.recv().is_err());
    eventually("closed connections", || (!server.cli(&["CLIENT", "LIST"]).contains("name=cache ")).then_some(()));
}
