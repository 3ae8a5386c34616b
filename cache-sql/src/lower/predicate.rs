//! Expressions that select rows.

use cache_core::dependency::query::{Formula, OnSource};
use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value as Literal};

use super::constant::literal;
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
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => self.lower(expr, scope, false).negated(),
            Expr::BinaryOp { op: op @ (BinaryOperator::And | BinaryOperator::Or), .. } => {
                let mut parts = Vec::new();
                chain(expression, op, &mut |part| parts.push(self.lower(part, scope, positive)));
                parts.reverse();
                if *op == BinaryOperator::And { Formula::All(parts) } else { Formula::Either(parts) }
            }
            Expr::IsTrue(inner) if positive => self.lower(inner, scope, true),
            Expr::IsFalse(inner) if positive => self.lower(inner, scope, false).negated(),
            _ => self.test(expression, scope),
        }
    }

    fn test(&self, expression: &Expr, scope: &Scope) -> Filter {
        let column = |expression: &Expr| scope.resolve(expression, self.catalogue);
        match expression {
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
                    list.iter().map(|item| literal(self.dialect, item).unwrap_or(Operand::Unknown)).collect();
                let formula = if operands.is_empty() { Formula::Never } else { atom(column, Probe::In(operands)) };
                if *negated { formula.negated() } else { formula }
            }
            Expr::Between { expr, negated, low, high } => {
                let Some(column) = column(expr) else { return Formula::Any };
                let bound = |comparison, bound, other| match literal(self.dialect, bound) {
                    Some(operand) if self.dialect == Dialect::MySql => {
                        let other = literal(self.dialect, other).unwrap_or(Operand::Unknown);
                        atom(column.clone(), Probe::Bound(comparison, operand, other))
                    }
                    Some(operand) => atom(column.clone(), Probe::Compare(comparison, operand)),
                    None => Formula::Any,
                };
                let both = bound(Comparison::GreaterOrEqual, low, high).and(bound(Comparison::LessOrEqual, high, low));
                if *negated { both.negated() } else { both }
            }
            Expr::Like { negated, any: false, expr, pattern, escape_char: None } => {
                let wildcards = match self.dialect {
                    Dialect::Postgres => Wildcards::Like,
                    Dialect::Sqlite => Wildcards::LikeFolded,
                    Dialect::MySql => return Formula::Any,
                };
                let formula = self.starts(wildcards, expr, pattern, scope);
                if *negated { formula.negated() } else { formula }
            }
            Expr::BinaryOp { left, op: BinaryOperator::Glob, right } if self.dialect == Dialect::Sqlite => {
                self.starts(Wildcards::Glob, left, right, scope)
            }
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
                let formula = match (column(left), literal(self.dialect, right)) {
                    (Some(column), Some(operand)) => atom(column, Probe::Compare(comparison, operand)),
                    _ => match (literal(self.dialect, left), column(right)) {
                        (Some(operand), Some(column)) => atom(column, Probe::Compare(comparison.flipped(), operand)),
                        _ => return Formula::Any,
                    },
                };
                if *op == BinaryOperator::NotEq { formula.negated() } else { formula }
            }
            _ => Formula::Any,
        }
    }

    fn same(&self, left: &Expr, right: &Expr, scope: &Scope) -> Filter {
        for (one, other) in [(left, right), (right, left)] {
            if let (Some(column), Some(operand)) = (scope.resolve(one, self.catalogue), literal(self.dialect, other)) {
                return atom(column, Probe::Same(operand));
            }
        }
        Formula::Any
    }

    fn starts(&self, wildcards: Wildcards, subject: &Expr, pattern: &Expr, scope: &Scope) -> Filter {
        match (scope.resolve(subject, self.catalogue), literal(self.dialect, pattern)) {
            (Some(column), Some(operand)) => atom(column, Probe::Starts(wildcards, operand)),
            _ => Formula::Any,
        }
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
