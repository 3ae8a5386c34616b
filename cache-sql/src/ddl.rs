//! Changes of the schema.

use std::ops::ControlFlow;

use cache_core::Table;
use sqlparser::ast::{
    AlterTableOperation, ObjectName, ObjectType, RenameTableNameKind, Statement as Tree, Visit, Visitor,
};

use crate::lower::{name_of, nested_statements};
use crate::plan::Plan;

/// The plan of a statement that changes the schema; `None` for any other.
pub(crate) fn ddl(tree: &Tree) -> Option<Plan> {
    let tables = match tree {
        Tree::CreateTable(_) | Tree::CreateView(_) if !nested_statements(tree, true).is_empty() => {
            return Some(Plan::Ddl { tables: Vec::new(), everything: true });
        }
        Tree::CreateTable(_)
        | Tree::CreateView(_)
        | Tree::CreateVirtualTable { .. }
        | Tree::CreateIndex(_)
        | Tree::AlterTable(_)
        | Tree::AlterView { .. } => concerned(tree),
        Tree::Drop {
            object_type: ObjectType::Table | ObjectType::View | ObjectType::MaterializedView,
            names,
            cascade: false,
            ..
        } => names.iter().map(|name| Table::from(name_of(name))).collect(),
        Tree::RenameTable(renamed) => renamed
            .iter()
            .flat_map(|one| [&one.old_name, &one.new_name])
            .map(|name| Table::from(name_of(name)))
            .collect(),
        Tree::Drop { object_type: ObjectType::Index, .. } | Tree::AlterIndex { .. } => Vec::new(),
        Tree::Drop { .. } => return Some(Plan::Ddl { tables: Vec::new(), everything: true }),
        _ => return None,
    };
    Some(Plan::Ddl { tables, everything: false })
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
