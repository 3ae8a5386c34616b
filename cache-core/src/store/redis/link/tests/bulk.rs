//! Much at once, and what stands between replies.

use super::*;

/// Long enough that no socket takes it in one piece.
fn long(number: usize) -> String {
    format!("{number}/").repeat(2_000_000)
}

fn echoes(links: &Links) {
    thread::scope(|scope| {
        for number in 0..4 {
            scope.spawn(move || {
                let text = long(number);
                for round in 0..3 {
                    let key = format!("{number}/{round}");
                    let set = group(&["SET", &key, &text]).with(cmd(&["GET", &key])).with(cmd(&["ECHO", &key]));
                    let answered = links.block(links.run_one(set)).unwrap();
                    assert!(answered.values == [Value::Okay, bulk(&text), bulk(&key)], "{key}");
                    assert_eq!(value(links, &["STRLEN", &key]), Value::Int(text.len() as i64));
                }
            });
        }
    });
}

#[test]
fn long_requests_and_replies_are_whole() {
    if left_out() {
        return;
    }
    let server = Redis::builder().unix_socket().start().unwrap();
    echoes(&links(&server));
    echoes(&open(Settings::standalone(&server.unix_url()).unwrap()).unwrap());
    let server = Redis::builder().tls().start().unwrap();
    echoes(&open(Settings::standalone(&server.tls_url()).unwrap().authorities(server.authority())).unwrap());
}

#[test]
fn a_crowd_gets_each_its_own() {
    if left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let links = links(&server);
    for crowd in [1, 2, 7, 100, 1, 1, 300] {
        let ask = async |number: usize| {
            let text = number.to_string().repeat(number % 50 + 1);
            let answers = links.run(vec![group(&["ECHO", &text]).with(cmd(&["PING"]))]).await;
            assert_eq!(answers[0].as_ref().unwrap().values, [bulk(&text), Value::SimpleString("PONG".into())]);
        };
        links.block(futures::future::join_all((0..crowd).map(ask)));
    }
}
