//! From the tokens of one statement to its plan.

use std::ops::ControlFlow;
use std::sync::OnceLock;

use cache_core::Table;
use sqlparser::ast::{
    CopySource, Expr, Statement as Tree, UtilityOption, Value as Literal, ValueWithSpan, Visit, Visitor,
};
use sqlparser::parser::Parser;

use crate::Dialect;
use crate::catalogue::Catalogue;
use crate::ddl::ddl;
use crate::exact::Question;
use crate::fallback::unparsed;
use crate::functions::Volatile;
use crate::lower::{Lowering, Shape, name_of, nested_statements};
use crate::plan::{Plan, ReadPlan};
use crate::shadow::{Shadow, shadow};
use crate::step::{UNCLEAR, Words, recognise};
use crate::tokens::Segment;
use crate::words::by_words;
use crate::write::{Action, actions, returns_columns, returns_wildcard};

/// The plans of one statement; transaction words may make more than one step, and a definition may also change what later
/// statements of the connection mean.
pub(crate) fn plans(lowering: &Lowering<'_>, sql: &str, segment: Segment) -> Vec<Plan> {
    match shadow(lowering.dialect, &segment) {
        None => definite(lowering, sql, segment),
        Some(Shadow::Alone(reason)) => vec![Plan::Session { reason, local: false }],
        Some(Shadow::AndMore(reason)) => {
            let mut plans = definite(lowering, sql, segment);
            plans.push(Plan::Session { reason, local: false });
            plans
        }
    }
}

fn definite(lowering: &Lowering<'_>, sql: &str, segment: Segment) -> Vec<Plan> {
    if segment.conditional {
        return vec![unparsed(&segment, "a comment that may run")];
    }
    match recognise(&segment) {
        Some(Words::Steps(steps)) => return steps.into_iter().map(Plan::Step).collect(),
        Some(Words::Unclear) => {
            return vec![Plan::Unknown { tables: None, reason: UNCLEAR.into() }];
        }
        None => {}
    }
    if let Some(plan) = by_words(lowering.dialect, &segment) {
        return vec![plan];
    }
    if segment.is_too_complex() {
        return vec![unparsed(&segment, "it is too complex")];
    }
    let lowering = &Lowering { adjusts: segment.dropped.ignore, ..*lowering };
    let tokens = segment.tokens.clone();
    let mut parser = Parser::new(lowering.dialect.grammar()).with_tokens_with_locations(tokens);
    match parser.parse_statements() {
        Ok(trees) => match &trees[..] {
            [tree] => vec![plan(lowering, sql, tree, &segment)],
            trees => trees.iter().map(|tree| plan(lowering, sql, tree, &segment)).collect(),
        },
        Err(error) => vec![unparsed(&segment, &error.to_string())],
    }
}

fn plan(lowering: &Lowering<'_>, sql: &str, tree: &Tree, segment: &Segment) -> Plan {
    let nested = match tree {
        Tree::Query(_) => nested_statements(tree, true),
        Tree::Insert(_) | Tree::Update(_) | Tree::Delete(_) | Tree::Merge(_) => nested_statements(tree, true),
        Tree::Copy { source: CopySource::Query(query), .. } => nested_statements(query, false),
        _ => Vec::new(),
    };
    if let (Tree::Truncate(truncate), Dialect::MySql) = (tree, lowering.dialect) {
        let tables = truncate.table_names.iter().map(|target| Table::from(name_of(&target.name))).collect();
        return Plan::Ddl { tables, everything: false };
    }
    if let Some(mut all) = actions(lowering, tree) {
        return match writes(lowering, &nested) {
            Some(more) => {
                let returns = more.is_empty() && returns_columns(lowering.dialect, tree);
                all.extend(more);
                let question = match &all[..] {
                    [Action::Update { .. } | Action::Delete { .. }] => {
                        Question::about(lowering, sql, tree, segment).map(Box::new)
                    }
                    _ => None,
                };
                Plan::Write { actions: all, returns, wildcard: returns_wildcard(tree), question }
            }
            None => Plan::Unknown { tables: None, reason: "a statement inside another".into() },
        };
    }
    match tree {
        Tree::Query(query) if nested.is_empty() => {
            if into(query).is_none() && segment.makes_a_table() {
                return Plan::Ddl { tables: Vec::new(), everything: true };
            }
            if let Some(target) = into(query).filter(|_| segment.makes_a_table()) {
                return Plan::Ddl { tables: vec![target], everything: false };
            }
            if lowering.dialect == Dialect::Postgres && segment.words.iter().any(|word| word == "SET_CONFIG") {
                return Plan::Session {
                    reason: "set_config() changes what later statements mean".into(),
                    local: false,
                };
            }
            read(lowering, lowering.query(query, &[]), tree, segment)
        }
        Tree::Query(_) => match writes(lowering, &nested) {
            Some(actions) => Plan::Write { actions, returns: false, wildcard: false, question: None },
            None => Plan::Unknown { tables: None, reason: "a statement inside another".into() },
        },
        Tree::Explain { analyze, options, statement, .. } if *analyze || runs(options.as_deref()) => {
            match plan(lowering, sql, statement, segment) {
                Plan::Read(_) => Plan::Read(Box::new(ReadPlan::uncacheable("an explanation"))),
                other => other,
            }
        }
        // A statement that is cut short looks like a table of this name.
        Tree::ExplainTable { .. } if segment.words.iter().any(|word| word == "ANALYZE") => {
            unparsed(segment, "it is cut short")
        }
        Tree::Explain { .. } | Tree::ExplainTable { .. } => {
            Plan::Read(Box::new(ReadPlan::uncacheable("an explanation")))
        }
        Tree::ShowFunctions { .. }
        | Tree::ShowVariable { .. }
        | Tree::ShowStatus { .. }
        | Tree::ShowVariables { .. }
        | Tree::ShowCreate { .. }
        | Tree::ShowColumns { .. }
        | Tree::ShowDatabases { .. }
        | Tree::ShowTables { .. }
        | Tree::ShowCollation { .. } => Plan::Read(Box::new(ReadPlan::uncacheable("a listing of the schema"))),
        Tree::Analyze(_)
        | Tree::Grant(_)
        | Tree::Revoke(_)
        | Tree::Prepare { .. }
        | Tree::Deallocate { .. }
        | Tree::LISTEN { .. }
        | Tree::UNLISTEN { .. }
        | Tree::NOTIFY { .. }
        | Tree::Comment { .. }
        | Tree::Vacuum(_) => Plan::Neutral,
        Tree::Copy { source: CopySource::Query(_), .. } if !nested.is_empty() => match writes(lowering, &nested) {
            Some(actions) => Plan::Write { actions, returns: false, wildcard: false, question: None },
            None => Plan::Unknown { tables: None, reason: "a statement inside another".into() },
        },
        Tree::Copy { to: true, .. } => Plan::Neutral,
        Tree::Copy { source: CopySource::Table { table_name, .. }, .. } => {
            let actions = vec![Action::AnyRow { table: Table::from(name_of(table_name)) }];
            Plan::Write { actions, returns: false, wildcard: false, question: None }
        }
        _ => ddl(tree).unwrap_or_else(|| unparsed(segment, "it is of a kind that is not understood")),
    }
}

fn writes(lowering: &Lowering<'_>, nested: &[Tree]) -> Option<Vec<Action>> {
    let mut all = Vec::new();
    for tree in nested {
        all.extend(actions(lowering, tree)?);
    }
    Some(all)
}

fn read(lowering: &Lowering<'_>, shape: Shape, tree: &Tree, segment: &Segment) -> Plan {
    let volatile = Volatile::find(lowering.dialect, lowering.trusted, tree);
    let restrictions = shape.restrictions_with(lowering.fault);
    let refused = |catalogue: &Catalogue| {
        let outside = catalogue.leads_outside(tree, segment, lowering.trusted);
        outside.or_else(|| restrictions.iter().find_map(|one| catalogue.refusal(&one.table)))
    };
    Plan::Read(Box::new(ReadPlan {
        refusal: lowering.catalogue.and_then(refused),
        restrictions,
        reason: shape.reason().cloned(),
        volatile,
        fixed: OnceLock::new(),
        has_binds: has_binds(tree),
    }))
}

/// Whether `EXPLAIN (..)` runs the statement.
fn runs(options: Option<&[UtilityOption]>) -> bool {
    options.is_some_and(|options| options.iter().any(|option| option.name.value.eq_ignore_ascii_case("analyze")))
}

fn has_binds(tree: &Tree) -> bool {
    struct Search;
    impl Visitor for Search {
        type Break = ();
        fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<()> {
            match value.value {
                Literal::Placeholder(_) => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        }
        fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
            match expression {
                Expr::Value(value) => self.pre_visit_value(value),
                _ => ControlFlow::Continue(()),
            }
        }
    }
    tree.visit(&mut Search).is_break()
}

/// The table that `SELECT .. INTO` makes.
fn into(query: &sqlparser::ast::Query) -> Option<Table> {
    let select = query.body.as_select()?;
    let target = select.into.as_ref()?.targets.first()?;
    Some(Table::from(target.to_string()))
}
