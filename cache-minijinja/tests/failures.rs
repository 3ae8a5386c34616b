//! What goes wrong, where it is reported, and that it is not stored.

mod support;

use minijinja::{ErrorKind, UndefinedBehavior, Value, context};

use support::Site;

/// Renders, and tells the line and the words of the failure.
fn failure(site: &Site, name: &str) -> (Option<usize>, String) {
    let error = site.render(name).expect_err(name);
    (error.line(), format!("{error:#}"))
}

#[test]
fn wrong_arguments_are_errors_with_their_line() {
    for (source, words) in [
        ("\n{% cached_as %}{% endcached_as %}", "needs a queryset"),
        ("\n{% cached_as missing %}{% endcached_as %}", "undefined queryset as argument 1"),
        ("\n{% cached_as articles, missing %}{% endcached_as %}", "undefined queryset as argument 2"),
        ("\n{% cached_as 3 %}{% endcached_as %}", "argument 1 is of type number"),
        ("\n{% cached_as [articles] %}{% endcached_as %}", "argument 1 is of type sequence"),
        ("\n{% cached_as '' %}{% endcached_as %}", "argument 1 is of type string"),
        ("\n{% cached_as articles, tiemout=3 %}{% endcached_as %}", "no option `tiemout`"),
        ("\n{% cached_as articles, caller=3 %}{% endcached_as %}", "by hand"),
        ("\n{% cached articles %}{% endcached %}", "takes no querysets"),
        ("\n{% cached 60 %}{% endcached %}", "takes no querysets"),
        ("\n{% cached timeout='soon' %}{% endcached %}", "`timeout`"),
        ("\n{% cached timeout=-1 %}{% endcached %}", "`timeout`"),
        ("\n{% cached timeout=missing %}{% endcached %}", "`timeout`"),
        ("\n{% cached key=3 %}{% endcached %}", "needs text as its name"),
        ("\n{% cached key='' %}{% endcached %}", "needs text as its name"),
        ("\n{% cached key=missing %}{% endcached %}", "needs text as its name"),
        ("\n{% cached extra=missing %}{% endcached %}", "undefined"),
        ("\n{% cached extra=[1, missing] %}{% endcached %}", "undefined"),
        ("\n{% cached extra={'a': user.nope} %}{% endcached %}", "undefined"),
        ("\n{% cached extra=opaque %}{% endcached %}", "does not list its contents"),
        ("\n{% cached extra=run %}{% endcached %}", "cannot take"),
        ("\n{% set ns = namespace() %}{% set ns.a = ns %}{% cached extra=ns %}{% endcached %}", "nested too deeply"),
        ("\n{% cached_as articles.filter(colour=1) %}{% endcached_as %}", "no field `colour`"),
        ("\n{% cached_as articles.filter(1) %}{% endcached_as %}", "`field=value`"),
        (
            "\n{% cached_as articles.filter(category=missing) %}{% endcached_as %}",
            "`category` in `filter` is undefined",
        ),
        ("\n{% cached_as articles.limit('x') %}{% endcached_as %}", "number of rows"),
        ("\n{% cached_as articles.shuffle() %}{% endcached_as %}", "shuffle"),
        ("\n{% call cached_as(articles) %}{% endcall %}", "needs a name"),
        ("\n{% call cached() %}{% endcall %}", "needs a name"),
        ("\n{% call cached_as('name') %}{% endcall %}", "needs a queryset"),
        ("\n{% call cached(articles, 'name') %}{% endcall %}", "takes no querysets"),
        ("\n{{ cached_as(articles, 'name') }}", "has no body"),
        ("\n{% cached_as\n articles, extra=1 // 0 %}{% endcached_as %}", ""),
    ] {
        let mut site = Site::new();
        site.add("t.html", source);
        let values = context! { opaque => Value::from_object(Opaque), ..site.values() };
        let error = site.env.get_template("t.html").unwrap().render(values).expect_err(source);
        assert_eq!(error.name(), Some("t.html"), "{source}");
        let line = if source.starts_with("\n{% cached_as\n") { 3 } else { 2 };
        assert_eq!(error.line(), Some(line), "{source}: {error}");
        assert!(error.to_string().contains(words), "{source}: {error}");
    }
}

/// An object that does not say what it holds.
#[derive(Debug)]
struct Opaque;

impl minijinja::value::Object for Opaque {}

#[test]
fn undefined_extra_is_an_error_in_every_mode() {
    for behavior in [
        UndefinedBehavior::Lenient,
        UndefinedBehavior::Chainable,
        UndefinedBehavior::SemiStrict,
        UndefinedBehavior::Strict,
    ] {
        let mut site = Site::with(|env| env.set_undefined_behavior(behavior));
        site.add("t", "{% cached extra=user.nope %}a{% endcached %}");
        assert!(site.render("t").is_err(), "{behavior:?}");
    }
}

#[test]
fn failing_bodies_are_not_stored_and_name_their_line() {
    for (source, line) in [
        ("a\n{% cached %}\n{{ run() }}{{ fail() }}\n{% endcached %}", 3),
        ("a\n{%\ncached\n%}{{ run() }}{{ fail() }}{% endcached %}", 4),
        ("{% cached %}{{ run() }}\n{% cached key='x' %}\n{{ fail() }}{% endcached %}{% endcached %}", 3),
        ("{% cached %}{{ run() }}{%\n endcached\n\n%}{{ fail() }}", 4),
        ("{% cached %}{{ run() }}{% endcached %}\n{{ fail() }}", 2),
    ] {
        let mut site = Site::new();
        site.add("t.html", source);
        let fills_before_failure = usize::from(source.contains("endcached\n\n") || source.ends_with("fail() }}"));
        for _ in 0..2 {
            let (found, words) = failure(&site, "t.html");
            assert_eq!(found, Some(line), "{source}");
            assert!(words.contains("as told"), "{source}");
        }
        assert_eq!(site.runs(), 2 - fills_before_failure, "{source}");
    }
}

#[test]
fn a_failed_block_is_free_for_the_next_render() {
    let mut site = Site::new();
    site.add(
        "t",
        "{% cached key='o' %}{{ run() }}{% cached key='i' %}{{ run() }}{% if bad %}{{ fail() }}{% endif %}x{% endcached %}{% endcached %}",
    );
    let kept = site.render_with("t", context! { bad => true }).expect_err("told to");
    let other = std::thread::scope(|scope| {
        let thread = scope.spawn(|| site.render_with("t", context! { bad => false }));
        thread.join().unwrap()
    });
    assert_eq!(other.unwrap(), "x");
    assert_eq!(site.render_with("t", context! { bad => true }).unwrap(), "x");
    assert_eq!(site.runs(), 4);
    drop(kept);
}

#[test]
fn an_error_that_is_kept_does_not_hold_the_block() {
    let mut site = Site::with(|env| env.set_debug(true));
    site.add("t", "{% cached %}{{ fail() if bad }}x{% endcached %}");
    let kept = site.render_with("t", context! { bad => true }).expect_err("told to");
    let (sender, receiver) = std::sync::mpsc::channel();
    let site = std::sync::Arc::new(site);
    std::thread::spawn(move || sender.send(site.render_with("t", context! { bad => false })));
    let text = receiver.recv_timeout(std::time::Duration::from_secs(10));
    assert_eq!(text.expect("waits for nobody").unwrap(), "x");
    assert!(format!("{kept:?}").contains("as told"));
}

#[test]
fn a_failure_that_a_function_swallows_ends_the_block() {
    let mut site = Site::with(|env| env.set_debug(false));
    site.env.add_function("safely", |state: &mut minijinja::State<'_, '_>, kwargs: minijinja::value::Kwargs| {
        let caller: Value = kwargs.get("caller")?;
        Ok::<_, minijinja::Error>(caller.call(state, &[]).unwrap_or_default())
    });
    site.add(
        "t",
        "{% macro m(bad) %}{% cached key='k' %}{{ run() }}{{ articles|length if bad }}{{ fail() if bad }}x{% endcached %}{% endmacro %}\
         {% cached key='o' %}{% call safely() %}{{ m(true) }}{% endcall %}\
         {% cached_as articles %}{{ articles|length }}{% endcached_as %}{% endcached %}{{ m(false) }}",
    );
    assert_eq!(site.render("t").unwrap(), "3x");
    // Nobody knows what the failed block had read, so the one around it is not stored.
    assert_eq!(site.runs(), 2);
    assert_eq!(site.render("t").unwrap(), "x3x");
    assert_eq!(site.runs(), 2);
    site.database.insert(9, 9, "nine");
    assert_eq!(site.render("t").unwrap(), "x4x");
}

#[test]
fn a_panicking_body_leaves_nothing_behind() {
    let mut site = Site::new();
    site.env.add_function("panic", || -> String { panic!("as told") });
    site.add("t", "{% cached %}{{ run() }}{% if bad %}{{ panic() }}{% endif %}x{% endcached %}");
    let panicked =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| site.render_with("t", context! { bad => true })));
    assert!(panicked.is_err());
    assert_eq!(site.render_with("t", context! { bad => false }).unwrap(), "x");
    assert_eq!(site.render_with("t", context! { bad => true }).unwrap(), "x");
    assert_eq!(site.runs(), 2);
}

/// The engine cannot be told of a failure where it asks for a length, a truth value or a text.
#[test]
fn queries_that_fail_silently_are_not_stored() {
    for body in [
        "{{ articles|length }}",
        "{{ articles.filter(category=1)|length }}",
        "{% if articles %}y{% endif %}",
        "{% if not articles.filter(category=1) %}n{% endif %}",
        "{% for a in articles %}{{ a.id }}{% endfor %}",
        "{{ articles|list }}",
        "{{ articles|first }}",
        "{{ articles[0] }}",
        "{{ articles.count() }}",
        "{{ articles.exists() }}",
        "{% set n = articles|list|length %}{{ n }}",
    ] {
        let mut site = Site::new();
        site.add("t.html", &format!("\n{{% cached_as 'comment' %}}{body}{{% endcached_as %}}"));
        site.database.break_it(true);
        for _ in 0..2 {
            let (line, words) = failure(&site, "t.html");
            assert_eq!(line, Some(2), "{body}");
            // A length that is unknown is an error of the engine's own.
            let told = ["connection lost", "cannot calculate length"];
            assert!(told.iter().any(|told| words.contains(told)), "{body}: {words}");
        }
        site.database.break_it(false);
        site.render("t.html").unwrap_or_else(|error| panic!("{body}: {error}"));
        let fills = site.cache.counters().fills;
        assert_eq!(fills, 1, "{body}");
    }
}

#[test]
fn printing_a_queryset_runs_nothing() {
    let mut site = Site::new();
    site.add("t.txt", "{{ articles }}{{ articles.limit(1) }}");
    site.database.break_it(true);
    assert_eq!(site.render("t.txt").unwrap(), "<queryset><queryset>");
    assert_eq!(site.database.queries(), 0);
}

#[test]
fn an_error_in_an_included_template_keeps_its_chain() {
    let mut site = Site::new();
    let loaded = "\n{% cached %}{% block b %}{% endblock %}{% endcached %}";
    site.fragments.set_loader(&mut site.env, move |name| Ok((name == "part.html").then_some(loaded)));
    site.add("t.html", "\n\n{% include 'part.html' %}");
    let (line, words) = failure(&site, "t.html");
    assert_eq!(line, Some(3));
    let mut chain = words;
    let error = site.render("t.html").expect_err("refused");
    let mut source = std::error::Error::source(&error);
    while let Some(inner) = source {
        chain += &inner.to_string();
        source = inner.source();
    }
    assert!(chain.contains("part.html:2"), "{chain}");
}

#[test]
fn sources_past_the_rewrite_are_refused_loudly() {
    let mut site = Site::new();
    let error = site.env.add_template("t", "{% cached_as articles %}{% endcached_as %}").expect_err("unknown");
    assert_eq!(error.kind(), ErrorKind::SyntaxError);
    assert!(error.to_string().contains("cached_as"));
}

#[test]
fn fuel_runs_out_without_a_store() {
    let mut site = Site::new();
    site.add("t", "{% cached %}{% for x in range(100) %}{{ run() }}{% endfor %}{% endcached %}");
    site.env.set_fuel(Some(50));
    assert_eq!(site.render("t").unwrap_err().kind(), ErrorKind::OutOfFuel);
    assert_eq!(site.cache.counters().fills, 0);
    site.env.set_fuel(Some(100_000));
    site.render("t").unwrap();
    site.env.set_fuel(Some(50));
    assert_eq!(site.render("t").unwrap(), "");
}

#[test]
fn endless_inclusion_is_an_error() {
    let mut site = Site::new();
    site.add("t", "{% cached %}{% include 't' %}{% endcached %}");
    assert!(site.render("t").is_err());
    assert_eq!(site.cache.counters().fills, 0);
    // As deep as the engine allows, and no guard is left behind.
    site.add("n", "{% cached extra=n %}{{ n }}{% if n %}{% with n = n - 1 %}{% include 'n' %}{% endwith %}{% endif %}{% endcached %}");
    let text = site.render_with("n", context! { n => 10 }).unwrap();
    assert_eq!(text, "109876543210");
    assert_eq!(site.render_with("n", context! { n => 9 }).unwrap(), "9876543210");
}

#[test]
fn a_block_that_fails_in_a_kept_state_frees_its_place() {
    let mut site = Site::new();
    site.add("t", "{% block b %}{% cached key='k' %}{{ fail() if bad }}x{% endcached %}{% endblock %}");
    let template = site.env.get_template("t").unwrap();
    let mut captured = {
        let values = context! { bad => false, ..site.values() };
        template.render_captured(values).unwrap()
    };
    assert_eq!(captured.output(), "x");
    site.fragments.invalidate("k").unwrap();
    let again = captured.with_state_mut(|state| state.render_block("b")).unwrap();
    assert_eq!(again, "x");
}

#[test]
fn reserved_functions_refuse_a_call_by_hand() {
    let mut site = Site::new();
    for source in [
        "{{ __cached_begin() }}",
        "{{ __cached_begin('x', 'y') }}",
        "{{ __cached_begin('cached', 3) }}",
        "{{ __cached_begin('cached', '') }}",
        "{{ 1|__cached_put(2) }}",
    ] {
        site.env.add_template("t", source).unwrap();
        assert!(site.render("t").is_err(), "{source}");
    }
}

/// Takes so many bytes, and then no more.
struct Full(usize);

impl std::io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(std::io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_writer_that_fails_leaves_the_block_whole() {
    let mut site = Site::new();
    site.add("t", "a{% cached %}{{ run() }}long text{% endcached %}b");
    let template = site.env.get_template("t").unwrap();
    assert!(template.render_captured_to(site.values(), Full(3)).is_err());
    assert_eq!(site.render("t").unwrap(), "along textb");
    let mut sink = Vec::new();
    template.render_captured_to(site.values(), &mut sink).unwrap();
    assert_eq!(sink, b"along textb");
    assert_eq!(site.runs(), 1);
}
