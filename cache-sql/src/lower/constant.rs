//! Literals and placeholders.

use cache_core::Value;
use sqlparser::ast::{DataType, Expr, UnaryOperator, Value as Literal};

use crate::Dialect;
use crate::bind::Operand;

/// The operand that an expression stands for, when it is a constant.
///
/// A constant whose value cannot be compared here is an unknown operand: it is the same for every row, but
/// nothing else is known of it.
pub(crate) fn literal(dialect: Dialect, expression: &Expr) -> Option<Operand> {
    match expression {
        Expr::Nested(inner) => literal(dialect, inner),
        Expr::Value(value) => Some(constant(dialect, &value.value)),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => match &**expr {
            Expr::Value(value) => match &value.value {
                Literal::Number(digits, _) => Some(number(dialect, &format!("-{digits}"))),
                _ => None,
            },
            _ => None,
        },
        Expr::Cast { expr, data_type, format: None, .. } => {
            let operand = literal(dialect, expr)?;
            match &operand {
                Operand::Value(value) if is_own_class(value, data_type) => Some(operand),
                _ => Some(Operand::Unknown),
            }
        }
        _ => None,
    }
}

fn constant(dialect: Dialect, literal: &Literal) -> Operand {
    match literal {
        Literal::Null => Operand::Value(Value::Null),
        Literal::Boolean(flag) if dialect == Dialect::Postgres => Operand::Value(Value::Bool(*flag)),
        Literal::Boolean(flag) => Operand::Value(Value::Int((*flag).into())),
        Literal::Number(digits, _) => number(dialect, digits),
        // Elsewhere a string literal has no type of its own: it may be a date, a number, an enumeration.
        Literal::SingleQuotedString(text) if dialect == Dialect::Sqlite => Operand::Value(Value::from(text.as_str())),
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

fn is_own_class(value: &Value, data_type: &DataType) -> bool {
    use DataType::*;
    match value {
        Value::Null => true,
        Value::Int(_) => matches!(data_type, Integer(_) | Int(_) | BigInt(_) | Int8(_)),
        Value::Text(_) => matches!(data_type, Text),
        _ => false,
    }
}
