//! Expressions that select rows.

use cache_core::Value;
use cache_core::dependency::query::{Formula, OnSource};
use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value as Literal};

use super::query::Lowering;
use super::scope::{Resolved, Scope};
use crate::Dialect;
use crate::bind::Operand;
use crate::pattern::{Comparison, Pattern, Probe, Wildcards};

type Filter = Formula<OnSource<Pattern>>;

impl Lowering<'_> {
    /// What an expression asks of the rows of the sources in scope; `Any` where that cannot be expressed.
    pub(crate) fn formula(&self, expression: &Expr, scope: &Scope) -> Filter {
        self.lower(expression, scope, true)
    }

    /// `positive` as long as no NOT is above: what is true of fewer rows than the expression must not be negated.
    fn lower(&self, expression: &Expr, scope: &Scope, positive: bool) -> Filter {
        match expression {
            Expr::Nested(inner) => self.lower(inner, scope, positive),
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => match self.flag(expr, false, scope) {
                Some(flag) => flag,
                None => self.lower(expr, scope, false).negated(),
            },
            Expr::BinaryOp { op: op @ (BinaryOperator::And | BinaryOperator::Or), .. } => {
                let mut parts = Vec::new();
                chain(expression, op, &mut |part| parts.push(self.lower(part, scope, positive)));
                parts.reverse();
                if *op == BinaryOperator::And { Formula::All(parts) } else { Formula::Either(parts) }
            }
            Expr::IsTrue(inner) if positive => self.lower(inner, scope, true),
            Expr::IsFalse(inner) if positive => match self.flag(inner, false, scope) {
                Some(flag) => flag,
                None => self.lower(inner, scope, false).negated(),
            },
            Expr::BinaryOp { left, op, right } => match (members_of(left), members_of(right)) {
                (Some(left), Some(right)) if self.dialect != Dialect::Sqlite && left.len() == right.len() => {
                    self.rows(left, op, right, scope, positive)
                }
                _ => self.test(expression, scope),
            },
            Expr::InList { expr, list, negated } if members_of(expr).is_some() && self.dialect != Dialect::Sqlite => {
                let row = members_of(expr).unwrap_or_default();
                let equal = |item| match members_of(item) {
                    Some(values) if values.len() == row.len() => {
                        self.rows(row, &BinaryOperator::Eq, values, scope, false)
                    }
                    _ => Formula::Any,
                };
                let any = Formula::Either(list.iter().map(equal).collect());
                if *negated { any.negated() } else { any }
            }
            _ => self.test(expression, scope),
        }
    }

    fn test(&self, expression: &Expr, scope: &Scope) -> Filter {
        let column = |expression: &Expr| scope.resolve(expression, self.catalogue);
        match expression {
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {
                self.flag(expression, true, scope).unwrap_or(Formula::Any)
            }
            Expr::Value(value) => match &value.value {
                Literal::Boolean(false) | Literal::Null => Formula::Never,
                Literal::Number(digits, _) if digits == "0" => Formula::Never,
                _ => Formula::Any,
            },
            Expr::IsNull(inner) => match column(inner) {
                Some(column) => atom(column, Probe::IsNull),
                None => Formula::Any,
            },
            Expr::IsNotNull(inner) => match column(inner) {
                Some(column) => atom(column, Probe::IsNull).negated(),
                None => Formula::Any,
            },
            Expr::IsNotDistinctFrom(left, right) => self.same(left, right, scope),
            Expr::IsDistinctFrom(left, right) => self.same(left, right, scope).negated(),
            Expr::InList { expr, list, negated } => {
                let Some(column) = column(expr) else { return Formula::Any };
                let operands: Vec<Operand> =
                    list.iter().map(|item| self.constant(item).unwrap_or(Operand::Unknown)).collect();
                let formula = if operands.is_empty() { Formula::Never } else { atom(column, Probe::In(operands)) };
                if *negated { formula.negated() } else { formula }
            }
            // `BETWEEN SYMMETRIC (a) AND (b)` arrives as a function of that name.
            Expr::Between { low, .. } if matches!(&**low, Expr::Function(_)) => Formula::Any,
            Expr::Between { expr, negated, low, high } => {
                let Some(column) = column(expr) else { return Formula::Any };
                let bound = |comparison, bound, other| match self.constant(bound) {
                    Some(operand) if self.dialect == Dialect::MySql => {
                        let other = self.constant(other).unwrap_or(Operand::Unknown);
                        atom(column.clone(), Probe::Bound(comparison, operand, other))
                    }
                    Some(operand) => atom(column.clone(), Probe::Compare(comparison, operand)),
                    None => Formula::Any,
                };
                let both = bound(Comparison::GreaterOrEqual, low, high).and(bound(Comparison::LessOrEqual, high, low));
                if *negated { both.negated() } else { both }
            }
            Expr::AnyOp { left, compare_op: BinaryOperator::Eq, right, .. } => self.member(left, right, scope),
            Expr::AllOp { left, compare_op: BinaryOperator::NotEq, right } => self.member(left, right, scope).negated(),
            Expr::Like { any: false, escape_char: Some(_), .. } if self.dialect == Dialect::Sqlite => Formula::Any,
            Expr::Like { any: false, escape_char: Some(_), expr, .. }
            | Expr::ILike { any: false, expr, .. }
            | Expr::SimilarTo { expr, .. }
            | Expr::RLike { expr, .. } => self.not_null(expr, scope),
            Expr::Like { negated, any: false, expr, pattern, escape_char: None } => {
                let wildcards = match self.dialect {
                    Dialect::Postgres | Dialect::MySql => Wildcards::Like,
                    Dialect::Sqlite => Wildcards::LikeFolded,
                };
                let formula = self.starts(wildcards, expr, pattern, scope);
                if *negated { formula.negated() } else { formula }
            }
            Expr::BinaryOp { left, op: BinaryOperator::Glob, right } if self.dialect == Dialect::Sqlite => {
                self.starts(Wildcards::Glob, left, right, scope)
            }
            Expr::BinaryOp {
                left,
                op:
                    BinaryOperator::PGRegexMatch
                    | BinaryOperator::PGRegexIMatch
                    | BinaryOperator::PGRegexNotMatch
                    | BinaryOperator::PGRegexNotIMatch,
                ..
            } if self.dialect == Dialect::Postgres => self.not_null(left, scope),
            Expr::BinaryOp { left, op: BinaryOperator::Spaceship, right } if self.dialect == Dialect::MySql => {
                self.same(left, right, scope)
            }
            Expr::BinaryOp { left, op, right } => {
                let comparison = match op {
                    BinaryOperator::Eq | BinaryOperator::NotEq => Comparison::Equal,
                    BinaryOperator::Lt => Comparison::Less,
                    BinaryOperator::LtEq => Comparison::LessOrEqual,
                    BinaryOperator::Gt => Comparison::Greater,
                    BinaryOperator::GtEq => Comparison::GreaterOrEqual,
                    _ => return Formula::Any,
                };
                let formula = match (column(left), self.constant(right)) {
                    (Some(column), Some(operand)) => atom(column, Probe::Compare(comparison, operand)),
                    _ => match (self.constant(left), column(right)) {
                        (Some(operand), Some(column)) => atom(column, Probe::Compare(comparison.flipped(), operand)),
                        _ => return Formula::Any,
                    },
                };
                if *op == BinaryOperator::NotEq { formula.negated() } else { formula }
            }
            _ => Formula::Any,
        }
    }

    /// A column that stands for itself: true or false, or neither where it is NULL.
    fn flag(&self, expression: &Expr, wanted: bool, scope: &Scope) -> Option<Filter> {
        // Elsewhere a number stands there, of which many are true.
        if self.dialect != Dialect::Postgres {
            return None;
        }
        let column = scope.resolve(expression, self.catalogue)?;
        Some(atom(column, Probe::Compare(Comparison::Equal, Operand::Value(Value::Bool(wanted)))))
    }

    /// Whether a value is an element of an array.
    fn member(&self, subject: &Expr, array: &Expr, scope: &Scope) -> Filter {
        match (scope.resolve(subject, self.catalogue), self.members(array)) {
            (Some(_), Some(operands)) if operands.is_empty() => Formula::Never,
            (Some(column), Some(operands)) => atom(column, Probe::In(operands)),
            _ => Formula::Any,
        }
    }

    /// What holds of a column whenever an operator that is strict is not NULL.
    fn not_null(&self, subject: &Expr, scope: &Scope) -> Filter {
        match scope.resolve(subject, self.catalogue) {
            Some(column) => atom(column, Probe::Starts(Wildcards::Like, Operand::Unknown)),
            None => Formula::Any,
        }
    }

    /// Two rows compared, member by member.
    fn rows(&self, left: &[Expr], op: &BinaryOperator, right: &[Expr], scope: &Scope, positive: bool) -> Filter {
        let compare = |op: &BinaryOperator, left: &Expr, right: &Expr| {
            let pair = |expression: &Expr| Box::new(expression.clone());
            self.test(&Expr::BinaryOp { left: pair(left), op: op.clone(), right: pair(right) }, scope)
        };
        let equal = || left.iter().zip(right).map(|(left, right)| compare(&BinaryOperator::Eq, left, right)).collect();
        match (op, left, right) {
            (BinaryOperator::Eq, ..) => Formula::All(equal()),
            (BinaryOperator::NotEq, ..) => Formula::All(equal()).negated(),
            (BinaryOperator::Lt | BinaryOperator::LtEq, [left, ..], [right, ..]) if positive => {
                compare(&BinaryOperator::LtEq, left, right)
            }
            (BinaryOperator::Gt | BinaryOperator::GtEq, [left, ..], [right, ..]) if positive => {
                compare(&BinaryOperator::GtEq, left, right)
            }
            _ => Formula::Any,
        }
    }

    fn same(&self, left: &Expr, right: &Expr, scope: &Scope) -> Filter {
        for (one, other) in [(left, right), (right, left)] {
            if let (Some(column), Some(operand)) = (scope.resolve(one, self.catalogue), self.constant(other)) {
                return atom(column, Probe::Same(operand));
            }
        }
        Formula::Any
    }

    fn starts(&self, wildcards: Wildcards, subject: &Expr, pattern: &Expr, scope: &Scope) -> Filter {
        match (scope.resolve(subject, self.catalogue), self.constant(pattern)) {
            (Some(column), Some(operand)) => atom(column, Probe::Starts(wildcards, operand)),
            _ => Formula::Any,
        }
    }
}

/// The members of a row value.
fn members_of(expression: &Expr) -> Option<&[Expr]> {
    match expression {
        Expr::Tuple(members) => Some(members),
        Expr::Nested(inner) => members_of(inner),
        _ => None,
    }
}

fn atom(column: Resolved, probe: Probe) -> Filter {
    let Resolved { source, column, quoted } = column;
    Formula::Atom((source, Pattern { column, probe, quoted }))
}

/// The operands of a chain of one operator, last first; long chains lean to the left and must not recurse.
fn chain<'a>(expression: &'a Expr, wanted: &BinaryOperator, visit: &mut impl FnMut(&'a Expr)) {
    let mut rest = expression;
    loop {
        match rest {
            Expr::BinaryOp { left, op, right } if op == wanted => {
                visit(right);
                rest = left;
            }
            other => return visit(other),
        }
    }
}
