//! The SQL of this service, one file per table. Every function takes the connection: the caller decides what is one
//! transaction. Tenants have no interface here, so nothing is asked per customer.

pub(crate) mod allocation;
pub(crate) mod audit;
pub(crate) mod count;
pub(crate) mod finding;
pub(crate) mod golden;
pub(crate) mod name;
pub(crate) mod pool;
pub(crate) mod server;
pub(crate) mod slot;
pub(crate) mod stock;
pub(crate) mod template;
pub(crate) mod violation;
