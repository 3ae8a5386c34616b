//! Literals and placeholders.

use cache_core::Value;
use sqlparser::ast::{ArrayElemTypeDef, DataType, Expr, UnaryOperator, Value as Literal};

use super::cast::Cast;
use crate::Dialect;
use crate::bind::Operand;
use crate::catalogue::Catalogue;

/// The operand that an expression stands for, when it is a constant.
///
/// A constant whose value cannot be compared here is an unknown operand: it is the same for every row, but
/// nothing else is known of it.
pub(crate) fn literal(dialect: Dialect, catalogue: Option<&Catalogue>, expression: &Expr) -> Option<Operand> {
    match expression {
        Expr::Nested(inner) => literal(dialect, catalogue, inner),
        Expr::Value(value) => Some(constant(dialect, &value.value)),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => match &**expr {
            Expr::Value(value) => match &value.value {
                Literal::Number(digits, _) => Some(number(dialect, &format!("-{digits}"))),
                _ => None,
            },
            _ => None,
        },
        Expr::Cast { expr, data_type, format: None, .. } => {
            Some(converted(literal(dialect, catalogue, expr)?, Cast::to(dialect, catalogue, data_type)))
        }
        Expr::TypedString(typed) => {
            let text = constant(dialect, &typed.value.value);
            let cast = Cast::to(dialect, catalogue, &typed.data_type).filter(|cast| *cast == Cast::Date);
            Some(if dialect == Dialect::Postgres { converted(text, cast) } else { Operand::Unknown })
        }
        _ => None,
    }
}

/// The operands of a list or of an array whose members are spelled out.
pub(crate) fn members(dialect: Dialect, catalogue: Option<&Catalogue>, expression: &Expr) -> Option<Vec<Operand>> {
    match expression {
        Expr::Nested(inner) => members(dialect, catalogue, inner),
        Expr::Array(array) => {
            Some(array.elem.iter().map(|item| literal(dialect, catalogue, item).unwrap_or(Operand::Unknown)).collect())
        }
        Expr::Cast { expr, data_type: DataType::Array(of), format: None, .. } => {
            let cast = element(of).and_then(|of| Cast::to(dialect, catalogue, of));
            match &**expr {
                Expr::Value(value) => match constant(dialect, &value.value) {
                    Operand::Bind(at) => {
                        Some(vec![cast.map_or(Operand::Unknown, |cast| Operand::Elements(at, Some(cast)))])
                    }
                    _ => None,
                },
                array => {
                    Some(members(dialect, catalogue, array)?.into_iter().map(|one| converted(one, cast)).collect())
                }
            }
        }
        Expr::Value(value) => match constant(dialect, &value.value) {
            Operand::Bind(at) => Some(vec![Operand::Elements(at, None)]),
            _ => None,
        },
        _ => None,
    }
}

fn element(of: &ArrayElemTypeDef) -> Option<&DataType> {
    match of {
        ArrayElemTypeDef::AngleBracket(of) | ArrayElemTypeDef::Parenthesis(of) => Some(of),
        ArrayElemTypeDef::SquareBracket(of, None) => Some(of),
        _ => None,
    }
}

fn converted(operand: Operand, cast: Option<Cast>) -> Operand {
    match (operand, cast) {
        (Operand::Value(Value::Null), _) => Operand::Value(Value::Null),
        (Operand::Value(value), Some(cast)) => cast.apply(&value).map_or(Operand::Unknown, Operand::Value),
        (Operand::Bind(at), Some(cast)) => Operand::Cast(at, cast),
        (Operand::Cast(at, one), Some(other)) if one == other => Operand::Cast(at, one),
        _ => Operand::Unknown,
    }
}

fn constant(dialect: Dialect, literal: &Literal) -> Operand {
    match literal {
        Literal::Null => Operand::Value(Value::Null),
        Literal::Boolean(flag) if dialect == Dialect::Postgres => Operand::Value(Value::Bool(*flag)),
        Literal::Boolean(flag) => Operand::Value(Value::Int((*flag).into())),
        Literal::Number(digits, _) => number(dialect, digits),
        // Elsewhere a backslash may or may not mean itself.
        Literal::SingleQuotedString(text) if dialect == Dialect::Sqlite || !text.contains('\\') => {
            Operand::Value(Value::from(text.as_str()))
        }
        Literal::HexStringLiteral(digits) if dialect == Dialect::Sqlite => bytes(digits),
        Literal::Placeholder(name) => match name.get(1..).and_then(|digits| digits.parse::<usize>().ok()) {
            Some(number @ 1..) => Operand::Bind(number - 1),
            _ => Operand::Unknown,
        },
        _ => Operand::Unknown,
    }
}

fn number(dialect: Dialect, digits: &str) -> Operand {
    let fraction = digits.contains(['.', 'e', 'E']);
    let value = match (dialect, fraction) {
        (Dialect::Sqlite, false) => match digits.parse::<i64>() {
            Ok(number) => Some(Value::Int(number.into())),
            Err(_) => digits.parse().ok().map(Value::Float),
        },
        (Dialect::Sqlite, true) => digits.parse().ok().map(Value::Float),
        // A floating point number there.
        (Dialect::MySql, true) if digits.contains(['e', 'E']) => None,
        (_, false) => digits.parse::<i64>().ok().map(|number| Value::Int(number.into())),
        (_, true) => digits.parse().ok().map(Value::Decimal),
    };
    value.map_or(Operand::Unknown, Operand::Value)
}

fn bytes(digits: &str) -> Operand {
    let pair = |at: usize| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    if !digits.len().is_multiple_of(2) {
        return Operand::Unknown;
    }
    match (0..digits.len()).step_by(2).map(pair).collect::<Option<Vec<u8>>>() {
        Some(bytes) => Operand::Value(Value::from(bytes)),
        None => Operand::Unknown,
    }
}
