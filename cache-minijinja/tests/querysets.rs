//! Querysets in templates.

mod support;

use support::Site;

fn text(site: &mut Site, source: &str) -> String {
    site.add("t", source);
    site.render("t").unwrap_or_else(|error| panic!("{source}: {error:#}"))
}

#[test]
fn methods_narrow_and_count() {
    let mut site = Site::new();
    for (source, expected) in [
        ("{% for a in articles %}{{ a.title }} {% endfor %}", "one two three "),
        ("{% for a in articles.all() %}{{ a.id }}{% endfor %}", "123"),
        ("{% for a in articles.filter(category=1).exclude(id=1) %}{{ a.id }}{% endfor %}", "2"),
        ("{% for a in articles.order_by('-id').limit(2) %}{{ a.id }}{{ loop.last }} {% endfor %}", "3False 2True "),
        ("{{ articles.count() }}{{ articles|length }}{{ articles.filter(category=2)|length }}", "331"),
        ("{{ articles.exists() }} {{ articles.filter(category=9).exists() }}", "True False"),
        ("{{ 'y' if articles.filter(category=9) else 'n' }}{{ 'y' if articles else 'n' }}", "ny"),
        ("{{ (articles|first).title }} {{ articles[1].title }} {{ articles|map(attribute='id')|join }}", "one two 123"),
        ("{% for a in articles.filter(category=9) %}{% else %}none{% endfor %}", "none"),
        ("{{ articles.filter().count() }}", "3"),
    ] {
        assert_eq!(text(&mut site, source), expected, "{source}");
    }
}

#[test]
fn nothing_runs_before_it_is_needed() {
    let mut site = Site::new();
    text(&mut site, "{% set q = articles.filter(category=1).order_by('-id').limit(3) %}");
    assert_eq!(site.database.queries(), 0);
}

#[test]
fn derived_querysets_keep_their_rows() {
    let mut site = Site::new();
    let source = "{% set q = articles.filter(category=1) %}{% for a in q %}{{ a.id }}{% endfor %}{% for a in q %}{{ a.id }}{% endfor %}{{ q|length }}{{ q.count() }}{{ 'y' if q }}";
    assert_eq!(text(&mut site, source), "121222y");
    assert_eq!(site.database.queries(), 1);
    assert_eq!(text(&mut site, source), "121222y");
    assert_eq!(site.database.queries(), 2);
}

#[test]
fn a_queryset_of_the_environment_stays_fresh() {
    let mut site = Site::new();
    site.env.add_global("all", cache_minijinja::queryset(site.database.articles()));
    site.add("t", "{% for a in all %}{{ a.id }}{% endfor %}");
    assert_eq!(site.render("t").unwrap(), "123");
    site.database.insert(4, 1, "four");
    assert_eq!(site.render("t").unwrap(), "1234");
}

#[test]
fn a_shared_queryset_is_the_same_queryset() {
    let mut site = Site::new();
    let shared: std::sync::Arc<dyn cache_minijinja::TemplateQuery> = std::sync::Arc::new(site.database.articles());
    site.env.add_global("shared", cache_minijinja::queryset(shared));
    let source = "{{ shared.filter(category=1).exclude(id=1).order_by('-id').limit(5).count() }}{{ shared.exists() }}";
    assert_eq!(text(&mut site, source), "1True");
    site.add("u", "{% cached_as q, key='k' %}{{ run() }}{{ q|length }}{% endcached_as %}");
    site.add(
        "v",
        "{% with q = articles %}{% include 'u' %}{% endwith %}{% with q = shared %}{% include 'u' %}{% endwith %}",
    );
    assert_eq!(site.render("v").unwrap(), "33");
    assert_eq!(site.runs(), 1);
}

#[test]
fn a_hit_runs_no_query() {
    let mut site = Site::new();
    site.add(
        "t",
        "{% cached_as articles.filter(category=1) %}{% for a in articles.filter(category=1) %}{{ a.id }}{% endfor %}{% endcached_as %}",
    );
    for _ in 0..3 {
        assert_eq!(site.render("t").unwrap(), "12");
    }
    assert_eq!(site.database.queries(), 1);
}

#[test]
fn two_querysets_are_two_fragments() {
    let mut site = Site::new();
    site.add("t", "{% cached_as q, key='k' %}{{ run() }}{{ q|length }}{% endcached_as %}");
    for (category, expected) in [(1, "2"), (2, "1"), (1, "2")] {
        site.add(
            "u",
            &format!("{{% with q = articles.filter(category={category}) %}}{{% include 't' %}}{{% endwith %}}"),
        );
        assert_eq!(site.render("u").unwrap(), expected);
    }
    assert_eq!(site.runs(), 2);
}
