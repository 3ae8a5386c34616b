//! What authors may write, rendered twice: the same text both times, and the body as often as expected.

mod support;

use minijinja::syntax::{SyntaxConfig, SyntaxConfigBuilder};
use minijinja::{AutoEscape, UndefinedBehavior};

use support::Site;

struct Case {
    name: &'static str,
    source: &'static str,
    others: Vec<(&'static str, &'static str)>,
    expected: &'static str,
    runs: usize,
    file: &'static str,
    syntax: Option<SyntaxConfig>,
    undefined: UndefinedBehavior,
}

/// A template whose bodies together run `runs` times in two renders.
fn case(name: &'static str, source: &'static str, expected: &'static str, runs: usize) -> Case {
    Case {
        name,
        source,
        others: Vec::new(),
        expected,
        runs,
        file: "t.html",
        syntax: None,
        undefined: UndefinedBehavior::Lenient,
    }
}

impl Case {
    fn and(mut self, name: &'static str, source: &'static str) -> Self {
        self.others.push((name, source));
        self
    }

    fn file(mut self, name: &'static str) -> Self {
        self.file = name;
        self
    }

    fn undefined(mut self, behavior: UndefinedBehavior) -> Self {
        self.undefined = behavior;
        self
    }

    fn syntax(mut self, build: impl FnOnce(&mut SyntaxConfigBuilder)) -> Self {
        let mut builder = SyntaxConfig::builder();
        build(&mut builder);
        self.syntax = Some(builder.build().expect("syntax"));
        self
    }

    fn run(self) -> Result<(), String> {
        let mut site = Site::with(|env| {
            if let Some(syntax) = self.syntax {
                env.set_syntax(syntax);
            }
            env.set_undefined_behavior(self.undefined);
            env.set_auto_escape_callback(|name| match name.rsplit('.').next() {
                Some("html") => AutoEscape::Html,
                Some("json") => AutoEscape::Json,
                Some("custom") => AutoEscape::Custom("custom".into()),
                _ => AutoEscape::None,
            });
            env.set_formatter(|out, state, value| match state.auto_escape() {
                AutoEscape::Custom(_) if !value.is_safe() => {
                    std::fmt::Write::write_fmt(out, format_args!("({value})"))?;
                    Ok(())
                }
                AutoEscape::Custom(_) => Ok(std::fmt::Write::write_fmt(out, format_args!("{value}"))?),
                _ => minijinja::escape_formatter(out, state, value),
            });
        });
        site.add(self.file, self.source);
        for (name, source) in self.others {
            site.add(name, source);
        }
        for round in ["miss", "hit"] {
            let text = site.render(self.file).map_err(|error| format!("{round}: {error:#}"))?;
            if text != self.expected {
                return Err(format!("{round}: {text:?}, not {:?}", self.expected));
            }
        }
        match site.runs() {
            runs if runs == self.runs => Ok(()),
            runs => Err(format!("bodies ran {runs} times, not {}", self.runs)),
        }
    }
}

fn check(cases: Vec<Case>) {
    let faults: Vec<String> = cases
        .into_iter()
        .filter_map(|case| {
            let name = case.name;
            case.run().err().map(|fault| format!("{name}: {fault}"))
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn forms_of_the_tags() {
    check(vec![
        case("cached", "{% cached %}{{ run() }}a{% endcached %}", "a", 1),
        case("cached with parentheses", "{% cached() %}{{ run() }}a{% endcached %}", "a", 1),
        case("cached with options", "{% cached timeout=60, extra=1, key='k' %}{{ run() }}a{% endcached %}", "a", 1),
        case("queryset", "{% cached_as articles %}{{ run() }}a{% endcached_as %}", "a", 1),
        case("call parentheses", "{% cached_as(articles, timeout=60) %}{{ run() }}a{% endcached_as %}", "a", 1),
        case("trailing comma", "{% cached_as articles, %}{{ run() }}a{% endcached_as %}", "a", 1),
        case(
            "parenthesised queryset",
            "{% cached_as (articles), timeout='1h' %}{{ run() }}a{% endcached_as %}",
            "a",
            1,
        ),
        case(
            "method of it",
            "{% cached_as (articles).filter(category=1), extra=(1, 'x') %}{{ run() }}a{% endcached_as %}",
            "a",
            1,
        ),
        case(
            "several",
            "{% cached_as articles.filter(category=1), articles.filter(category=2), 'comment' %}{{ run() }}a{% endcached_as %}",
            "a",
            1,
        ),
        case("table", "{% cached_as 'article' %}{{ run() }}a{% endcached_as %}", "a", 1),
        case(
            "queryset in set",
            "{% set q = articles.filter(category=1) %}{% cached_as q %}{{ run() }}{% for a in q %}{{ a.title }} {% endfor %}{% endcached_as %}",
            "one two ",
            1,
        ),
        case(
            "splat",
            "{% set qs = [articles, 'x'] %}{% cached_as *qs, **{'timeout': 5} %}{{ run() }}a{% endcached_as %}",
            "a",
            1,
        ),
        case("conditional argument", "{% cached_as articles if user else 'x' %}{{ run() }}a{% endcached_as %}", "a", 1),
        case("map literal", "{% cached extra={'a': {'b': [1]}} %}{{ run() }}a{% endcached %}", "a", 1),
        case("delimiters in strings", "{% cached extra='%}', key=\"}}{#\" %}{{ run() }}a{% endcached %}", "a", 1),
        case(
            "over several lines",
            "{% cached_as\n  articles,\n  timeout=60\n%}{{ run() }}a{%\n endcached_as\n%}",
            "a",
            1,
        ),
        case(
            "call form",
            "{% call cached_as(articles, 'side', timeout=60) %}{{ run() }}<i>{{ html }}{% endcall %}",
            "<i>&lt;b&gt;",
            1,
        ),
        case(
            "call form with key",
            "{% call cached_as(articles, 'comment', key='side') %}{{ run() }}a{% endcall %}",
            "a",
            1,
        ),
        case("call form by time", "{% call cached('side', timeout=60) %}{{ run() }}a{% endcall %}", "a", 1),
        case("no timeout", "{% cached timeout=none %}{{ run() }}a{% endcached %}", "a", 1),
        case("timeout of zero", "{% cached timeout=0 %}{{ run() }}a{% endcached %}", "a", 2),
        case("empty body", "a{% cached %}{% endcached %}b", "ab", 0),
        case("empty stored text", "[{% cached %}{{ run() }}{% endcached %}]", "[]", 1),
    ]);
}

#[test]
fn whitespace() {
    check(vec![
        case("minus", "a  {%- cached -%}  {{ run() }}b  {%- endcached -%}  c", "abc", 1),
        case("plus", "a  {%+ cached +%}  {{ run() }}b  {%+ endcached +%}  c", "a    b    c", 1),
        case("trim_blocks", "a\n{% cached %}\n{{ run() }}b\n{% endcached %}\nc", "a\nb\nc", 1).syntax(|syntax| {
            syntax.trim_blocks(true);
        }),
        case("lstrip_blocks", "a\n  {% cached %}\n  {{ run() }}b\n  {% endcached %}\nc", "a\n\n  b\n\nc", 1).syntax(
            |syntax| {
                syntax.lstrip_blocks(true);
            },
        ),
        case("both", "a\n  {% cached %}\n  {{ run() }}b\n  {% endcached %}\nc", "a\n  b\nc", 1).syntax(|syntax| {
            syntax.trim_blocks(true).lstrip_blocks(true);
        }),
        case("both, kept", "a\n  {%+ cached +%}\n  {{ run() }}b\n  {%+ endcached +%}\nc", "a\n  \n  b\n  \nc", 1)
            .syntax(|syntax| {
                syntax.trim_blocks(true).lstrip_blocks(true);
            }),
        case("trailing newline", "{% cached %}{{ run() }}a{% endcached %}\n", "a", 1),
        case("trailing newline kept", "{% cached %}{{ run() }}a\n{% endcached %}\n", "a\n\n", 1).syntax(|syntax| {
            syntax.keep_trailing_newline(true);
        }),
        case("crlf", "a\r\n{% cached %}\r\n{{ run() }}b\r\n{% endcached %}\r\n", "a\r\n\r\nb\r\n", 1),
        case("crlf trimmed", "a\r\n{% cached %}\r\n{{ run() }}b\r\n{% endcached %}\r\nc", "a\r\nb\r\nc", 1).syntax(
            |syntax| {
                syntax.trim_blocks(true);
            },
        ),
        case("unicode", "é{% cached extra='日' %}{{ run() }}ü{% endcached %}ö", "éüö", 1),
    ]);
}

#[test]
fn other_syntaxes() {
    check(vec![
        case("erb", "<% cached_as articles %><%= run() %>a<%# note %>{{ x }}<% endcached_as %>", "a{{ x }}", 1).syntax(
            |syntax| {
                syntax.block_delimiters("<%", "%>").variable_delimiters("<%=", "%>").comment_delimiters("<%#", "%>");
            },
        ),
        case("latex", "\\BLOCK{ cached extra={'a': 1} }\\VAR{run()}a\\BLOCK{endcached}", "a", 1).syntax(|syntax| {
            syntax.block_delimiters("\\BLOCK{", "}").variable_delimiters("\\VAR{", "}").comment_delimiters("\\#{", "}");
        }),
        case("braces", "{ cached }${run()}a{ endcached }", "a", 1).syntax(|syntax| {
            syntax.block_delimiters("{", "}").variable_delimiters("${", "}");
        }),
        case("overlapping", "<< cached extra=1 >>< run() >a<< endcached >>", "a", 1).syntax(|syntax| {
            syntax.block_delimiters("<<", ">>").variable_delimiters("<", ">");
        }),
        case("line statements", "a\n# cached_as articles\n{{ run() }}b\n# endcached_as\nc", "a\nb\nc", 1).syntax(
            |syntax| {
                syntax.line_statement_prefix("#");
            },
        ),
        case("indented line statements", "a\n   # cached\n  {{ run() }}b\n\t# endcached\nc", "a\n  b\nc", 1).syntax(
            |syntax| {
                syntax.line_statement_prefix("#").trim_blocks(true).lstrip_blocks(true);
            },
        ),
        case("line statement over lines", "# cached_as (articles,\n  'x')\n{{ run() }}b\n# endcached_as", "b\n", 1)
            .syntax(|syntax| {
                syntax.line_statement_prefix("#");
            }),
        case("line comments", "## note\n# cached\n## {% cached %}\n{{ run() }}b\n# endcached ", "b\n", 1).syntax(
            |syntax| {
                syntax.line_statement_prefix("#").line_comment_prefix("##");
            },
        ),
        case("empty lines after line statements", "# cached\n\n{{ run() }}b\n\n# endcached\n\nc", "\nb\n\n\nc", 1)
            .syntax(|syntax| {
                syntax.line_statement_prefix("#").trim_blocks(true);
            }),
        case("line statement in crlf", "# cached\r\n{{ run() }}b\r\n# endcached\r\nc", "\nb\r\n\nc", 1).syntax(
            |syntax| {
                syntax.line_statement_prefix("#");
            },
        ),
    ]);
}

#[test]
fn text_that_is_no_tag() {
    check(vec![
        case("raw", "{% raw %}{% cached %}{% endraw %}{% cached %}{{ run() }}a{% endcached %}", "{% cached %}a", 1),
        case("comment", "{# {% cached %} #}{% cached %}{{ run() }}a{% endcached %}", "a", 1),
        case("string", "{{ '{% cached %}'|safe }}{% cached %}{{ run() }}a{% endcached %}", "{% cached %}a", 1),
        case(
            "raw inside",
            "{% cached %}{{ run() }}{% raw %}{% endcached %}{% endraw %}{% endcached %}",
            "{% endcached %}",
            1,
        ),
        case("comment inside", "{% cached %}{{ run() }}a{# {% endcached %} #}{% endcached %}", "a", 1),
        case(
            "variable of that name",
            "{% set cached = 1 %}{{ cached }}{% cached %}{{ run() }}{{ cached }}{% endcached %}",
            "11",
            1,
        ),
    ]);
}

#[test]
fn nesting() {
    check(vec![
        case(
            "the same tag",
            "{% cached %}{{ run() }}a{% cached %}{{ run() }}b{% endcached %}c{% endcached %}",
            "abc",
            2,
        ),
        case(
            "the other tag",
            "{% cached_as articles %}{{ run() }}a{% cached %}{{ run() }}b{% endcached %}c{% endcached_as %}",
            "abc",
            2,
        ),
        case(
            "three deep",
            "{% cached %}{% cached %}{% cached %}{{ run() }}a{% endcached %}{% endcached %}{% endcached %}",
            "a",
            1,
        ),
        case(
            "equal arguments",
            "{% cached extra=1 %}{{ run() }}a{% endcached %}{% cached extra=1 %}{{ run() }}b{% endcached %}",
            "ab",
            2,
        ),
        case(
            "equal text",
            "{% cached %}{{ run() }}{{ x }}{% endcached %}{% cached %}{{ run() }}{{ x }}{% endcached %}",
            "",
            2,
        ),
        case(
            "equal names",
            "{% cached key='k' %}{{ run() }}a{% endcached %}{% cached key='k' %}{{ run() }}b{% endcached %}",
            "aa",
            1,
        ),
        case(
            "its own name inside",
            "{% cached key='k' %}{{ run() }}a{% cached key='k' %}{{ run() }}b{% endcached %}{% endcached %}",
            "ab",
            2,
        ),
    ]);
}

#[test]
fn loops() {
    check(vec![
        case(
            "block in a loop",
            "{% for x in xs %}{% cached extra=x %}{{ run() }}{{ x }}{% endcached %}{% endfor %}",
            "123",
            3,
        ),
        case("loop in a block", "{% cached %}{% for x in xs %}{{ run() }}{{ x }}{% endfor %}{% endcached %}", "123", 3),
        case(
            "loop variables",
            "{% for x in xs %}{% cached extra=x %}{{ loop.index }}{{ loop.last }} {{ run() }}{% endcached %}{% endfor %}",
            "1False 2False 3True ",
            3,
        ),
        case(
            "one entry for all rounds",
            "{% for x in xs %}{% cached %}{{ run() }}{{ x }}{% endcached %}{% endfor %}",
            "111",
            1,
        ),
        case(
            "recursive",
            "{% for n in tree recursive %}{% cached extra=n.name %}{{ run() }}({{ n.name }}{{ loop(n.kids) }}){% endcached %}{% endfor %}",
            "(a(b))(c)",
            3,
        ),
        case(
            "break inside",
            "{% cached %}{{ run() }}{% for x in xs %}{% if x == 2 %}{% break %}{% endif %}{{ x }}{% endfor %}{% endcached %}",
            "1",
            1,
        ),
        case(
            "set in one round only",
            "{% for x in xs %}{% if x == 1 %}{% set y = 'first' %}{% endif %}{% cached extra=x %}{{ run() }}[{{ y }}]{% endcached %}{% endfor %}",
            "[first][][]",
            3,
        ),
        case(
            "else of a loop",
            "{% for x in [] %}{% else %}{% cached %}{{ run() }}none{% endcached %}{% endfor %}",
            "none",
            1,
        ),
    ]);
}

#[test]
fn names() {
    check(vec![
        case("set outside", "{% set a = 'x' %}{% cached %}{{ run() }}{{ a }}{% endcached %}", "x", 1),
        case(
            "set inside stays inside",
            "{% set a = 'x' %}{% cached %}{{ run() }}{% set a = 'y' %}{{ a }}{% endcached %}{{ a }}",
            "yx",
            1,
        ),
        case(
            "block set inside",
            "{% cached %}{{ run() }}{% set a %}<i>{{ html }}</i>{% endset %}{{ a }}{% endcached %}",
            "<i>&lt;b&gt;</i>",
            1,
        ),
        case(
            "captured by set",
            "{% set a %}{% cached %}{{ run() }}<i>{{ html }}{% endcached %}{% endset %}{{ a }}{{ a }}",
            "<i>&lt;b&gt;<i>&lt;b&gt;",
            1,
        ),
        case("with", "{% with a = 1 %}{% cached %}{{ run() }}{{ a }}{% endcached %}{% endwith %}", "1", 1),
        case(
            "macro outside",
            "{% macro m(x) %}[{{ x }}]{% endmacro %}{% cached %}{{ run() }}{{ m(html) }}{% endcached %}",
            "[&lt;b&gt;]",
            1,
        ),
        case(
            "macro inside",
            "{% cached %}{{ run() }}{% macro m(x) %}[{{ x }}]{% endmacro %}{{ m(1) }}{% endcached %}",
            "[1]",
            1,
        ),
        case(
            "block in a macro",
            "{% macro m(x) %}{% cached extra=x %}{{ run() }}[{{ x }}]{% endcached %}{% endmacro %}{{ m(1) }}{{ m(2) }}{{ m(1) }}",
            "[1][2][1]",
            2,
        ),
        case(
            "caller",
            "{% macro m() %}{% cached %}{{ run() }}<{{ caller() }}>{% endcached %}{% endmacro %}{% call m() %}in{% endcall %}",
            "<in>",
            1,
        ),
        case(
            "call block inside",
            "{% macro m() %}<{{ caller() }}>{% endmacro %}{% cached %}{{ run() }}{% call m() %}{{ html }}{% endcall %}{% endcached %}",
            "<&lt;b&gt;>",
            1,
        ),
        case("filter block", "{% filter upper %}{% cached %}{{ run() }}a{% endcached %}{% endfilter %}", "A", 1),
        case("filter block inside", "{% cached %}{{ run() }}{% filter upper %}a{% endfilter %}{% endcached %}", "A", 1),
    ]);
}

#[test]
fn several_templates() {
    check(vec![
        case("include", "{% cached %}{{ run() }}{% include 'part.html' %}{% endcached %}", "[Ada]", 1).and("part.html", "[{{ user.name }}]"),
        case("include with locals", "{% for x in xs %}{% cached extra=x %}{{ run() }}{% include 'part.html' %}{% endcached %}{% endfor %}", "[1][2][3]", 3).and("part.html", "[{{ x }}]"),
        case("include ignoring", "{% cached %}{{ run() }}a{% include 'no.html' ignore missing %}{% endcached %}", "a", 1),
        case("tag in an included template", "{% include 'part.html' %}{% include 'part.html' %}", "aa", 1).and("part.html", "{% cached %}{{ run() }}a{% endcached %}"),
        case("tag in an imported macro", "{% import 'm.html' as m %}{{ m.m(1) }}{{ m.m(1) }}", "11", 1).and("m.html", "{% macro m(x) %}{% cached extra=x %}{{ run() }}{{ x }}{% endcached %}{% endmacro %}"),
        case("import inside", "{% cached %}{{ run() }}{% import 'm.html' as m %}{{ m.m(1) }}{% endcached %}", "1", 1).and("m.html", "{% macro m(x) %}{{ x }}{% endmacro %}"),
        case("included template that extends", "{% cached %}{{ run() }}{% include 'child.html' %}{% endcached %}", "<c>", 1)
            .and("base.html", "<{% block b %}{% endblock %}>").and("child.html", "{% extends 'base.html' %}{% block b %}c{% endblock %}"),
        case("block of a child", "{% extends 'base.html' %}{% block b %}{% cached %}{{ run() }}c{% endcached %}{% endblock %}", "<c>", 1).and("base.html", "<{% block b %}{% endblock %}>"),
        case("super", "{% extends 'base.html' %}{% block b %}{% cached %}{{ run() }}{{ super() }}c{% endcached %}{% endblock %}", "<pc>", 1).and("base.html", "<{% block b %}p{% endblock %}>"),
        case("block of the parent", "{% extends 'base.html' %}", "<p>", 1).and("base.html", "<{% block b %}{% cached %}{{ run() }}p{% endcached %}{% endblock %}>"),
        case("parent round the blocks", "{% extends 'base.html' %}{% block b %}c{% endblock %}", "hc", 1).and("base.html", "{% cached %}{{ run() }}h{% endcached %}{% block b %}{% endblock %}"),
        case("top level of a child", "{% extends 'base.html' %}{% set a %}{% cached %}{{ run() }}s{% endcached %}{% endset %}{% block b %}{{ a }}{% endblock %}", "<s>", 1).and("base.html", "<{% block b %}{% endblock %}>"),
        case("discarded by a condition", "{% if x %}{% extends 'base.html' %}{% endif %}{% cached %}{{ run() }}text{% endcached %}", "text", 1).and("base.html", "<>"),
        case("odd names", "{% cached %}{{ run() }}a{% endcached %}", "a", 1).file("dir/a \"b\" {% c.html"),
    ]);
}

#[test]
fn escaping() {
    check(vec![
        case("html", "{% cached %}{{ run() }}{{ html }}{{ html|safe }}<i>{% endcached %}", "&lt;b&gt;<b><i>", 1),
        case("text", "{% cached %}{{ run() }}{{ html }}<i>{% endcached %}", "<b><i>", 1).file("t.txt"),
        case("json", "{% cached %}{{ html }},{{ xs }}{% endcached %}", "\"<b>\",[1,2,3]", 0).file("t.json"),
        case("custom", "{% cached %}{{ html }}!{% endcached %}", "(<b>)!", 0).file("t.custom"),
        case(
            "off inside",
            "{% cached %}{{ run() }}{% autoescape false %}{{ html }}{% endautoescape %}{{ html }}{% endcached %}",
            "<b>&lt;b&gt;",
            1,
        ),
        case(
            "off outside",
            "{% autoescape false %}{% cached %}{{ run() }}{{ html }}{% endcached %}{% endautoescape %}",
            "<b>",
            1,
        ),
        case(
            "escaped once",
            "{% cached %}{{ run() }}{{ html|escape }}{{ html|e }}{% endcached %}",
            "&lt;b&gt;&lt;b&gt;",
            1,
        ),
        case(
            "one macro in two modes",
            "{% macro m() %}{% cached %}{{ run() }}{{ html }}{% endcached %}{% endmacro %}{% autoescape false %}{{ m() }}{% endautoescape %}{{ m() }}",
            "<b>&lt;b&gt;",
            2,
        ),
    ]);
}

#[test]
fn undefined_behaviours() {
    let source = "{% cached_as articles, extra=user.id %}{{ run() }}{{ user.name }}{% endcached_as %}";
    check(
        [
            UndefinedBehavior::Lenient,
            UndefinedBehavior::Chainable,
            UndefinedBehavior::SemiStrict,
            UndefinedBehavior::Strict,
        ]
        .into_iter()
        .map(|behavior| case("undefined", source, "Ada", 1).undefined(behavior))
        .collect(),
    );
}
