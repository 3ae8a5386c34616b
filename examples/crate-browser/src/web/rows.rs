//! Tables as querysets in templates: `rows.note.filter(crate_id=3).order_by("id")`.

use crate::{
    entity::{
        author, category, crate_author, crate_category, crate_keyword, crate_licence, dependency, feature, keyword,
        krate, licence, note, star, version,
    },
    query::Db,
};
use cache_core::{Dependencies, KeyWriter};
use cache_minijinja::{Error, TemplateQuery, block_on, queryset, scalar};
use cache_sea_orm::prelude::*;
use minijinja::{Value, value::Serde};
use sea_orm::{
    DbErr, EntityTrait, ExprTrait, IdenStatic, Iterable, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    Select, sea_query::Expr,
};
use std::{collections::BTreeMap, sync::Arc};

/// Every table that templates may read, by name.
pub fn all(db: &Db) -> Value {
    let tables = [
        table(db, krate::Entity),
        table(db, version::Entity),
        table(db, feature::Entity),
        table(db, dependency::Entity),
        table(db, licence::Entity),
        table(db, category::Entity),
        table(db, keyword::Entity),
        table(db, author::Entity),
        table(db, crate_licence::Entity),
        table(db, crate_category::Entity),
        table(db, crate_keyword::Entity),
        table(db, crate_author::Entity),
        table(db, star::Entity),
        table(db, note::Entity),
    ];
    tables.into_iter().collect::<BTreeMap<_, _>>().into()
}

fn table<E>(db: &Db, entity: E) -> (&'static str, Value)
where
    E: EntityTrait,
    E::Model: Send + Sync,
{
    let rows = Rows { db: db.clone(), entity, conditions: Vec::new(), order: Vec::new(), limit: None };
    (entity.table_name(), queryset(rows))
}

/// Rows of one table, narrowed, ordered and cut by a template.
#[derive(Clone, Debug)]
struct Rows<E> {
    db: Db,
    entity: E,
    conditions: Vec<(&'static str, cache_core::Value)>,
    order: Vec<(&'static str, bool)>,
    limit: Option<u64>,
}

impl<E: EntityTrait> Rows<E> {
    fn select(&self) -> Select<E> {
        let mut select = E::find();
        for (name, value) in &self.conditions {
            select = select.filter(column(self.entity, name).eq(bound(value)));
        }
        for (name, ascending) in &self.order {
            let order = if *ascending { Order::Asc } else { Order::Desc };
            select = select.order_by(column(self.entity, name), order);
        }
        select.limit(self.limit)
    }

    fn answer<T>(&self, question: impl Future<Output = Result<T, DbErr>>) -> Result<T, Error> {
        block_on(question)?.map_err(Error::query)
    }
}

impl<E> TemplateQuery for Rows<E>
where
    E: EntityTrait,
    E::Model: Send + Sync,
{
    fn filter(&self, conditions: &[(&str, Value)]) -> Result<Arc<dyn TemplateQuery>, Error> {
        let mut narrowed = self.clone();
        for (field, value) in conditions {
            narrowed.conditions.push((known::<E>(field)?, scalar(value)?));
        }
        Ok(Arc::new(narrowed))
    }

    fn order_by(&self, fields: &[&str]) -> Result<Arc<dyn TemplateQuery>, Error> {
        let mut ordered = self.clone();
        for field in fields {
            let (name, ascending) = match field.strip_prefix('-') {
                Some(name) => (name, false),
                None => (*field, true),
            };
            ordered.order.push((known::<E>(name)?, ascending));
        }
        Ok(Arc::new(ordered))
    }

    fn limit(&self, rows: u64) -> Result<Arc<dyn TemplateQuery>, Error> {
        let mut cut = self.clone();
        cut.limit = Some(self.limit.map_or(rows, |limit| Ord::min(limit, rows)));
        Ok(Arc::new(cut))
    }

    fn write_key(&self, key: &mut KeyWriter) {
        key.part(self.entity.table_name()).part(&self.conditions).part(&self.order).part(&self.limit);
    }

    fn dependencies(&self) -> Dependencies {
        self.select().dependencies()
    }

    fn fetch(&self) -> Result<Vec<Value>, Error> {
        let rows = self.answer(self.select().into_json().all(&self.db))?;
        Ok(rows.into_iter().map(|row| Value::from(Serde(row))).collect())
    }

    fn count(&self) -> Result<usize, Error> {
        let rows = self.answer(self.select().count(&self.db))?;
        Ok(usize::try_from(rows).unwrap_or(usize::MAX))
    }
}

fn column<E: EntityTrait>(entity: E, name: &'static str) -> Expr {
    Expr::col((entity, name))
}

/// The column that a template means.
fn known<E: EntityTrait>(field: &str) -> Result<&'static str, Error> {
    let names: Vec<&'static str> = E::Column::iter().map(|column| column.as_str()).collect();
    names.iter().copied().find(|name| *name == field).ok_or_else(|| Error::unknown_field(field, &names))
}

/// The value as SeaORM binds it.
fn bound(value: &cache_core::Value) -> sea_orm::Value {
    match value {
        cache_core::Value::Bool(truth) => (*truth).into(),
        cache_core::Value::Int(number) => i64::try_from(*number).ok().into(),
        cache_core::Value::Float(number) => (*number).into(),
        cache_core::Value::Text(text) => text.to_string().into(),
        _ => None::<i64>.into(),
    }
}
