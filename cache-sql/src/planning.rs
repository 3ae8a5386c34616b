//! From the tokens of one statement to its plan.

use std::ops::ControlFlow;
use std::sync::OnceLock;

use cache_core::Table;
use sqlparser::ast::{
    AlterTableOperation, Expr, ObjectName, ObjectType, RenameTableNameKind, Statement as Tree, Value as Literal,
    ValueWithSpan, Visit, Visitor,
};
use sqlparser::parser::Parser;

use crate::Dialect;
use crate::fallback::unparsed;
use crate::functions::Volatile;
use crate::lower::{Lowering, Shape, name_of, nested_statements};
use crate::plan::{Plan, ReadPlan};
use crate::step::{Words, recognise};
use crate::tokens::Segment;
use crate::write::{Action, actions, returns_columns, returns_wildcard};

/// The plans of one statement; transaction words may make more than one step.
pub(crate) fn plans(lowering: &Lowering<'_>, segment: Segment) -> Vec<Plan> {
    match recognise(&segment) {
        Some(Words::Steps(steps)) => return steps.into_iter().map(Plan::Step).collect(),
        Some(Words::Unclear) => {
            let reason = "transaction words that are not understood".into();
            return vec![Plan::Unknown { tables: None, reason }];
        }
        None => {}
    }
    if let Some(plan) = by_words(lowering.dialect, &segment) {
        return vec![plan];
    }
    if segment.is_too_complex() {
        return vec![unparsed(&segment, "it is too complex")];
    }
    let tokens = segment.tokens.clone();
    let mut parser = Parser::new(lowering.dialect.grammar()).with_tokens_with_locations(tokens);
    match parser.parse_statements() {
        Ok(trees) => match &trees[..] {
            [tree] => vec![plan(lowering, tree, &segment)],
            trees => trees.iter().map(|tree| plan(lowering, tree, &segment)).collect(),
        },
        Err(error) => vec![unparsed(&segment, &error.to_string())],
    }
}

/// Statements that are told by their words alone.
fn by_words(dialect: Dialect, segment: &Segment) -> Option<Plan> {
    let words = segment.words();
    let words: Vec<&str> = words.iter().map(String::as_str).take(8).collect();
    let routine = ["TRIGGER", "FUNCTION", "PROCEDURE", "EVENT"];
    match words.as_slice() {
        // A pragma may list tables and change settings, but no row.
        ["PRAGMA", ..] => Some(Plan::Read(Box::new(ReadPlan::uncacheable("a pragma")))),
        ["ATTACH" | "DETACH", ..] => Some(Plan::Ddl { tables: Vec::new(), everything: true }),
        // Row numbers may change.
        ["VACUUM", ..] if dialect == Dialect::Sqlite => Some(Plan::Ddl { tables: Vec::new(), everything: true }),
        ["REINDEX", ..] => Some(Plan::Neutral),
        ["CREATE" | "DROP", rest @ ..]
            if dialect == Dialect::Sqlite && rest.iter().take(2).any(|w| *w == "TRIGGER") =>
        {
            Some(Plan::Ddl { tables: Vec::new(), everything: false })
        }
        ["CREATE" | "ALTER" | "DROP", rest @ ..] if rest.iter().take(5).any(|word| routine.contains(word)) => {
            Some(Plan::Ddl { tables: Vec::new(), everything: true })
        }
        _ => None,
    }
}

fn plan(lowering: &Lowering<'_>, tree: &Tree, segment: &Segment) -> Plan {
    let nested = match tree {
        Tree::Query(query) => nested_statements(query),
        Tree::Insert(insert) => nested_statements(insert),
        Tree::Update(update) => nested_statements(update),
        Tree::Delete(delete) => nested_statements(delete),
        Tree::Merge(merge) => nested_statements(merge),
        _ => Vec::new(),
    };
    if let Some(mut all) = actions(lowering, tree) {
        return match writes(lowering, &nested) {
            Some(more) => {
                let returns = more.is_empty() && returns_columns(tree);
                all.extend(more);
                Plan::Write { actions: all, returns, wildcard: returns_wildcard(tree) }
            }
            None => Plan::Unknown { tables: None, reason: "a statement inside another".into() },
        };
    }
    match tree {
        Tree::Query(query) if nested.is_empty() => {
            if let Some(target) = into(query) {
                return Plan::Ddl { tables: vec![target], everything: false };
            }
            read(lowering, lowering.query(query, &[]), tree)
        }
        Tree::Query(_) => match writes(lowering, &nested) {
            Some(actions) => Plan::Write { actions, returns: false, wildcard: false },
            None => Plan::Unknown { tables: None, reason: "a statement inside another".into() },
        },
        Tree::Explain { analyze: true, statement, .. } => match plan(lowering, statement, segment) {
            Plan::Read(_) => Plan::Read(Box::new(ReadPlan::uncacheable("an explanation"))),
            other => other,
        },
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
        | Tree::Set(_)
        | Tree::Grant(_)
        | Tree::Revoke(_)
        | Tree::Use(_)
        | Tree::Prepare { .. }
        | Tree::Deallocate { .. }
        | Tree::LISTEN { .. }
        | Tree::UNLISTEN { .. }
        | Tree::NOTIFY { .. }
        | Tree::Comment { .. }
        | Tree::Vacuum(_) => Plan::Neutral,
        Tree::Copy { to: true, .. } => Plan::Neutral,
        Tree::Copy { source: sqlparser::ast::CopySource::Table { table_name, .. }, .. } => {
            let actions = vec![Action::AnyRow { table: Table::from(name_of(table_name)) }];
            Plan::Write { actions, returns: false, wildcard: false }
        }
        Tree::CreateTable(_)
        | Tree::CreateView(_)
        | Tree::CreateVirtualTable { .. }
        | Tree::CreateIndex(_)
        | Tree::AlterTable(_)
        | Tree::AlterView { .. } => Plan::Ddl { tables: concerned(tree), everything: false },
        Tree::Drop { object_type: ObjectType::Table | ObjectType::View, names, cascade: false, .. } => {
            Plan::Ddl { tables: names.iter().map(|name| Table::from(name_of(name))).collect(), everything: false }
        }
        Tree::Drop { object_type: ObjectType::Index, .. } | Tree::AlterIndex { .. } => {
            Plan::Ddl { tables: Vec::new(), everything: false }
        }
        Tree::Drop { .. } => Plan::Ddl { tables: Vec::new(), everything: true },
        _ => unparsed(segment, "it is of a kind that is not understood"),
    }
}

fn writes(lowering: &Lowering<'_>, nested: &[Tree]) -> Option<Vec<Action>> {
    let mut all = Vec::new();
    for tree in nested {
        all.extend(actions(lowering, tree)?);
    }
    Some(all)
}

fn read(lowering: &Lowering<'_>, shape: Shape, tree: &Tree) -> Plan {
    let volatile = Volatile::find(lowering.dialect, lowering.trusted, tree);
    Plan::Read(Box::new(ReadPlan {
        restrictions: shape.restrictions_with(lowering.fault),
        reason: shape.reason().cloned(),
        volatile,
        fixed: OnceLock::new(),
        has_binds: has_binds(tree),
    }))
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

/// The tables that a change of the schema names.
fn concerned(tree: &Tree) -> Vec<Table> {
    struct Search(Vec<Table>);
    impl Visitor for Search {
        type Break = ();
        fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
            let table = Table::from(name_of(relation));
            if !self.0.contains(&table) {
                self.0.push(table);
            }
            ControlFlow::Continue(())
        }
    }
    let mut search = Search(Vec::new());
    if let Tree::CreateView(view) = tree {
        return vec![Table::from(name_of(&view.name))];
    }
    let _ = tree.visit(&mut search);
    if let Tree::AlterTable(alter) = tree {
        for operation in &alter.operations {
            if let AlterTableOperation::RenameTable {
                table_name: RenameTableNameKind::As(name) | RenameTableNameKind::To(name),
            } = operation
            {
                search.0.push(Table::from(name_of(name)));
            }
        }
    }
    search.0
}
