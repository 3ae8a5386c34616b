//! Which functions give the same result every time.
//!
//! The lists are the databases' own functions and those of common extensions. A function that is on none of them is
//! not cached. It is not taken for a write either, although a function of the user's own may be one.

mod mysql;
mod postgres;
mod sqlite;

use std::ops::ControlFlow;
use std::sync::Arc;

use cache_core::Value;
use sqlparser::ast::{
    DataType, DateTimeField, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments,
    ObjectName, Value as Literal, ValueWithSpan, Visit, Visitor,
};

use crate::bind::{Binds, Operand};
use crate::lower::{literal, name_of};
use crate::{Bind, Dialect};

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
        let now = |operand: &Operand| match operand {
            Operand::Value(Value::Text(text)) => says_now(binds.dialect, text),
            Operand::Value(_) => false,
            Operand::Bind(at) | Operand::Cast(at, _) => match binds.values.get(*at) {
                Some(Bind::Value(Value::Text(text))) => says_now(binds.dialect, text),
                Some(Bind::Value(_)) => false,
                _ => true,
            },
            Operand::Elements(..) | Operand::Unknown => true,
        };
        match &self.reason {
            Some(reason) => Some(reason.clone()),
            None => self.moments.iter().any(now).then(|| "a date function may be asked about now".into()),
        }
    }
}

fn says_now(dialect: Dialect, text: &str) -> bool {
    if dialect == Dialect::Postgres {
        return postgres::says_now(text);
    }
    text.trim().eq_ignore_ascii_case("now")
        || text.eq_ignore_ascii_case("localtime")
        || text.eq_ignore_ascii_case("utc")
}

/// Whether a function reads nothing but its arguments, whatever these are.
pub(crate) fn is_pure(dialect: Dialect, name: &ObjectName, trusted: &[String]) -> bool {
    let last = name_of(name).to_ascii_lowercase();
    if trusted.contains(&last) {
        return true;
    }
    // In a schema of the user's there may be others of the same name.
    let schema = name.0.iter().rev().nth(1).map(|part| part.to_string().to_ascii_lowercase());
    if dialect != Dialect::Sqlite && schema.is_some_and(|schema| schema != "pg_catalog") {
        return false;
    }
    let (pure, families): (&str, &[&str]) = match dialect {
        Dialect::Sqlite => (sqlite::PURE, &[]),
        Dialect::Postgres => (postgres::PURE, &postgres::FAMILIES),
        Dialect::MySql => (mysql::PURE, &mysql::FAMILIES),
    };
    pure.contains(&format!(" {last} "))
        || families.iter().any(|family| last.starts_with(family)) && !last.ends_with("_tz")
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
        let name = name_of(&function.name).to_ascii_lowercase();
        if is_pure(self.dialect, &function.name, self.trusted) {
            return;
        }
        let pure = match (self.dialect, &function.args) {
            (Dialect::Sqlite, arguments) if sqlite::CALENDAR.contains(&name.as_str()) => {
                return self.calendar(&name, arguments);
            }
            (_, FunctionArguments::List(list)) if function.name.0.len() == 1 => self.is_configured(&name, list),
            _ => false,
        };
        if !pure {
            self.refuse(format!("the function {name}() is not known to give the same result every time"));
        }
    }

    /// Whether a function is told by its arguments what it would otherwise look up.
    fn is_configured(&self, name: &str, list: &FunctionArgumentList) -> bool {
        let configured: &[(&str, usize)] = match self.dialect {
            Dialect::Sqlite => &[],
            Dialect::Postgres if name == "to_timestamp" => return list.args.len() == 1,
            Dialect::Postgres => &postgres::CONFIGURED,
            Dialect::MySql if name == "date_format" => {
                return match &list.args[..] {
                    [_, FunctionArg::Unnamed(FunctionArgExpr::Expr(format))] => {
                        match literal(self.dialect, None, format) {
                            Some(Operand::Value(Value::Text(format))) => mysql::is_numeric_format(&format),
                            _ => false,
                        }
                    }
                    _ => false,
                };
            }
            Dialect::MySql => &mysql::CONFIGURED,
        };
        configured.iter().any(|(known, arguments)| *known == name && list.args.len() >= *arguments)
    }

    fn calendar(&mut self, name: &str, arguments: &FunctionArguments) {
        let FunctionArguments::List(list) = arguments else {
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
                    match literal(self.dialect, None, expression) {
                        Some(operand) => self.found.moments.push(operand),
                        None => self.refuse(format!("the function {name}() may read the clock")),
                    }
                }
                _ => self.refuse(format!("the function {name}() may read the clock")),
            }
        }
    }

    /// Converts to a date or a time, which depends on the time zone unless it is a constant that is converted.
    fn conversion(&mut self, expression: &Expr, data_type: &DataType) {
        let temporal = matches!(
            data_type,
            DataType::Date | DataType::Time(..) | DataType::Timestamp(..) | DataType::TimestampNtz(_)
        ) || matches!(data_type, DataType::Custom(name, _) if matches!(&*name_of(name).to_ascii_lowercase(), "timestamptz" | "timetz"));
        if !temporal || self.dialect != Dialect::Postgres {
            return;
        }
        match literal(self.dialect, None, expression) {
            Some(operand @ (Operand::Bind(_) | Operand::Cast(..))) => self.found.moments.push(operand),
            Some(_) => {}
            None => {
                self.refuse("a conversion to a date or a time may depend on the time zone of the connection".into())
            }
        }
    }

    fn word(&mut self, name: &str) {
        let word = name.to_ascii_lowercase();
        if word.starts_with('@') && self.dialect == Dialect::MySql {
            return self.refuse(format!("the variable {word}"));
        }
        let own: &[&str] = match self.dialect {
            Dialect::Sqlite => &[],
            Dialect::Postgres => &[
                "current_catalog",
                "current_role",
                "current_schema",
                "localtime",
                "localtimestamp",
                "session_user",
                "system_user",
                "user",
            ],
            Dialect::MySql => &["localtime", "localtimestamp", "utc_date", "utc_time", "utc_timestamp", "sysdate"],
        };
        let standard = ["current_timestamp", "current_date", "current_time", "current_user"];
        if standard.contains(&word.as_str()) || own.contains(&word.as_str()) {
            self.refuse(format!("the function {word}() reads the clock or the session"));
        }
    }
}

impl Visitor for Search<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        match expression {
            Expr::Function(function) => self.function(function),
            Expr::Identifier(name) if name.quote_style.is_none() => self.word(&name.value),
            Expr::CompoundIdentifier(names) => {
                if let [first, ..] = &names[..]
                    && first.value.starts_with('@')
                {
                    self.word(&first.value);
                }
            }
            Expr::Cast { expr, data_type, .. } => self.conversion(expr, data_type),
            Expr::Extract { field, .. } if self.dialect == Dialect::Postgres && *field != DateTimeField::Epoch => {
                self.refuse("a part of a date may depend on the time zone of the connection".into());
            }
            Expr::Prior(_) | Expr::Lambda(_) => self.refuse("an expression that is not understood".into()),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<()> {
        if self.dialect == Dialect::Postgres
            && let Literal::SingleQuotedString(text) = &value.value
            && postgres::says_now(text)
        {
            self.refuse(format!("the moment '{text}'"));
        }
        ControlFlow::Continue(())
    }
}
