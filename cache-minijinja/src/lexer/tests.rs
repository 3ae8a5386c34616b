//! The engine's own lexer is the oracle.

use minijinja::machinery::{self, Token as Theirs};
use minijinja::syntax::SyntaxConfig;

use super::{Kind, Lexed, lex};

const PIECES: &[&str] = &[
    "{%",
    "%}",
    "{{",
    "}}",
    "{#",
    "#}",
    "{%-",
    "-%}",
    "{%+",
    "+%}",
    "{{-",
    "-}}",
    "{#-",
    "-#}",
    "<%",
    "%>",
    "<",
    ">",
    "<<",
    ">>",
    "\\BLOCK{",
    "\\VAR{",
    "\\#{",
    "}",
    "{",
    "${",
    "# ",
    "## ",
    "#",
    "%%",
    "\n",
    "\r\n",
    "\r",
    " ",
    "  ",
    "\t",
    "(",
    ")",
    "[",
    "]",
    "raw",
    "endraw",
    "{% raw %}",
    "{% endraw %}",
    "{%- raw -%}",
    "{%+ endraw +%}",
    "if",
    "x",
    "endif",
    "cached_as",
    "endcached_as",
    "\"",
    "'",
    "\"a %} b\"",
    "'}}'",
    "\\",
    "\\\"",
    "1",
    "1.5",
    "1e5",
    "1e-",
    "1.",
    ".1",
    "0xff",
    "0x",
    "1_000",
    "1_",
    "x.0.1",
    "x.1e5",
    "//",
    "**",
    "==",
    "!=",
    "<=",
    ">=",
    "=",
    "~",
    "|",
    ",",
    ":",
    "+",
    "-",
    "*",
    "/",
    "%",
    "!",
    "$",
    "é",
    "日",
    "\u{a0}",
    "\u{b}",
    "text",
    "{% if x %}",
    "{{ x }}",
    "{# c #}",
    "{##}",
    "{#-#}",
    "# for x in y\n",
    "  # if (a,\n b)\n",
    "<% if x %>",
    "<< if x >>",
    "< x >",
    "\\BLOCK{ if x }",
    "\\VAR{x}",
    "{'a': 1}",
    "{{ {'a': {}} }}",
    "{% if '%}' %}",
];

fn syntaxes() -> Vec<SyntaxConfig> {
    let mut delimiters = vec![SyntaxConfig::builder()];
    let mut add = |block: (&'static str, &'static str),
                   variable: (&'static str, &'static str),
                   comment: (&'static str, &'static str),
                   lines: (&'static str, &'static str)| {
        let mut builder = SyntaxConfig::builder();
        builder
            .block_delimiters(block.0, block.1)
            .variable_delimiters(variable.0, variable.1)
            .comment_delimiters(comment.0, comment.1)
            .line_statement_prefix(lines.0)
            .line_comment_prefix(lines.1);
        delimiters.push(builder);
    };
    add(("{%", "%}"), ("{{", "}}"), ("{#", "#}"), ("#", "##"));
    add(("{%", "%}"), ("{{", "}}"), ("{#", "#}"), ("%%", "//"));
    add(("<%", "%>"), ("<%=", "%>"), ("<%#", "%>"), ("", ""));
    add(("\\BLOCK{", "}"), ("\\VAR{", "}"), ("\\#{", "}"), ("# ", "## "));
    add(("{", "}"), ("${", "}"), ("{#", "#}"), ("", "#"));
    add(("<<", ">>"), ("<", ">"), ("<#", "#>"), ("-", ""));
    delimiters
        .iter()
        .flat_map(|builder| (0..8).map(move |flags| (builder.clone(), flags)))
        .map(|(mut builder, flags)| {
            builder
                .trim_blocks(flags & 1 != 0)
                .lstrip_blocks(flags & 2 != 0)
                .keep_trailing_newline(flags & 4 != 0)
                .build()
                .expect("distinct delimiters")
        })
        .collect()
}

fn kind(token: &Theirs<'_>) -> Kind {
    match token {
        Theirs::TemplateData(_) => Kind::Data,
        Theirs::VariableStart => Kind::VariableStart,
        Theirs::VariableEnd => Kind::VariableEnd,
        Theirs::BlockStart => Kind::BlockStart,
        Theirs::BlockEnd => Kind::BlockEnd,
        Theirs::Ident(_) => Kind::Ident,
        Theirs::Str(_) | Theirs::String(_) => Kind::Str,
        Theirs::Int(_) | Theirs::Int128(_) | Theirs::Float(_) => Kind::Number,
        Theirs::ParenOpen | Theirs::BracketOpen | Theirs::BraceOpen => Kind::Open,
        Theirs::ParenClose | Theirs::BracketClose | Theirs::BraceClose => Kind::Close,
        _ => Kind::Operator,
    }
}

/// Panics when the two lexers differ; says whether the engine read the source to its end.
fn compare(source: &str, syntax: &SyntaxConfig) -> bool {
    let Lexed { tokens, complete } = lex(source, syntax);
    let mut ours = tokens.iter();
    for result in machinery::tokenize(source, false, syntax.clone()) {
        let (token, span) = match result {
            Ok(found) => found,
            // Escapes are left to the engine, and so are the letters of its `unicode` feature.
            Err(error) => {
                let text = error.to_string();
                let lenient = text.contains("escape") || !source.is_ascii();
                assert!(lenient || !complete, "{source:?} {syntax:?}: engine says {text}");
                return false;
            }
        };
        let (start, end) = (span.start_offset as usize, span.end_offset as usize);
        let Some(mine) = ours.next() else {
            panic!("{source:?} {syntax:?}: missing {token:?} at {start}");
        };
        let letter = source.as_bytes().get(end).is_some_and(|byte| !byte.is_ascii());
        if letter && matches!(kind(&token), Kind::Ident | Kind::Number) {
            return false;
        }
        assert_eq!(mine.span.end, end, "{source:?} {syntax:?}: {token:?} / {mine:?}");
        if mine.kind == Kind::LineStart {
            assert_eq!(kind(&token), Kind::BlockStart, "{source:?} {syntax:?}");
            let blanks = &source[mine.span.start..start];
            assert!(blanks.chars().all(|c| c == ' ' || c == '\t'), "{source:?} {syntax:?}");
        } else {
            assert_eq!((mine.kind, mine.span.start), (kind(&token), start), "{source:?} {syntax:?}");
        }
    }
    assert_eq!(ours.next(), None, "{source:?} {syntax:?}: more tokens than the engine");
    assert!(complete, "{source:?} {syntax:?}: the engine reads it");
    true
}

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn piece(&mut self) -> &'static str {
        PIECES[self.below(PIECES.len())]
    }
}

fn mutate(random: &mut Random, source: &mut String) {
    let boundaries: Vec<usize> = source.char_indices().map(|(at, _)| at).chain([source.len()]).collect();
    let from = boundaries[random.below(boundaries.len())];
    let to = boundaries[random.below(boundaries.len())].max(from);
    match random.below(4) {
        0 => source.insert_str(from, random.piece()),
        1 => source.replace_range(from..floor(source, to.min(from + 3)), ""),
        2 => source.truncate(from),
        _ => {
            let copy = source[from..to].to_owned();
            source.insert_str(to, &copy);
            if source.len() > 400 {
                source.truncate(floor(source, 400));
            }
        }
    }
}

fn floor(source: &str, at: usize) -> usize {
    (0..=at.min(source.len())).rev().find(|&at| source.is_char_boundary(at)).unwrap_or(0)
}

#[test]
fn random_sources_lex_as_the_engine_does() {
    let syntaxes = syntaxes();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut read = 0;
    for round in 0..60_000 {
        let syntax = &syntaxes[round % syntaxes.len()];
        let pieces = 1 + random.below(14);
        let source: String = (0..pieces).map(|_| random.piece()).collect();
        read += u32::from(compare(&source, syntax));
    }
    assert!(read > 10_000, "too few sources were readable: {read}");
}

#[test]
fn mutated_templates_lex_as_the_engine_does() {
    let seeds: Vec<String> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/inputs"))
        .into_iter()
        .flatten()
        .filter_map(|entry| std::fs::read_to_string(entry.ok()?.path()).ok())
        .chain([
            "a {%- if x == '%}' -%} b {{ y|f({'k': [1, 2]}) }} {# c #}\n{% endif %}\n".to_owned(),
            "{% raw %} {{ x }} {%- endraw +%}\n  # for x in (1,\n 2)\n{{ x }}\n  # endfor\n## note\nend".to_owned(),
            "<% if a > b %>\r\n  <%= a %><%# c %>\r\n<% endif %>\r\n".to_owned(),
        ])
        .collect();
    let syntaxes = syntaxes();
    let mut random = Random(0x1234_5678_9abc_def1);
    for round in 0..30_000 {
        let syntax = &syntaxes[round % syntaxes.len()];
        let mut source = seeds[random.below(seeds.len())].clone();
        source.truncate(floor(&source, 600));
        for _ in 0..=random.below(4) {
            mutate(&mut random, &mut source);
        }
        compare(&source, syntax);
    }
}

#[test]
fn awkward_sources_lex_as_the_engine_does() {
    for source in [
        "",
        "\n",
        "\r\n",
        "{%",
        "{{ x",
        "{{ x }} }}",
        "{# open",
        "{##}",
        "{#-#}",
        "{% raw %} open",
        "{% raw -%}  x  {%- endraw -%}  y",
        "{% if x -%}\r\n\t y",
        "# if x",
        "# if x\r\n y",
        "# if x\n\r y",
        "  # if (x\n)\n y",
        "\r  # if x\ny",
        "a # if x",
        "{{ 1.e5 }}{{ 1.x }}{{ a.1.2 }}{{ 1..2 }}",
        "{{ 340282366920938463463374607431768211456 }}",
        "{{ 0b12 }}",
        "{{ '\\'' }}",
        "{{ 'é' }}é{{ x }}",
        "{{ {'a': {'b': 1}} }}",
        "{% set x = [1, {'%}': 2}] %}",
    ] {
        for syntax in &syntaxes() {
            compare(source, syntax);
        }
    }
}
