//! When a fragment goes, and when it stays.

mod support;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Barrier, Mutex};

use cache_core::observe::Event;
use cache_core::{Cache, Change};
use cache_minijinja::Fragments;
use minijinja::{Environment, Value, context};

use support::Site;

const TITLES: &str = "{% cached_as articles.filter(category=1) %}{{ run() }}\
    {% for a in articles.filter(category=1) %}{{ a.title }} {% endfor %}{% endcached_as %}";

#[test]
fn a_matching_write_renders_again_and_others_do_not() {
    let mut site = Site::new();
    site.add("t", TITLES);
    assert_eq!(site.render("t").unwrap(), "one two ");
    site.database.insert(4, 2, "four");
    assert_eq!(site.render("t").unwrap(), "one two ");
    assert_eq!((site.runs(), site.database.queries()), (1, 1));
    site.database.insert(5, 1, "five");
    assert_eq!(site.render("t").unwrap(), "one two five ");
    assert_eq!(site.render("t").unwrap(), "one two five ");
    assert_eq!((site.runs(), site.database.queries()), (2, 2));
}

#[test]
fn any_of_several_querysets_ends_a_fragment() {
    let mut site = Site::new();
    site.add("t", "{% cached_as articles.filter(category=2), 'comment' %}{{ run() }}{% endcached_as %}");
    let renders_again = |change: Change| {
        site.render("t").unwrap();
        let before = site.runs();
        site.cache.invalidate(change).unwrap();
        site.render("t").unwrap();
        site.runs() > before
    };
    assert!(renders_again(Change::table("comment")));
    assert!(renders_again(Change::table("article")));
    assert!(!renders_again(Change::table("author")));
}

#[test]
fn time_alone_ends_a_cached_block() {
    let mut site = Site::new();
    site.add("t", "{% cached %}{{ run() }}{% for a in articles.all() %}{{ a.id }}{% endfor %}{% endcached %}");
    assert_eq!(site.render("t").unwrap(), "123");
    site.database.insert(4, 2, "four");
    assert_eq!(site.render("t").unwrap(), "123");
    assert_eq!(site.runs(), 1);
}

#[test]
fn a_timeout_ends_a_fragment() {
    let mut site = Site::new();
    site.add("t", "{% cached timeout=0.02 %}{{ run() }}a{% endcached %}");
    site.render("t").unwrap();
    site.render("t").unwrap();
    assert_eq!(site.runs(), 1);
    std::thread::sleep(std::time::Duration::from_millis(40));
    site.render("t").unwrap();
    assert_eq!(site.runs(), 2);
}

#[test]
fn rows_that_the_body_reads_are_dependencies_too() {
    let mut site = Site::new();
    site.add(
        "t",
        "{% cached_as 'comment' %}{{ run() }}{% for a in articles.filter(category=2) %}{{ a.title }}{% endfor %}{% endcached_as %}",
    );
    assert_eq!(site.render("t").unwrap(), "three");
    site.database.insert(4, 2, "four");
    assert_eq!(site.render("t").unwrap(), "threefour");
    site.database.insert(5, 1, "five");
    site.render("t").unwrap();
    assert_eq!(site.runs(), 2);
}

#[test]
fn what_an_inner_block_depends_on_the_outer_one_does() {
    let mut site = Site::new();
    site.add(
        "t",
        "{% cached_as 'comment', timeout=60 %}{{ run() }}o{% cached_as articles %}i{{ articles|length }}{% endcached_as %}{% endcached_as %}",
    );
    // Once with the inner block missing, once with it found.
    for (id, expected) in [(10, "oi4"), (11, "oi5")] {
        site.render("t").unwrap();
        site.cache.invalidate(Change::table("comment")).unwrap();
        site.render("t").unwrap();
        let before = site.runs();
        site.database.insert(id, 1, "x");
        assert_eq!(site.render("t").unwrap(), expected);
        assert_eq!(site.runs(), before + 1);
    }
}

#[test]
fn a_name_ends_its_fragments_and_those_around_them() {
    let mut site = Site::new();
    site.add(
        "t",
        "{% cached key='page' %}{{ run() }}{% cached_as articles, key='side', extra=x %}{{ run() }}{% endcached_as %}{% endcached %}\
         {% call cached('other') %}{{ run() }}{% endcall %}",
    );
    let runs = |name: Option<&str>| {
        let before = site.runs();
        if let Some(name) = name {
            site.fragments.invalidate(name).unwrap();
        }
        site.render_with("t", context! { x => 1 }).unwrap();
        site.runs() - before
    };
    assert_eq!(runs(None), 3);
    assert_eq!(runs(None), 0);
    assert_eq!(runs(Some("page")), 1);
    assert_eq!(runs(Some("side")), 2);
    assert_eq!(runs(Some("other")), 1);
    assert_eq!(runs(Some("nobody")), 0);
}

#[test]
fn versions_do_not_share() {
    let cache = Cache::in_memory();
    let render = |version: &str, n: i32| {
        let mut env = Environment::new();
        let fragments = Fragments::builder(cache.clone()).version(version).build();
        fragments.install(&mut env);
        fragments.add_template(&mut env, "t", "{% cached %}{{ n }}{% endcached %}").unwrap();
        env.get_template("t").unwrap().render(context! { n }).unwrap()
    };
    assert_eq!((render("a", 1), render("a", 2), render("b", 3)), ("1".into(), "1".into(), "3".into()));
}

#[test]
fn extra_and_mode_tell_fragments_apart() {
    let mut site = Site::new();
    site.add("t.html", "{% cached key='k', extra=x %}{{ run() }}{{ html }}{% endcached %}");
    site.add("u.txt", "{% cached key='k', extra=x %}{{ run() }}{{ html }}{% endcached %}");
    let distinct = [
        Value::from(()),
        Value::from(true),
        Value::from(1),
        Value::from(1.0),
        Value::from(-1),
        Value::from(u128::MAX),
        Value::from("1"),
        Value::from_safe_string("1".to_owned()),
        Value::from_bytes(b"1".to_vec()),
        Value::from(""),
        Value::from(vec![1]),
        Value::from(vec![1, 1]),
        Value::from(vec![vec![1], vec![1]]),
        context! { a => 1 },
        context! { a => 1, b => 2 },
        context! { a => context! { a => 1 } },
        cache_minijinja::queryset(site.database.articles()),
    ];
    for round in 0..2 {
        for (at, extra) in distinct.iter().enumerate() {
            let text = site.render_with("t.html", context! { x => extra.clone() });
            assert_eq!(text.unwrap(), "&lt;b&gt;");
            let expected = if round == 0 { at + 1 } else { distinct.len() };
            assert_eq!(site.runs(), expected, "{extra:?}");
        }
    }
    assert_eq!(site.render_with("u.txt", context! { x => 1 }).unwrap(), "<b>");
    let swapped = Value::from_pairs([("b", 2), ("a", 1)]);
    site.render_with("t.html", context! { x => swapped }).unwrap();
    assert_eq!(site.runs(), distinct.len() + 1);
}

#[test]
fn children_of_one_base_keep_their_own() {
    let mut site = Site::new();
    site.add("base", "{% block b %}{% endblock %}|{% cached %}{{ run() }}shared{% endcached %}");
    for child in ["one", "two"] {
        let source = format!(
            "{{% extends 'base' %}}{{% block b %}}{{% cached %}}{{{{ run() }}}}{child}{{% endcached %}}{{% endblock %}}"
        );
        site.add(child, &source);
    }
    for _ in 0..2 {
        assert_eq!(site.render("one").unwrap(), "one|shared");
        assert_eq!(site.render("two").unwrap(), "two|shared");
    }
    assert_eq!(site.runs(), 3);
}

#[test]
fn a_write_during_the_body_prevents_the_store() {
    let mut site = Site::new();
    let database = Arc::clone(&site.database);
    let once = Mutex::new(true);
    site.env.add_function("write", move || {
        if std::mem::take(&mut *once.lock().unwrap()) {
            database.rename(1, "renamed");
        }
    });
    site.add(
        "t",
        "{% cached_as articles %}{{ run() }}{% for a in articles.limit(1) %}{{ a.title }}{% endfor %}{% do write() %}{% endcached_as %}",
    );
    assert_eq!(site.render("t").unwrap(), "one");
    assert_eq!(site.render("t").unwrap(), "renamed");
    assert_eq!(site.render("t").unwrap(), "renamed");
    assert_eq!(site.runs(), 2);
}

/// The rows of a loop are older than the block inside of it.
#[test]
fn a_write_between_a_read_and_the_block_prevents_the_store() {
    for source in [
        "{% for a in articles.limit(1) %}{% do write() %}{% cached_as articles %}{{ a.title }}{% endcached_as %}{% endfor %}",
        "{% for a in articles %}{% if loop.first %}{% do write() %}{% cached_as articles %}{{ a.title }}{% endcached_as %}{% endif %}{% endfor %}",
        "{% set q = articles.limit(1) %}{% if q %}{% for a in q %}{% endfor %}{% endif %}{% do write() %}{% cached_as q %}{% for a in q %}{{ a.title }}{% endfor %}{% endcached_as %}",
        "{% set q = articles.limit(1) %}{% for a in q %}{% endfor %}{% do write() %}{% cached_as 'comment' %}{% for a in q %}{{ a.title }}{% endfor %}{% endcached_as %}",
        "{% cached key='outer' %}{% for a in articles.limit(1) %}{% do write() %}{% cached_as articles %}{{ a.title }}{% endcached_as %}{% endfor %}{% endcached %}",
    ] {
        let mut site = Site::new();
        let database = Arc::clone(&site.database);
        let once = Mutex::new(true);
        site.env.add_function("write", move || {
            if std::mem::take(&mut *once.lock().unwrap()) {
                database.rename(1, "renamed");
            }
        });
        site.add("t", source);
        site.render("t").unwrap();
        assert_eq!(site.render("t").unwrap(), "renamed", "{source}");
        let misses = site.cache.counters().misses;
        assert_eq!(site.render("t").unwrap(), "renamed", "{source}");
        assert_eq!(site.cache.counters().misses, misses, "{source}: is stored in the end");
    }
}

#[test]
fn rows_read_before_the_render_are_covered_by_their_point() {
    let mut site = Site::new();
    site.add("t", "{% cached_as 'article' %}{{ title }}{% endcached_as %}");
    let render = |title: &str| site.render_with("t", context! { title });
    let point = site.cache.read_point();
    site.cache.invalidate(Change::table("article")).unwrap();
    assert_eq!(site.fragments.as_of(point, || render("old")).unwrap(), "old");
    assert_eq!(render("new").unwrap(), "new");
    assert_eq!(render("newer").unwrap(), "new");
}

/// A render whose state lives on elsewhere must not keep its reads for the renders that follow.
#[test]
fn a_render_that_ends_on_another_thread_is_forgotten() {
    let mut site = Site::new();
    site.add("t", "{{ articles|length }}{% cached_as articles %}{{ run() }}{% endcached_as %}");
    let site = Arc::new(site);
    let (env, values) = (Arc::new(site.env.clone()), site.values());
    let captured = env.get_template("t").unwrap().render_captured(values).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || drop(captured));
    });
    site.render("t").unwrap();
    site.database.rename(1, "renamed");
    site.render("t").unwrap();
    let runs = site.runs();
    site.render("t").unwrap();
    assert_eq!(site.runs(), runs);
}

#[test]
fn a_disabled_cache_is_passed_by() {
    let mut site = Site::new();
    site.add("t", "{% cached %}{{ run() }}a{% endcached %}");
    {
        let _off = site.cache.disabled();
        assert_eq!(site.render("t").unwrap(), "a");
        assert_eq!(site.render("t").unwrap(), "a");
    }
    assert_eq!(site.runs(), 2);
    site.render("t").unwrap();
    site.render("t").unwrap();
    assert_eq!(site.runs(), 3);
}

#[test]
fn what_must_not_be_shared_is_not_stored() {
    let mut site = Site::new();
    site.env.add_function("secret", || {
        cache_core::context::taint("not for others");
        "s"
    });
    site.add("t", "{% cached key='o' %}{{ run() }}{% cached key='i' %}{{ secret() }}{% endcached %}{% endcached %}");
    site.render("t").unwrap();
    site.render("t").unwrap();
    assert_eq!(site.runs(), 2);
}

#[test]
fn threads_share_one_execution() {
    let mut site = Site::new();
    site.add(
        "t",
        "{% cached_as articles %}{{ run() }}{% for a in articles.filter(category=1) %}{{ a.title }}{% cached_as articles, extra=a.id %}{{ run() }}!{% endcached_as %}{% endfor %}{% endcached_as %}",
    );
    let site = Arc::new(site);
    let start = Arc::new(Barrier::new(8));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let (site, start) = (Arc::clone(&site), Arc::clone(&start));
            std::thread::spawn(move || {
                start.wait();
                for _ in 0..200 {
                    assert_eq!(site.render("t").unwrap(), "one!two!");
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(site.runs(), 3);
}

/// Two macros that open the same two fragments in both orders must not wait for each other for ever.
#[test]
fn fragments_nested_in_both_orders_do_not_block() {
    let mut site = Site::new();
    site.env.add_function("pause", || {
        std::thread::sleep(std::time::Duration::from_millis(20));
    });
    for (name, outer, inner) in [("ab", "a", "b"), ("ba", "b", "a")] {
        let source = format!(
            "{{% cached key='{outer}' %}}{{% do pause() %}}{outer}{{% cached key='{inner}' %}}{{% do pause() %}}{inner}{{% endcached %}}{{% endcached %}}"
        );
        site.add(name, &source);
    }
    let site = Arc::new(site);
    let threads: Vec<_> = ["ab", "ba", "ab", "ba"]
        .into_iter()
        .map(|name| {
            let site = Arc::clone(&site);
            std::thread::spawn(move || site.render(name).unwrap())
        })
        .collect();
    for thread in threads {
        assert!(!thread.join().unwrap().is_empty());
    }
}

#[test]
fn writers_and_readers_never_meet_stale_text() {
    let mut site = Site::new();
    site.add(
        "t",
        "{% for a in articles.filter(category=2) %}{% cached_as articles.filter(category=2) %}{{ a.title }}{% endcached_as %}{% endfor %}",
    );
    let site = Arc::new(site);
    let readers: Vec<_> = (0..2)
        .map(|_| {
            let site = Arc::clone(&site);
            std::thread::spawn(move || {
                for _ in 0..2_000 {
                    site.render("t").unwrap();
                }
            })
        })
        .collect();
    for n in 0..400 {
        let title = format!("t{n}");
        site.database.rename(3, &title);
        assert_eq!(site.render("t").unwrap(), title);
    }
    for reader in readers {
        reader.join().unwrap();
    }
}

#[test]
fn events_name_fragments() {
    let names = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&names);
    let cache = Cache::builder()
        .subscriber(move |event: &Event<'_>| {
            if let Event::Fill { name, weight, .. } = event {
                sink.lock().unwrap().push(((*name).to_owned(), *weight));
            }
        })
        .build();
    let fragments = Fragments::builder(cache).build();
    let mut env = Environment::new();
    fragments.install(&mut env);
    let body = "x".repeat(5_000);
    fragments
        .add_template(
            &mut env,
            "page.html",
            format!("\n\n{{% cached %}}{body}{{% endcached %}}{{% cached key='side' %}}{{% endcached %}}"),
        )
        .unwrap();
    env.get_template("page.html").unwrap().render(()).unwrap();
    let names = names.lock().unwrap();
    assert_eq!(names[0].0, "page.html:3");
    assert!((5_000..6_000).contains(&names[0].1), "{names:?}");
    assert_eq!(names[1].0, "side");
}

#[test]
fn text_above_a_block_may_change() {
    let mut site = Site::new();
    site.add("t", "{% cached %}{{ run() }}a{% endcached %}");
    site.render("t").unwrap();
    site.add("t", "\nmore {% cached %}{{ run() }}a{% endcached %}");
    assert_eq!(site.render("t").unwrap(), "\nmore a");
    assert_eq!(site.runs(), 1);
    site.add("t", "{% cached %}{{ run() }}b{% endcached %}");
    assert_eq!(site.render("t").unwrap(), "b");
    assert_eq!(site.runs.load(Ordering::SeqCst), 2);
}
