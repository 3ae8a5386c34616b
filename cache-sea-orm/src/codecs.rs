//! How the results of one query become bytes for a store that processes share.

use std::sync::Arc;

use cache_core::Codec;
use sea_orm::{EntityTrait, TryIntoModel};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec;

/// An entity whose rows can be written as bytes and read back: every derived one whose models may be sent and shared.
pub trait StoredEntity:
    EntityTrait<Model: Send + Sync + 'static, ActiveModel: TryIntoModel<<Self as EntityTrait>::Model>> + 'static
{
}

impl<E> StoredEntity for E
where
    E: EntityTrait + 'static,
    E::Model: Send + Sync + 'static,
    E::ActiveModel: TryIntoModel<E::Model>,
{
}

/// The codecs of all rows, and of the first one; without them results stay in this process.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Codecs {
    pub(crate) all: Option<Codec>,
    pub(crate) one: Option<Codec>,
}

impl Codecs {
    /// Those of models.
    pub(crate) fn of_models<E: StoredEntity>() -> Self {
        Codecs { all: Some(codec::shared_rows::<E>()), one: Some(codec::row::<E>()) }
    }

    /// Those of anything that serde knows.
    pub(crate) fn of_serde<T: Serialize + DeserializeOwned + Send + Sync + 'static>() -> Self {
        Codecs { all: Some(Codec::serde::<Arc<Vec<T>>>()), one: Some(Codec::serde::<Option<T>>()) }
    }
}
