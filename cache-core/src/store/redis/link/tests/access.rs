//! Ways in.

use super::*;

fn refused(settings: Settings) -> String {
    let fault = open(settings).map(|_| ()).unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Refused, "{fault}");
    fault.to_string()
}

#[test]
fn one_value_a_command_and_errors_in_their_places() {
    if left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let links = links(&server);
    let group = Group::new(slot(b"a"))
        .with(cmd(&["SET", "a", "1"]))
        .with(cmd(&["HGET", "a", "field"]))
        .with(cmd(&["GET", "a"]))
        .with(cmd(&["GET", "absent"]));
    let answered = links.block(links.run_one(group)).unwrap();
    assert_eq!(answered.values.len(), 4);
    assert_eq!(answered.values[0], Value::Okay);
    assert!(matches!(&answered.values[1], Value::ServerError(error) if error.code() == "WRONGTYPE"));
    assert_eq!(answered.values[2..], [bulk("1"), Value::Nil]);
    assert_eq!(links.masters().len(), 1);
    assert_eq!(links.health()[0].incarnation, Some(answered.incarnation));
    assert!(server.cli(&["CLIENT", "LIST"]).contains("name=cache "));
}

#[test]
fn groups_are_answered_in_their_order() {
    if left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let links = links(&server);
    let texts: Vec<String> = (0..300).map(|number| number.to_string()).collect();
    let groups = texts.iter().enumerate().map(|(index, text)| {
        let echoes = (0..index % 3).map(|_| cmd(&["ECHO", text]));
        Group { slot: 0, commands: echoes.collect() }
    });
    let answers = links.block(links.run(groups.collect()));
    assert_eq!(answers.len(), 300);
    for (index, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.unwrap().values, vec![bulk(&texts[index]); index % 3]);
    }
    assert!(links.block(links.run(Vec::new())).is_empty());
}

#[test]
fn a_socket_and_a_database() {
    if left_out() {
        return;
    }
    let server = Redis::builder().unix_socket().start().unwrap();
    let settings = Settings::standalone(&server.unix_url()).unwrap().database(3).client_name("shop 1");
    let links = open(settings).unwrap();
    assert_eq!(value(&links, &["SET", "a", "1"]), Value::Okay);
    assert_eq!(server.cli(&["GET", "a"]), "");
    let clients = server.cli(&["CLIENT", "LIST"]);
    assert!(clients.contains("name=shop-1 ") && clients.contains(" db=3 "), "{clients}");
}

#[test]
fn a_database_that_is_not_there() {
    if left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let message = refused(Settings::standalone(&server.url()).unwrap().database(99));
    assert!(message.contains("index is out of range"), "{message}");
    let message = refused(Settings::cluster([&*server.url()]).unwrap().database(1));
    assert!(message.contains("no database 1"), "{message}");
}

#[test]
fn tls_with_the_authority_and_without() {
    if left_out() {
        return;
    }
    let server = Redis::builder().tls().start().unwrap();
    let settings = Settings::standalone(&server.tls_url()).unwrap();
    let links = open(settings.clone().authorities(server.authority())).unwrap();
    assert_eq!(value(&links, &["ECHO", "x"]), bulk("x"));

    let message = refused(settings.clone());
    assert!(message.contains("check the authorities") || message.contains("trusts no certificate"), "{message}");
    let links = open(settings.clone().insecure()).unwrap();
    assert_eq!(value(&links, &["ECHO", "x"]), bulk("x"));

    let message = refused(settings.clone().authorities("/nowhere/ca.pem"));
    assert!(message.contains("/nowhere/ca.pem"), "{message}");
    let message = refused(settings.authorities(server.authority()).identity("/nowhere/c.pem", "/nowhere/k.pem"));
    assert!(message.contains("/nowhere/c.pem"), "{message}");
}

#[test]
fn a_server_that_asks_for_a_certificate() {
    if left_out() {
        return;
    }
    let server = Redis::builder().tls().config("tls-auth-clients", "yes").start().unwrap();
    let settings = Settings::standalone(&server.tls_url()).unwrap().authorities(server.authority());
    let fault = open(settings.clone()).map(|_| ()).unwrap_err();
    assert!(matches!(fault.kind(), FaultKind::Refused | FaultKind::Unreachable), "{fault}");
    let [certificate, key] = ["server.crt", "server.key"].map(|file| server.authority().with_file_name(file));
    let links = open(settings.identity(certificate, key)).unwrap();
    assert_eq!(value(&links, &["ECHO", "x"]), bulk("x"));
}

#[test]
fn a_wrong_password_is_told_with_the_address_and_not_shown() {
    if left_out() {
        return;
    }
    let server = Redis::builder().password("rightword").start().unwrap();
    let url = format!("redis://127.0.0.1:{}", server.port());
    let settings = Settings::standalone(&url).unwrap();
    let address = format!("127.0.0.1:{}", server.port());

    let message = refused(settings.clone().credentials(None, "wrongword"));
    assert!(message.starts_with(&address) && message.contains("check the credentials"), "{message}");
    assert!(!message.contains("wrongword"), "{message}");
    let message = refused(settings.clone());
    assert!(message.contains("asks for a password"), "{message}");
    let links = open(settings.credentials(None, "rightword")).unwrap();
    assert!(!format!("{links:?}").contains("rightword"));
    assert_eq!(value(&links, &["ECHO", "x"]), bulk("x"));
}

#[test]
fn a_user_has_to_be_allowed_to_ask_who_the_server_is() {
    if left_out() {
        return;
    }
    let server = Redis::builder()
        .user("ann", "on >annsword ~* +@all")
        .user("bob", "on >bobsword ~* +get +hello")
        .start()
        .unwrap();
    let settings = Settings::standalone(&format!("redis://127.0.0.1:{}", server.port())).unwrap();
    let links = open(settings.clone().credentials(Some("ann"), "annsword")).unwrap();
    assert_eq!(value(&links, &["ECHO", "x"]), bulk("x"));
    let message = refused(settings.credentials(Some("bob"), "bobsword"));
    assert!(message.contains("+info"), "{message}");
}

#[test]
fn nobody_there() {
    if left_out() {
        return;
    }
    let server = Redis::start().unwrap();
    let settings = Settings::standalone(&server.url()).unwrap();
    server.kill();
    let fault = open(settings).map(|_| ()).unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Unreachable);
    assert!(fault.to_string().starts_with(&format!("127.0.0.1:{}", server.port())), "{fault}");
}

#[test]
fn a_replica_is_not_taken_and_one_that_was_a_primary_is_given_up() {
    if left_out() {
        return;
    }
    let primary = Redis::start().unwrap();
    let replica = Redis::builder().replica_of(&primary).start().unwrap();
    let settings = Settings::standalone(&replica.url()).unwrap();
    let fault = open(settings.clone()).map(|_| ()).unwrap_err();
    assert_eq!(fault.kind(), FaultKind::NotPrimary, "{fault}");

    replica.promote();
    let links = open(settings).unwrap();
    let before = ask(&links, &["SET", "a", "1"]).unwrap().incarnation;
    replica.follow(&primary);
    let fault = eventually("a fault", || ask(&links, &["SET", "a", "2"]).err());
    assert!(matches!(fault.kind(), FaultKind::NotPrimary | FaultKind::Unreachable), "{fault}");
    let fault = eventually("the reason", || links.health().remove(0).fault);
    assert!(fault.to_string().contains("replica"), "{fault}");
    replica.promote();
    assert_ne!(answered(&links, &["SET", "a", "3"]).incarnation, before);
}

#[test]
fn a_change_of_role_is_noticed_by_reads_too() {
    if left_out() {
        return;
    }
    let primary = Redis::start().unwrap();
    let server = Redis::start().unwrap();
    let links = open(Settings::standalone(&server.url()).unwrap().rehandshake(Duration::ZERO)).unwrap();
    assert_eq!(value(&links, &["GET", "a"]), Value::Nil);
    server.follow(&primary);
    for _ in 0..3 {
        let fault = ask(&links, &["GET", "a"]).unwrap_err();
        assert!(fault.to_string().contains("replica") || fault.kind() == FaultKind::Unreachable, "{fault}");
    }
    server.promote();
    answered(&links, &["GET", "a"]);
}
