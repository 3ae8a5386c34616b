//! Which functions give the same result every time.

use std::ops::ControlFlow;
use std::sync::Arc;

use sqlparser::ast::{Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Value as Literal};
use sqlparser::ast::{ValueWithSpan, Visit, Visitor};

use crate::Dialect;
use crate::bind::{Binds, Known, Operand};
use crate::lower::literal;

/// Functions of SQLite and of standard SQL that read nothing but their arguments.
const PURE: &str = " abs acos acosh asin asinh atan atan2 atanh avg bit_and bit_or bm25 bool_and bool_or cast ceil ceiling \
char char_length character_length coalesce concat concat_ws cos cosh count cume_dist decode degrees dense_rank exp \
first_value floor format glob greatest group_concat hex highlight ifnull iif instr json json_agg json_array \
json_array_length json_each json_error_position json_extract json_group_array json_group_object json_insert \
json_object json_patch json_pretty json_quote json_remove json_replace json_set json_tree json_type json_valid jsonb \
jsonb_agg jsonb_array jsonb_each jsonb_extract jsonb_group_array jsonb_group_object jsonb_insert jsonb_object \
jsonb_patch jsonb_remove jsonb_replace jsonb_set jsonb_tree lag last_value lead least left length like likelihood \
likely ln log log10 log2 lower lpad ltrim max md5 median min mod nth_value ntile nullif octet_length percent_rank \
percentile percentile_cont percentile_disc pi pow power printf quote radians rank repeat replace reverse right round row_number rpad \
rtrim sign sin sinh snippet soundex split_part sqrt stddev stddev_pop stddev_samp string_agg strpos substr substring \
sum tan tanh total trim trunc truncate typeof unhex unicode unistr unistr_quote unlikely upper var_pop var_samp variance zeroblob \
array_agg array_length every extract generate_series unnest if date_trunc date_part ";

/// SQLite's functions of date and time, which are pure as long as they are not asked about *now*.
const CALENDAR: [&str; 7] = ["date", "time", "datetime", "julianday", "unixepoch", "strftime", "timediff"];

/// What a statement asks that the tables do not answer.
#[derive(Debug, Default)]
pub(crate) struct Volatile {
    pub(crate) reason: Option<Arc<str>>,
    /// Arguments that would be volatile if they said *now*.
    pub(crate) moments: Vec<Operand>,
}

impl Volatile {
    /// Looks through a syntax tree.
    pub(crate) fn find(dialect: Dialect, trusted: &[String], tree: &impl Visit) -> Self {
        let mut search = Search { dialect, trusted, found: Volatile::default() };
        let _ = tree.visit(&mut search);
        search.found
    }

    /// Why the statement with these binds must not be cached.
    pub(crate) fn reason(&self, binds: &Binds<'_>) -> Option<Arc<str>> {
        let now = |operand: &Operand| match binds.resolve(operand) {
            Known::Value(cache_core::Value::Text(text)) => says_now(&text),
            Known::Unknown => true,
            _ => false,
        };
        match &self.reason {
            Some(reason) => Some(reason.clone()),
            None => self.moments.iter().any(now).then(|| "a date function may be asked about now".into()),
        }
    }
}

fn says_now(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case("now")
        || text.eq_ignore_ascii_case("localtime")
        || text.eq_ignore_ascii_case("utc")
}

/// Whether a function that stands in a FROM clause reads nothing but its arguments.
pub(crate) fn is_pure(name: &str, trusted: &[String]) -> bool {
    let name = name.to_ascii_lowercase();
    PURE.contains(&format!(" {name} ")) || trusted.contains(&name)
}

struct Search<'a> {
    dialect: Dialect,
    trusted: &'a [String],
    found: Volatile,
}

impl Search<'_> {
    fn refuse(&mut self, reason: String) {
        self.found.reason.get_or_insert_with(|| reason.into());
    }

    fn function(&mut self, function: &Function) {
        let name = function.name.0.last().map(|part| part.to_string()).unwrap_or_default();
        let name = name.trim_matches(['"', '`', '[', ']']).to_ascii_lowercase();
        if CALENDAR.contains(&name.as_str()) && self.dialect == Dialect::Sqlite {
            let FunctionArguments::List(list) = &function.args else {
                return self.refuse(format!("the function {name}() reads the clock"));
            };
            let skip = usize::from(name == "strftime");
            if list.args.len() <= skip {
                return self.refuse(format!("the function {name}() reads the clock"));
            }
            for argument in &list.args[skip..] {
                match argument {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Identifier(_) | Expr::CompoundIdentifier(_))) => {}
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => {
                        match literal(self.dialect, expression) {
                            Some(operand) => self.found.moments.push(operand),
                            None => self.refuse(format!("the function {name}() may read the clock")),
                        }
                    }
                    _ => self.refuse(format!("the function {name}() may read the clock")),
                }
            }
        } else if !is_pure(&name, self.trusted) {
            self.refuse(format!("the function {name}() is not known to give the same result every time"));
        }
    }
}

impl Visitor for Search<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        match expression {
            Expr::Function(function) => self.function(function),
            Expr::Identifier(name) if name.quote_style.is_none() => {
                let word = name.value.to_ascii_lowercase();
                if word.starts_with('@') {
                    self.refuse(format!("the variable {word}"));
                } else if matches!(
                    word.as_str(),
                    "current_timestamp" | "current_date" | "current_time" | "current_user"
                ) {
                    self.refuse(format!("the function {word}() reads the clock or the session"));
                }
            }
            Expr::Prior(_) | Expr::Lambda(_) => self.refuse("an expression that is not understood".into()),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<()> {
        if self.dialect == Dialect::Postgres
            && let Literal::SingleQuotedString(text) = &value.value
        {
            let text = text.trim().to_ascii_lowercase();
            if matches!(text.as_str(), "now" | "today" | "tomorrow" | "yesterday") {
                self.refuse(format!("the moment '{text}'"));
            }
        }
        ControlFlow::Continue(())
    }
}
