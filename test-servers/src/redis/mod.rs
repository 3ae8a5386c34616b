//! Redis and Valkey: one server, a cluster, sentinels.

mod builder;
mod certificate;
mod client;
mod cluster;
mod sentinel;
mod server;

pub use builder::RedisBuilder;
pub use cluster::RedisCluster;
pub use sentinel::RedisSentinel;
pub use server::Redis;
