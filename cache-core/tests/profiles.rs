//! Profiles: which pattern decides about a table, what several tables have in common, and what files may say.
#![cfg(not(feature = "shuttle"))]

use std::time::Duration;

use cache_core::{Cache, ErrorKind, Operation, Operations, Policy, Profile, Profiles, Table};
use proptest::prelude::*;

/// How the macros read times to live.
#[path = "../../cache-macros/src/lifetime.rs"]
mod macros;

const EACH: [Operation; 5] =
    [Operation::Get, Operation::Fetch, Operation::Count, Operation::Exists, Operation::Aggregate];

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn toml(text: &str) -> Profiles {
    toml::from_str(text).unwrap()
}

fn refused(text: &str) -> String {
    toml::from_str::<Profiles>(text).unwrap_err().to_string()
}

fn ttl(profiles: &Profiles, table: &str) -> Option<u64> {
    profiles.resolve([table], Operation::Get).map(|policy| policy.ttl.map_or(0, |ttl| ttl.as_secs()))
}

/// A second reading of the documented rules: it looks at every pattern, for every table, each time.
mod naive {
    use super::*;

    const HISTORIES: [&str; 8] = [
        "seaql_migrations",
        "__diesel_schema_migrations",
        "_sqlx_migrations",
        "django_migrations",
        "refinery_schema_history",
        "flyway_schema_history",
        "schema_migrations",
        "ar_internal_metadata",
    ];

    pub fn parts(name: &str) -> Vec<String> {
        name.split('.').map(|part| part.trim_matches(['"', '`', '[', ']']).to_ascii_lowercase()).collect()
    }

    pub fn normal(pattern: &str) -> Vec<String> {
        let mut parts = parts(pattern);
        while parts.len() > 1 && parts[0] == "*" {
            parts.remove(0);
        }
        parts
    }

    fn glob(pattern: &[char], name: &[char]) -> bool {
        match pattern {
            [] => name.is_empty(),
            ['*', rest @ ..] => (0..=name.len()).any(|taken| glob(rest, &name[taken..])),
            [letter, rest @ ..] => name.first() == Some(letter) && glob(rest, &name[1..]),
        }
    }

    fn exact(pattern: &[String]) -> bool {
        pattern.iter().all(|part| !part.contains('*'))
    }

    fn reaches(pattern: &[String], table: &[String]) -> bool {
        let letters = |text: &String| text.chars().collect::<Vec<_>>();
        pattern.len() <= table.len()
            && pattern.iter().rev().zip(table.iter().rev()).all(|(part, name)| glob(&letters(part), &letters(name)))
    }

    fn rank(pattern: &[String]) -> (bool, usize, usize, isize) {
        let all: String = pattern.concat();
        let stars = all.matches('*').count();
        (exact(pattern), pattern.len(), all.chars().count() - stars, -(stars as isize))
    }

    pub fn both(one: Profile, other: Profile) -> Profile {
        let mut operations = Operations::NONE;
        for operation in EACH {
            if one.operations().contains(operation) && other.operations().contains(operation) {
                operations = operations | operation.into();
            }
        }
        if operations.is_empty() {
            return Profile::none();
        }
        let (one, other) = (any_policy(one), any_policy(other));
        let profile = Profile::new(operations)
            .instance(one.instance && other.instance)
            .collections(one.collections && other.collections)
            .write_through(one.write_through && other.write_through);
        match one.ttl.into_iter().chain(other.ttl).min() {
            Some(ttl) => profile.ttl(ttl),
            None => profile,
        }
    }

    fn any_policy(profile: Profile) -> Policy {
        EACH.into_iter().find_map(|operation| profile.policy(operation)).unwrap_or_default()
    }

    pub fn profile(set: &[(Vec<String>, Profile)], table: &str) -> Profile {
        let table = parts(table);
        let name = table.last().unwrap();
        if name.is_empty() || name.starts_with('#') {
            return Profile::none();
        }
        let history = HISTORIES.contains(&name.as_str());
        let reaching: Vec<_> =
            set.iter().filter(|(pattern, _)| reaches(pattern, &table) && (exact(pattern) || !history)).collect();
        let Some(best) = reaching.iter().map(|(pattern, _)| rank(pattern)).max() else { return Profile::none() };
        let deciding = reaching.into_iter().filter(|(pattern, _)| rank(pattern) == best);
        let elsewhere = set
            .iter()
            .filter(|(pattern, _)| exact(pattern) && pattern.len() > table.len() && pattern.ends_with(&table));
        deciding.chain(elsewhere).map(|(_, profile)| *profile).reduce(both).unwrap()
    }
}

/// Few letters, so that several patterns reach one table, and some of them are equally specific.
fn pattern_part() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => proptest::sample::select(vec!["a", "b", "ab", "*", "a*", "*a", "*b", "b*", "a*b", "*a*", "*b*"])
            .prop_map(str::to_owned),
        1 => "[abA*_]{1,4}".prop_map(|part| part.replace("**", "*").replace("**", "*")),
        1 => proptest::sample::select(vec!["schema_*", "schema_migrations", "*migrations", "\"Ab\"", "été*", "é*é"])
            .prop_map(str::to_owned),
    ]
}

fn table_part() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => proptest::sample::select(vec!["a", "b", "ab", "ba", "aab", "AB"]).prop_map(str::to_owned),
        1 => "[abA_]{1,5}",
        1 => proptest::sample::select(vec![
            "schema_migrations", "Schema_Migrations", "_sqlx_migrations", "my_migrations", "[Ab]", "#a", "", "étété",
        ])
            .prop_map(str::to_owned),
    ]
}

fn name(part: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    proptest::collection::vec(part, 1..4).prop_map(|parts| parts.join("."))
}

fn profile() -> impl Strategy<Value = Profile> {
    let word = proptest::sample::select(vec!["none", "all", "all", "get, fetch, count", "count, exists, aggregate"]);
    (word, proptest::option::of(1..6u64), any::<[bool; 3]>()).prop_map(|(words, ttl, [instance, children, put])| {
        let operations: Operations = words.parse().unwrap();
        if operations.is_empty() {
            return Profile::none();
        }
        let profile = Profile::new(operations).instance(instance).collections(children).write_through(instance && put);
        ttl.map_or(profile, |ttl| profile.ttl(seconds(ttl)))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_rules_as_they_are_documented_decide(
        set in proptest::collection::vec((name(pattern_part()), profile()), 0..12),
        queries in proptest::collection::vec(proptest::collection::vec(name(table_part()), 0..4), 1..12),
        default in proptest::option::of(1..6u64),
    ) {
        let mut builder = Profiles::builder();
        let mut known: Vec<(Vec<String>, Profile)> = Vec::new();
        for (pattern, profile) in set {
            let normal = naive::normal(&pattern);
            if known.iter().all(|(other, _)| *other != normal) {
                builder = builder.set(pattern, profile);
                known.push((normal, profile));
            }
        }
        let mut cache = Cache::builder().profiles(builder.build().unwrap());
        if let Some(default) = default.map(seconds) {
            cache = cache.ttl(default);
            for (_, profile) in &mut known {
                if !profile.operations().is_empty() && profile.policy(profile.operations().iter().next().unwrap()).unwrap().ttl.is_none() {
                    *profile = profile.ttl(default);
                }
            }
        }
        let cache = cache.build();
        for _ in ["decided now", "remembered"] {
            for tables in &queries {
                let expected = tables.iter().map(|table| naive::profile(&known, table)).reduce(naive::both);
                for operation in EACH {
                    let policy = cache.profiles().resolve(tables, operation);
                    prop_assert_eq!(policy, expected.and_then(|profile| profile.policy(operation)), "{:?} {}", tables, operation);
                }
            }
        }
    }

    #[test]
    fn times_are_read_as_the_macros_read_them(text in "( ?[0-9]{1,3} ?(ms|s|m|h|d|w|min|hours|day|weeks|x|)){1,3} ?") {
        let ours = toml::from_str::<Profiles>(&format!("t = {{ operations = \"get\", ttl = \"{text}\" }}"));
        match macros::parse(&text) {
            Ok(Duration::ZERO) => prop_assert!(ours.unwrap_err().to_string().contains("write `none`")),
            Ok(time) => prop_assert_eq!(ours.unwrap().resolve(["t"], Operation::Get).unwrap().ttl, Some(time)),
            Err(_) => prop_assert!(ours.is_err()),
        }
    }

    #[test]
    fn operations_are_written_as_they_are_read(some in proptest::sample::subsequence(EACH.to_vec(), 0..=5)) {
        let operations = some.iter().fold(Operations::NONE, |all, operation| all | (*operation).into());
        prop_assert_eq!(operations.to_string().parse::<Operations>().unwrap(), operations);
        prop_assert_eq!(operations.iter().collect::<Vec<_>>(), some);
    }
}

#[test]
fn a_file_and_code_say_the_same() {
    let file = r#"
        auth_user = "get, 15m"
        "shop.*" = "all, 1h"
        "*" = "count, 15m"
        audit_log = "none"
        basket = { operations = ["get", "count"], ttl = "1h30m", instance = true, collections = true, write_through = true }
        page = { operations = "Fetch, EXISTS", instance = false }
    "#;
    let json = r#"{
        "auth_user": "get, 15m",
        "shop.*": "all, 1h",
        "*": "count, 15m",
        "audit_log": "none",
        "basket": {"operations": ["get", "count"], "ttl": "1h30m", "instance": true, "collections": true, "write_through": true},
        "page": {"operations": "fetch,exists", "instance": false}
    }"#;
    let basket = Profile::new(Operations::GET | Operations::COUNT).ttl(seconds(5400));
    let code = Profiles::builder()
        .set("auth_user", Profile::new(Operations::GET).ttl(seconds(900)))
        .set("shop.*", Profile::new(Operations::ALL).ttl(seconds(3600)))
        .set("*", Profile::new(Operations::COUNT).ttl(seconds(900)))
        .set("audit_log", Profile::none())
        .set("basket", basket.instance(true).collections(true).write_through(true))
        .set("page", Profile::new(Operations::FETCH | Operations::EXISTS))
        .build()
        .unwrap();
    let expected: Vec<_> = code.iter().collect();
    assert_eq!(expected.len(), 6);
    assert_eq!(toml(file).iter().collect::<Vec<_>>(), expected);
    assert_eq!(serde_json::from_str::<Profiles>(json).unwrap().iter().collect::<Vec<_>>(), expected);
}

#[test]
fn the_most_specific_pattern_decides_whole() {
    let profiles = toml(
        r#"
        "*" = "all, 1s"
        "shop_*" = "all, 2s"
        "shop_a*" = "all, 3s"
        "shop.*" = "all, 4s"
        "shop.a*" = "all, 5s"
        article = "all, 6s"
        "shop.article" = "all, 7s"
        "shop_audit_*" = "none"
        "#,
    );
    assert_eq!(ttl(&profiles, "anything"), Some(1));
    assert_eq!(ttl(&profiles, "shop_orders"), Some(2));
    assert_eq!(ttl(&profiles, "shop_addresses"), Some(3));
    assert_eq!(ttl(&profiles, "shop.shop_addresses"), Some(4));
    assert_eq!(ttl(&profiles, "shop.addresses"), Some(5));
    assert_eq!(ttl(&profiles, "main.article"), Some(6));
    assert_eq!(ttl(&profiles, "SHOP.\"Article\""), Some(7));
    assert_eq!(ttl(&profiles, "warehouse.shop.article"), Some(7));
    assert_eq!(ttl(&profiles, "shop_audit_log"), None);
    assert_eq!(profiles.profile("shop_audit_log"), Profile::none());
}

#[test]
fn a_table_named_without_its_schema_is_allowed_what_it_is_in_each() {
    let profiles =
        toml("\"*\" = \"all, 1h\"\n\"shop.audit\" = \"none\"\n\"shop.page\" = \"get, 1m\"\n\"old.*\" = \"none\"");
    assert_eq!(ttl(&profiles, "audit"), None);
    assert_eq!(ttl(&profiles, "main.audit"), Some(3600));
    assert_eq!(ttl(&profiles, "page"), Some(60));
    assert!(profiles.resolve(["page"], Operation::Fetch).is_none());
    assert_eq!(ttl(&profiles, "other"), Some(3600));
    assert_eq!(ttl(&profiles, "old.other"), None);
    assert_eq!(ttl(&toml("\"shop.page\" = \"get\""), "page"), None);
}

#[test]
fn of_several_tables_the_strictest_holds() {
    let profiles = toml(
        r#"
        user = { operations = "get, fetch", ttl = "1m", instance = true, collections = true }
        article = { operations = "all", instance = true }
        audit = "none"
        "#,
    );
    let both = profiles.resolve(["user", "article"], Operation::Fetch).unwrap();
    assert_eq!((both.ttl, both.instance, both.collections), (Some(seconds(60)), true, false));
    assert_eq!(profiles.resolve(["article", "user"], Operation::Fetch), Some(both));
    assert_eq!(profiles.resolve(["user", "article"], Operation::Count), None);
    assert_eq!(profiles.resolve(["article", "audit"], Operation::Get), None);
    assert_eq!(profiles.resolve(["article", "no profile"], Operation::Get), None);
    assert_eq!(profiles.resolve([Table::from("main.article")], Operation::Get).unwrap().ttl, None);
}

#[test]
fn the_file_of_the_guide_says_what_the_guide_says() {
    let guide = include_str!("../../docs/guide/automatic.md");
    let (_, file) = guide.split_once("```toml\n").unwrap();
    let profiles = toml(file.split_once("```").unwrap().0);
    assert_eq!(ttl(&profiles, "auth_user"), Some(900));
    assert_eq!(ttl(&profiles, "shop.article"), Some(3600));
    assert_eq!(ttl(&profiles, "audit_log"), None);
    assert!(profiles.resolve(["audit_log"], Operation::Count).is_none());
    assert!(profiles.resolve(["basket"], Operation::Fetch).unwrap().instance);
    assert!(profiles.resolve(["basket", "auth_user"], Operation::Count).is_none());
    assert!(profiles.resolve(["anything"], Operation::Count).is_some());
}

#[test]
fn a_query_of_no_table_is_not_cached() {
    assert_eq!(toml("\"*\" = \"all\"").resolve::<&str>([], Operation::Fetch), None);
}

#[test]
fn without_profiles_nothing_is_cached_automatically() {
    let cache = Cache::in_memory();
    assert!(cache.profiles().is_empty());
    assert_eq!(cache.profiles().resolve(["article"], Operation::Get), None);
    assert!(toml("").is_empty());
}

#[test]
fn a_profile_without_a_time_takes_that_of_the_cache_also_when_joined() {
    let cache = Cache::builder().profiles(toml("a = \"get\"\nb = \"get, 1h\"\nc = \"none\"")).ttl(seconds(60)).build();
    assert_eq!(ttl(cache.profiles(), "a"), Some(60));
    assert_eq!(ttl(cache.profiles(), "b"), Some(3600));
    assert_eq!(ttl(cache.profiles(), "c"), None);
    let joined = cache.profiles().resolve(["a", "b"], Operation::Get).unwrap();
    assert_eq!(joined.ttl, Some(seconds(60)));
}

#[test]
fn only_its_exact_name_reaches_a_table_of_migrations() {
    let wild = toml("\"*\" = \"all\"\n\"main.*\" = \"all\"\n\"*_migrations\" = \"all\"\n\"schema_*\" = \"all\"");
    let histories = [
        "seaql_migrations",
        "__diesel_schema_migrations",
        "_sqlx_migrations",
        "django_migrations",
        "refinery_schema_history",
        "flyway_schema_history",
        "schema_migrations",
        "ar_internal_metadata",
    ];
    for history in histories {
        for name in [history.to_owned(), format!("main.{history}"), format!("\"{}\"", history.to_uppercase())] {
            assert_eq!(ttl(&wild, &name), None, "{name}");
            let exact = Profiles::builder().set(history, Profile::new(Operations::GET)).build().unwrap();
            assert_eq!(ttl(&exact, &name), Some(0), "{name}");
        }
    }
    assert_eq!(ttl(&wild, "bird_migrations"), Some(0));
}

#[test]
fn tags_and_temporary_tables_have_no_profile() {
    let profiles = toml("\"*\" = \"all\"");
    assert_eq!(ttl(&profiles, "#report"), None);
    assert_eq!(ttl(&profiles, "tempdb.#report"), None);
}

#[test]
fn code_replaces_what_a_file_says() {
    let file = toml("a = \"get, 1m\"\nb = \"get, 1m\"");
    let profiles = Profiles::builder().over(file).set("A", Profile::none()).build().unwrap();
    assert_eq!((ttl(&profiles, "a"), ttl(&profiles, "b")), (None, Some(60)));
}

#[test]
fn more_spellings_than_are_remembered_stay_right() {
    let profiles = toml("\"a*\" = \"get, 1s\"\n\"*\" = \"get, 2s\"\na7 = \"none\"");
    for _ in 0..2 {
        for number in 0..3000 {
            let expected = if number == 7 { None } else { Some(1) };
            assert_eq!(ttl(&profiles, &format!("a{number}")), expected);
            assert_eq!(ttl(&profiles, &format!("b{number}")), Some(2));
        }
        assert_eq!(ttl(&profiles, &"a".repeat(1000)), Some(1));
    }
}

#[test]
fn threads_that_ask_first_at_once_get_the_same() {
    let profiles = toml("\"a*\" = \"get, 1s\"\n\"*\" = \"get, 2s\"");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for number in 0..400 {
                    assert_eq!(ttl(&profiles, &format!("a{number}")), Some(1));
                    assert_eq!(ttl(&profiles, &format!("b{number}")), Some(2));
                }
            });
        }
    });
}

#[test]
fn faults_of_a_file_name_the_table_and_the_remedy() {
    let known = "known are get, fetch, count, exists, aggregate, all, none";
    for (text, parts) in [
        ("auth_user = \"gett\"", &["profile of `auth_user`: the operation `gett` is not known", known][..]),
        ("t = \"\"", &["profile of `t`", known]),
        ("t = \"get,,count\"", &["profile of `t`", "a comma", known]),
        ("t = \"15m\"", &["profile of `t`", "names no operation", "write `all, 15m`"]),
        ("t = \"get, 15\"", &["profile of `t`", "`15` has no unit", "such as `15m`"]),
        ("t = \"get, 15m, 1h\"", &["profile of `t`", "two times"]),
        ("t = \"get, 0s\"", &["profile of `t`", "write `none`"]),
        ("t = \"none, get\"", &["profile of `t`", "`none` stands alone"]),
        ("t = \"none, 15m\"", &["profile of `t`", "caches nothing"]),
        ("t = 900", &["profile of `t`", "the number 900 is no profile", "\"get, 15m\""]),
        ("t = false", &["profile of `t`", "`false` is no profile", "\"none\""]),
        ("t = [\"get\", \"15m\"]", &["profile of `t`", "a list is no profile"]),
        ("t = { ttl = \"15m\" }", &["profile of `t`", "which operations", "operations = ["]),
        ("t = { operations = \"get\", ttl = 900 }", &["profile of `t`", "`ttl = 900` has no unit", "\"900s\""]),
        ("t = { operations = \"get\", ttl = true }", &["profile of `t`", "`ttl` is `true`"]),
        ("t = { operations = [\"get\", 3] }", &["profile of `t`", "the number 3 is among"]),
        ("t = { operations = [] }", &["profile of `t`", "no operation is named"]),
        ("t = { operations = 3 }", &["profile of `t`", "`operations` is the number 3"]),
        ("t = { operations = \"get\", instance = \"yes\" }", &["profile of `t`", "`instance` is the text \"yes\""]),
        ("t = { operations = \"get\", write_through = true }", &["profile of `t`", "set `instance` as well"]),
        ("t = { operations = \"none\", instance = true }", &["profile of `t`", "caches nothing"]),
        ("t = { ops = \"get\" }", &["profile of `t`", "`ops` is called `operations` here"]),
        ("t = { operations = \"get\", timeout = 900 }", &["profile of `t`", "`timeout` is called `ttl` here"]),
        ("t = { operations = \"get\", color = 3 }", &["profile of `t`", "`color` is not known", "collections"]),
        ("shop.orders = \"get\"", &["profile of `shop`", "in quotes: `\"shop.orders\"`"]),
        ("\"shop.\" = \"get\"", &["profile of `shop.`", "is empty"]),
        ("\"shop_%\" = \"get\"", &["profile of `shop_%`", "`%` is not a wildcard; write `*`"]),
        ("\"#t\" = \"get\"", &["profile of `#t`", "no lasting table"]),
        ("t = \"get\"\nT = \"count\"", &["`T`", "`t`", "is the same pattern"]),
        ("t = \"get\"\n\"*.t\" = \"count\"", &["`*.t`", "`t`", "is the same pattern"]),
        ("\"*\" = \"get\"\n\"*.*\" = \"count\"", &["`*.*`", "`*`", "is the same pattern"]),
        ("\"a**\" = \"get\"\n\"a*\" = \"count\"", &["`a*`", "`a**`", "is the same pattern"]),
    ] {
        let message = refused(text);
        for part in parts {
            assert!(message.contains(part), "{text}\n{message}");
        }
    }
}

#[test]
fn a_fault_is_shown_where_it_is() {
    let message = refused("a = \"get\"\nauth_user = \"gett, 15m\"\n");
    assert!(message.contains("line 2"), "{message}");
    let message = serde_json::from_str::<Profiles>("{\n\"a\": \"gett\"\n}").unwrap_err().to_string();
    assert!(message.contains("line 2"), "{message}");
}

#[test]
fn what_json_lets_pass_twice_is_refused() {
    for (text, part) in [
        (
            "{\"t\": \"get\", \"t\": \"count\"}",
            "profile of `t`: `t` is the same pattern and has a profile already; keep one",
        ),
        (
            "{\"t\": {\"operations\": \"get\", \"ttl\": \"1m\", \"ttl\": \"2m\"}}",
            "profile of `t`: `ttl` is given twice",
        ),
        ("{\"t\": null}", "profile of `t`: nothing is no profile"),
        ("[1]", "profiles by table"),
    ] {
        let message = serde_json::from_str::<Profiles>(text).unwrap_err().to_string();
        assert!(message.contains(part), "{text}\n{message}");
    }
}

#[test]
fn faults_of_code_are_errors_of_build() {
    let fault = |pattern: &str, profile: Profile| Profiles::builder().set(pattern, profile).build().unwrap_err();
    let all = Profile::new(Operations::ALL);
    assert_eq!(fault("", all).kind(), ErrorKind::Profile);
    assert!(fault("t", all.ttl(Duration::ZERO)).to_string().contains("profile of `t`"));
    assert!(fault("t", Profile::none().ttl(seconds(1))).to_string().contains("caches nothing"));
    assert_eq!("gett".parse::<Profile>().unwrap_err().kind(), ErrorKind::Parse);
    assert_eq!("".parse::<Operations>().unwrap_err().kind(), ErrorKind::Parse);
}
