//! Models as bytes, for stores that processes share: what serde does for types that have it, for every entity.
//!
//! A model is written column by column, with the columns' names in front, so that an entity that changed is a miss. It is
//! written only if it comes back equal in every column; of types that are not known here, arrays among them, nothing is written. Fields that are no
//! columns come back as they come from the database, with their defaults.
//!
//! ```
//! use cache_core::cached;
//! # mod article {
//! #     use sea_orm::entity::prelude::*;
//! #     #[derive(Clone, Debug, DeriveEntityModel)]
//! #     #[sea_orm(table_name = "article")]
//! #     pub struct Model { #[sea_orm(primary_key)] pub id: i32, pub title: String }
//! #     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
//! #     pub enum Relation {}
//! #     impl ActiveModelBehavior for ActiveModel {}
//! # }
//! #[cached(ttl = "15m", codec = cache_sea_orm::codec::rows::<article::Entity>())]
//! fn articles() -> Vec<article::Model> {
//!     vec![article::Model { id: 1, title: "One".to_owned() }]
//! }
//! # assert_eq!(articles().len(), 1);
//! ```

mod column;
#[cfg(feature = "with-chrono")]
mod temporal;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use cache_core::{Codec, Coding};
use sea_orm::{ActiveModelTrait, EntityTrait, IdenStatic, Iterable, ModelTrait, TryIntoModel};

use self::column::{Reader, put, put_bytes, put_length};

/// The codec of all rows of a query: `Vec<Model>`.
pub fn rows<E>() -> Codec
where
    E: EntityTrait,
    E::Model: Send + Sync,
    E::ActiveModel: TryIntoModel<E::Model>,
{
    Codec::custom(&Coding { id: 1, encode: encode_rows::<E>, decode: decode_rows::<E> })
}

/// The codec of one row of a query, if there is one: `Option<Model>`.
pub fn row<E>() -> Codec
where
    E: EntityTrait,
    E::Model: Send + Sync,
    E::ActiveModel: TryIntoModel<E::Model>,
{
    Codec::custom(&Coding { id: 2, encode: encode_row::<E>, decode: decode_row::<E> })
}

#[allow(clippy::ptr_arg)]
fn encode_rows<E>(models: &Vec<E::Model>) -> Result<Vec<u8>, String>
where
    E: EntityTrait,
    E::ActiveModel: TryIntoModel<E::Model>,
{
    encode::<E>(models)
}

/// The codec of all rows of a query as the cache keeps them: `Arc<Vec<Model>>`.
pub(crate) fn shared_rows<E>() -> Codec
where
    E: EntityTrait,
    E::Model: Send + Sync,
    E::ActiveModel: TryIntoModel<E::Model>,
{
    Codec::custom(&Coding { id: 3, encode: encode_shared::<E>, decode: decode_shared::<E> })
}

fn encode_shared<E>(models: &Arc<Vec<E::Model>>) -> Result<Vec<u8>, String>
where
    E: EntityTrait,
    E::ActiveModel: TryIntoModel<E::Model>,
{
    encode::<E>(models)
}

fn decode_shared<E>(bytes: &[u8]) -> Result<Arc<Vec<E::Model>>, String>
where
    E: EntityTrait,
    E::ActiveModel: TryIntoModel<E::Model>,
{
    decode_rows::<E>(bytes).map(Arc::new)
}

fn encode_row<E>(model: &Option<E::Model>) -> Result<Vec<u8>, String>
where
    E: EntityTrait,
    E::ActiveModel: TryIntoModel<E::Model>,
{
    encode::<E>(model.as_slice())
}

fn decode_row<E>(bytes: &[u8]) -> Result<Option<E::Model>, String>
where
    E: EntityTrait,
    E::ActiveModel: TryIntoModel<E::Model>,
{
    let mut models = decode_rows::<E>(bytes)?;
    let last = models.pop();
    if models.is_empty() { Ok(last) } else { Err("it has more than one row".to_owned()) }
}

fn encode<E>(models: &[E::Model]) -> Result<Vec<u8>, String>
where
    E: EntityTrait,
    E::ActiveModel: TryIntoModel<E::Model>,
{
    let columns: Vec<E::Column> = E::Column::iter().collect();
    let mut bytes = Vec::new();
    put_length(&mut bytes, columns.len())?;
    for column in &columns {
        put_bytes(&mut bytes, column.as_str().as_bytes())?;
    }
    put_length(&mut bytes, models.len())?;
    for (model, column) in models.iter().flat_map(|model| columns.iter().map(move |column| (model, column))) {
        put(&mut bytes, &model.get(*column)).map_err(|error| format!("column `{}`: {error}", column.as_str()))?;
    }
    let again = decode_rows::<E>(&bytes)?;
    for (model, again) in models.iter().zip(&again) {
        let differs = columns.iter().find(|column| model.get(**column) != again.get(**column));
        if let Some(column) = differs {
            return Err(format!("column `{}` would not come back as it was", column.as_str()));
        }
    }
    Ok(bytes)
}

fn decode_rows<E>(bytes: &[u8]) -> Result<Vec<E::Model>, String>
where
    E: EntityTrait,
    E::ActiveModel: TryIntoModel<E::Model>,
{
    let columns: Vec<E::Column> = E::Column::iter().collect();
    let mut reader = Reader::new(bytes);
    if reader.length()? != columns.len() || columns.is_empty() {
        return Err("it has other columns".to_owned());
    }
    for column in &columns {
        if reader.bytes()? != column.as_str().as_bytes() {
            return Err("it has other columns".to_owned());
        }
    }
    let mut models = Vec::new();
    for _ in 0..reader.length()? {
        let mut model = <E::ActiveModel as ActiveModelTrait>::default();
        for column in &columns {
            let value = reader.value()?;
            model.try_set(*column, value).map_err(|error| error.to_string())?;
        }
        models.push(model.try_into_model().map_err(|error| error.to_string())?);
    }
    reader.finish()?;
    Ok(models)
}
