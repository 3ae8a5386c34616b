//! A template renders the same inside of a cached block as without one, on a miss and on a hit.

mod support;

use std::path::Path;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Value, context};

use cache_core::Cache;
use cache_minijinja::{ErrorKind, Fragments};

/// Templates that a cached block must refuse.
const REFUSED: [&str; 3] = ["block", "extends", "self"];

const PARTS: [(&str, &str); 5] = [
    ("partial", "part of {{ user.name }}, {{ html }}"),
    ("partial_x", "[{{ x }}{{ loop.index }}]"),
    ("macros", "{% set title = 'T' %}{% macro bold(t) %}<b>{{ t }}</b>{% endmacro %}"),
    ("base", "<{% block body %}base{% endblock %}>"),
    ("child", "{% extends 'base' %}{% block body %}{{ super() }}+child{% endblock %}"),
];

fn values() -> Value {
    let person = |name: &str, team: &str| context! { name, team };
    context! {
        user => context! { name => "Ada" },
        html => "<b>&",
        text => "three little words",
        xs => [1, 2, 3],
        empty => Vec::<i32>::new(),
        map => context! { a => 1, b => "<two>" },
        flag => false,
        nothing => (),
        people => [person("a", "x"), person("b", "y"), person("c", "x")],
        tree => [context! { name => "a", kids => [context! { name => "b", kids => Vec::<Value>::new() }] }],
    }
}

fn environment(syntax: &SyntaxConfig) -> (Environment<'static>, Fragments) {
    let fragments = Fragments::builder(Cache::in_memory()).build();
    let mut env = Environment::new();
    env.set_syntax(syntax.clone());
    env.set_auto_escape_callback(|name| match name {
        name if name.ends_with(".html") => minijinja::AutoEscape::Html,
        name if name.ends_with(".json") => minijinja::AutoEscape::Json,
        _ => minijinja::AutoEscape::None,
    });
    env.add_function("run", || "");
    fragments.install(&mut env);
    for (name, source) in PARTS {
        env.add_template(name, source).expect(name);
    }
    (env, fragments)
}

fn inputs() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inputs");
    let mut inputs: Vec<(String, String)> = std::fs::read_dir(folder)
        .expect("fixtures")
        .map(|entry| {
            let path = entry.expect("entry").path();
            let name = path.file_stem().expect("name").to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).expect("text");
            (name, text.strip_suffix('\n').unwrap_or(&text).to_owned())
        })
        .collect();
    inputs.sort();
    inputs
}

fn compare(syntax: &SyntaxConfig, opening: &str, closing: &str) {
    let inputs = inputs();
    assert!(inputs.len() >= 60, "only {} fixtures", inputs.len());
    for (input, source) in &inputs {
        for ending in ["txt", "html", "json"] {
            let (mut env, fragments) = environment(syntax);
            let plain = format!("plain/{input}.{ending}");
            let wrapped = format!("wrapped/{input}.{ending}");
            let inside = format!("{opening}{source}{closing}");
            let added = fragments.add_template(&mut env, wrapped.clone(), inside);
            if REFUSED.contains(&input.as_str()) {
                assert_eq!(added.map_err(|error| error.kind()), Err(ErrorKind::Syntax), "{input}");
                continue;
            }
            added.unwrap_or_else(|error| panic!("{input}: {error}"));
            // The engine drops the last line break of a template: let that be one of ours.
            env.add_template_owned(plain.clone(), format!("{source}\n"))
                .unwrap_or_else(|error| panic!("{input}: {error}"));
            let render = |name: &str| {
                let template = env.get_template(name).expect(name);
                template.render(values()).map_err(|error| error.kind())
            };
            let expected = render(&plain);
            assert_eq!(render(&wrapped), expected, "{wrapped}: miss");
            assert_eq!(render(&wrapped), expected, "{wrapped}: hit");
            let counters = fragments.cache().counters();
            if expected.is_ok() {
                assert_eq!((counters.misses, counters.hits), (1, 1), "{wrapped}");
            }
        }
    }
}

#[test]
fn templates_render_the_same_inside_of_a_block() {
    compare(&SyntaxConfig::default(), "{% cached key='x' %}", "{% endcached %}");
}

#[test]
fn whitespace_settings_keep_their_meaning() {
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().expect("syntax");
    compare(&syntax, "{%+ cached key='x' +%}", "{%+ endcached +%}");
}

#[test]
fn line_statements_wrap_too() {
    let syntax =
        SyntaxConfig::builder().line_statement_prefix("%%").keep_trailing_newline(true).build().expect("syntax");
    // The engine keeps the line break before the end tag; without cached blocks there is none.
    let inputs = inputs();
    for (input, source) in inputs.iter().filter(|(input, _)| !REFUSED.contains(&input.as_str())) {
        let (mut env, fragments) = environment(&syntax);
        let inside = format!("%% cached key='x'\n{source}\n  %% endcached\n");
        fragments.add_template(&mut env, "wrapped", inside).expect(input);
        env.add_template_owned("plain", format!("{source}\n")).expect(input);
        let render = |name: &str| {
            let template = env.get_template(name).expect(name);
            template.render(values()).map_err(|error| error.kind())
        };
        let expected = render("plain");
        assert_eq!(render("wrapped"), expected, "{input}: miss");
        assert_eq!(render("wrapped"), expected, "{input}: hit");
    }
}
