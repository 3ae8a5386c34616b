use std::borrow::Cow;

use minijinja::Environment;
use minijinja::syntax::SyntaxConfig;

use super::rewrite;

fn plain(source: &str) -> String {
    rewrite("t.html", source, &SyntaxConfig::default()).expect("accepted").into_owned()
}

fn refusal(source: &str) -> String {
    rewrite("t.html", source, &SyntaxConfig::default()).expect_err(source).to_string()
}

/// The rewritten text with every location replaced, so that it can be written down.
fn shape(source: &str, syntax: &SyntaxConfig) -> String {
    let text = rewrite("t.html", source, syntax).expect("accepted").into_owned();
    let mut parts = text.split('"');
    let mut shape = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let location = part.split_once('@').is_some_and(|(hash, line)| {
            hash.len() == 32 && !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit())
        });
        shape += "\"";
        shape += if location { "@" } else { part };
    }
    shape
}

fn syntax(build: impl FnOnce(&mut minijinja::syntax::SyntaxConfigBuilder)) -> SyntaxConfig {
    let mut builder = SyntaxConfig::builder();
    build(&mut builder);
    builder.build().expect("valid delimiters")
}

const OPEN: &str = "{% with __cached = __cached_begin(";
const MISS: &str = " %}{% if __cached.miss %}{% filter __cached_put(__cached)";
const HIT: &str = "endfilter %}{% else %}{{ __cached.body }}{% endif %}{% endwith";

#[test]
fn tags_become_statements() {
    let cases = [
        ("{% cached_as q %}x{% endcached_as %}", format!("{OPEN}\"cached_as\", \"@\",  q){MISS} %}}x{{%  {HIT}  %}}")),
        (
            "{%- cached -%} x {%+ endcached +%}",
            format!("{{%-  with __cached = __cached_begin(\"cached\", \"@\"){MISS} -%}} x {{%+  {HIT} +%}}"),
        ),
    ];
    for (source, expected) in cases {
        let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(squeeze(&shape(source, &SyntaxConfig::default())), squeeze(&expected), "{source}");
    }
}

#[test]
fn arguments_are_spliced_as_written() {
    for (arguments, spliced) in [
        ("", ")"),
        (" q", ", q)"),
        (" q, timeout=60", ", q, timeout=60)"),
        (" q,", ", q,)"),
        ("(q, timeout=60)", ", q, timeout=60)"),
        ("()", ")"),
        (" (q), timeout=60", ", (q), timeout=60)"),
        (" (q).filter(a=1)", ", (q).filter(a=1))"),
        (" q, extra=\"%}\"", ", q, extra=\"%}\")"),
        (" q, extra={'a': {'b': 1}}", ", q, extra={'a': {'b': 1}})"),
    ] {
        let source = format!("{{% cached_as{arguments} %}}{{% endcached_as %}}");
        let text = shape(&source, &SyntaxConfig::default());
        let begin = text.split(" %}{% if __cached.miss").next().unwrap_or_default();
        let found = begin.split_once("\"@\"").map(|(_, rest)| rest.split_whitespace().collect::<Vec<_>>().join(" "));
        assert_eq!(found.as_deref(), Some(spliced), "{source}");
    }
}

#[test]
fn every_line_keeps_its_number() {
    let source = "a\n{%\n cached_as\n q,\n extra=(1,\n 2)\n-%}\nbody\n{% endcached_as\n\n %}\nend\n";
    let text = plain(source);
    assert_eq!(text.matches('\n').count(), source.matches('\n').count());
    let line = |text: &str, word: &str| {
        let at = text.find(word).expect(word);
        text[..at].matches('\n').count()
    };
    for word in ["q,", "2)", "body", "end\n"] {
        assert_eq!(line(&text, word), line(source, word), "{word}");
    }
}

#[test]
fn line_statements_become_block_tags() {
    let lines = syntax(|builder| {
        builder.line_statement_prefix("#").trim_blocks(true);
    });
    let text = shape("a\n  # cached_as q\nbody\n\t# endcached_as\nend", &lines);
    assert!(text.starts_with("a\n{%+"), "{text:?}");
    assert!(text.contains("\n +%}body\n{%+"), "{text:?}");
    assert!(text.ends_with("\n +%}end"), "{text:?}");
}

#[test]
fn other_delimiters_are_used_throughout() {
    let erb = syntax(|builder| {
        builder.block_delimiters("<%", "%>").variable_delimiters("<%=", "%>").comment_delimiters("<%#", "%>");
    });
    let text = shape("<%- cached_as q %>{% x %}<% endcached_as -%>", &erb);
    assert!(text.starts_with("<%-"), "{text}");
    assert!(text.contains("<% else %><%= __cached.body %><% endif %>"), "{text}");
    assert!(text.contains("{% x %}"), "{text}");
    assert!(!text.contains("{{"), "{text}");
}

#[test]
fn sources_without_the_tags_are_borrowed() {
    for source in [
        "",
        "plain",
        "{% if x %}{% endif %}",
        "a cached text {{ cached }}",
        "{% raw %}{% cached %}{% endraw %}",
        "{# {% cached %} #}",
        "{{ '{% cached %}' }}",
        "{% call cached_as(q, 'name') %}{% endcall %}",
        "{% if x %}{% endfor %}{% cached %}",
    ] {
        let text = rewrite("t.html", source, &SyntaxConfig::default());
        assert!(matches!(text, Ok(Cow::Borrowed(text)) if text == source), "{source}");
    }
}

#[test]
fn the_engine_reports_its_own_errors() {
    for (source, message) in [
        ("{% cached %}{% if %}{% endcached %}", "`if` of line 1"),
        ("{% cached %}\n{{ 'open }}{% endcached %}", "unexpected end of string"),
        ("{% cached %}\n{% if x %}{% endfor %}{% endif %}{% endcached %}", "endfor"),
        ("{% cached %}\n{{ 'open }}{% endcached", "unexpected end of string"),
        ("{% cached\n a b %}{% endcached %}", "(in t.html:2)"),
        ("{% cached\n = 3 %}{% endcached %}", "(in t.html:2)"),
    ] {
        let mut env = Environment::new();
        let error = match rewrite("t.html", source, &SyntaxConfig::default()) {
            Ok(text) => env.add_template_owned("t.html", text.into_owned()).expect_err(source).to_string(),
            Err(error) => error.to_string(),
        };
        assert!(error.contains(message), "{source}: {error}");
        assert!(!error.contains("unknown statement cached"), "{source}: {error}");
    }
}

#[test]
fn broken_nesting_names_both_lines() {
    for (source, parts) in [
        ("\n{% endcached %}", &["`endcached` closes nothing", "t.html:2"][..]),
        ("\n{% cached_as q %}\n", &["`cached_as` is never closed", "t.html:2"]),
        ("{% cached %}\n{% if x %}\n", &["`cached` is never closed", "`endif` for line 2", "t.html:1"]),
        (
            "{% if x %}{% cached %}\n{% endif %}{% endcached %}",
            &["`endif` stands inside of the `cached` of line 1", "t.html:2"],
        ),
        ("{% if x %}{% cached %}\n{% else %}{% endcached %}{% endif %}", &["`else` stands inside", "t.html:2"]),
        ("{% cached %}\n{% if x %}\n{% endcached %}{% endif %}", &["`endcached` meets the `if` of line 2", "t.html:3"]),
        (
            "{% cached %}{% cached_as q %}\n{% endcached %}",
            &["`endcached` meets the `cached_as` of line 1", "t.html:2"],
        ),
        ("{% cached %}{% endcached_as %}", &["`endcached_as` meets the `cached` of line 1"]),
        ("{% cached %}\n{% endcached", &["`endcached` is not finished", "t.html:2"]),
        ("{% cached", &["`cached` is not finished"]),
        ("{% cached %}{% endcached x %}", &["takes no arguments"]),
        ("{% cached a) ~ f( %}{% endcached %}", &["brackets", "t.html:1"]),
        ("{% cached (a] %}{% endcached %}", &["brackets"]),
        ("{% set x %}{% cached %}{% endset %}{% endcached %}", &["`endset` stands inside"]),
        ("{% set x | upper %}{% cached %}{% endset %}{% endcached %}", &["`endset` stands inside"]),
    ] {
        let error = refusal(source);
        for part in parts {
            assert!(error.contains(part), "{source}: {error}");
        }
    }
}

#[test]
fn bodies_that_others_may_change_are_refused() {
    for source in [
        "{% cached %}{% block b %}{% endblock %}{% endcached %}",
        "{% cached %}{% if x %}{% block b %}{% endblock %}{% endif %}{% endcached %}",
        "{% cached %}{% extends 'b' %}{% endcached %}",
        "{% cached %}{{ self.b() }}{% endcached %}",
        "{% cached %}{% if self.b() %}{% endif %}{% endcached %}",
        "{% macro m() %}{{ self.b() }}{% endmacro %}{% cached %}{{ m() }}{% endcached %}",
        "{% cached %}{% cached_as q, extra=self.b() %}{% endcached_as %}{% endcached %}",
    ] {
        let error = refusal(source);
        assert!(error.contains("would share") || error.contains("could share"), "{source}: {error}");
    }
    for source in [
        "{% cached extra=self.b() %}{% endcached %}{{ self.b() }}",
        "{% cached %}{{ x.self }}{{ f(self=1) }}{% endcached %}",
        "{% block b %}{% cached %}{{ super() }}{% endcached %}{% endblock %}",
        "{% macro m() %}{{ self.b() }}{% endmacro %}the word cached",
    ] {
        plain(source);
    }
}

#[test]
fn jumps_out_of_a_body_are_refused() {
    for source in [
        "{% for x in xs %}{% cached %}{% break %}{% endcached %}{% endfor %}",
        "{% for x in xs %}{% cached %}{% if x %}{% continue %}{% endif %}{% endcached %}{% endfor %}",
        "{% for x in xs %}{% cached %}{% for y in x %}{% else %}{% break %}{% endfor %}{% endcached %}{% endfor %}",
    ] {
        assert!(refusal(source).contains("would leave"), "{source}");
    }
    for source in [
        "{% cached %}{% for x in xs %}{% break %}{% endfor %}{% endcached %}",
        "{% cached %}{% for x in xs %}{% if x %}{% continue %}{% else %}{% break %}{% endif %}{% endfor %}{% endcached %}",
        "{% for x in xs %}{% cached %}{% endcached %}{% break %}{% endfor %}",
    ] {
        plain(source);
    }
}

#[test]
fn reserved_names_are_refused() {
    for source in ["{% cached %}{% set __cached = 1 %}{% endcached %}", "{{ __cached_begin('cached', 'x') }}"] {
        assert!(refusal(source).contains("reserved"), "{source}");
    }
}

#[test]
fn locations_follow_the_text_of_the_block() {
    let locations = |name: &str, source: &str| -> Vec<String> {
        rewrite(name, source, &SyntaxConfig::default())
            .expect("accepted")
            .split('"')
            .filter_map(|part| part.split_once('@'))
            .map(|(hash, _)| hash.to_owned())
            .collect()
    };
    let block = "{% cached %}a{% endcached %}";
    let twice = locations("t", &format!("{block}{block}"));
    assert_ne!(twice[0], twice[1]);
    assert_eq!(locations("t", &format!("before\n{block}")), locations("t", block));
    assert_ne!(locations("u", block), locations("t", block));
    assert_ne!(locations("t", "{% cached %}b{% endcached %}"), locations("t", block));
    assert_ne!(locations("t", "{% cached extra=1 %}a{% endcached %}"), locations("t", block));
    // Written down, because other processes and later versions must find what was stored.
    assert_eq!(locations("t", block), ["69ab008a7be24eaa69f230eafbcae7c6"]);
}

/// The engine nests `with` and `autoescape` as the cached tags have to be nested.
#[test]
fn random_nesting_is_accepted_where_the_engine_accepts_it() {
    const PIECES: &[&str] = &[
        "{% cached %}",
        "{% endcached %}",
        "{% cached_as 'x' %}",
        "{% endcached_as %}",
        "{%- cached -%}\n",
        "{% if x %}",
        "{% elif y %}",
        "{% else %}",
        "{% endif %}",
        "{% for x in xs %}",
        "{% endfor %}",
        "{% set z = 1 %}",
        "{% set z %}",
        "{% set z | upper %}",
        "{% endset %}",
        "{% filter upper %}",
        "{% endfilter %}",
        "{% macro m() %}",
        "{% endmacro %}",
        "{% call m() %}",
        "{% endcall %}",
        "{% block b %}",
        "{% endblock %}",
        "{% endblock b %}",
        "{% extends 'b' %}",
        "{% include 'p' %}",
        "{% break %}",
        "{% continue %}",
        "{{ x }}",
        "{{ self.b() }}",
        "{# {% cached %} #}",
        "{% raw %}{% endcached %}{% endraw %}",
        "text",
        "\n",
        "{{ 'a",
        "{% do f() %}",
    ];
    const CLOSED: &[(&str, &str)] = &[
        ("{% cached %}", "{% endcached %}"),
        ("{% cached_as 'x' %}", "{% endcached_as %}"),
        ("{% if x %}", "{% endif %}"),
        ("{% for x in xs %}", "{% endfor %}"),
        ("{% set z %}", "{% endset %}"),
        ("{% if x %}a{% else %}", "{% endif %}"),
        ("{% macro m() %}", "{% endmacro %}"),
    ];
    let mut state = 0x853c_49e6_748f_ea9b_u64;
    let mut below = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % bound as u64) as usize
    };
    let syntax = SyntaxConfig::default();
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..40_000 {
        let mut source = String::new();
        for _ in 0..=below(4) {
            if below(3) == 0 {
                source += PIECES[below(PIECES.len())];
            }
            let (open, close) = CLOSED[below(CLOSED.len())];
            let at = match below(2) {
                0 => 0,
                _ => source.len(),
            };
            source = format!("{}{open}{}{close}", &source[..at], &source[at..]);
            if below(4) == 0 {
                source += PIECES[below(PIECES.len())];
            }
        }
        let stand_in = source
            .replace("cached_as 'x' %}", "autoescape true %}")
            .replace("endcached_as", "endautoescape")
            .replace("endcached", "endwith")
            .replace("cached", "with");
        let compiles = |source: &str| Environment::new().add_template_owned("t.html", source.to_owned());
        let expected = compiles(&stand_in);
        match rewrite("t.html", &source, &syntax) {
            Ok(text) => {
                let lines = |text: &str| text.matches('\n').count();
                assert_eq!(lines(&text), lines(&source), "{source:?}");
                let found = compiles(&text);
                assert_eq!(found.is_ok(), expected.is_ok(), "{source:?}: {found:?} / {expected:?}");
                if let Err(error) = found {
                    assert!(!error.to_string().contains("unknown statement cached"), "{source:?}: {error}");
                }
                accepted += usize::from(expected.is_ok() && source.contains("{% cached"));
            }
            Err(error) => {
                let error = error.to_string();
                let rule = ["would share", "could share", "would leave"];
                if !rule.iter().any(|rule| error.contains(rule)) {
                    assert!(expected.is_err(), "{source:?}: {error}");
                }
                refused += 1;
            }
        }
    }
    assert!(accepted > 2_000 && refused > 2_000, "{accepted} {refused}");
}
