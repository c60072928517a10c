//! The tenants' PostgreSQL servers, spoken to as their superuser. Every act here may be repeated: what exists
//! is tolerated by what creates, and what is gone by what removes. Nothing here knows the platform's tables.

mod connection;
mod database;
mod dump;
mod fence;
mod identifier;
mod observation;
mod overstay;
mod probe;
mod role;
mod wall;

pub(crate) use connection::{Connections, Login};
pub(crate) use database::{GoldenCopy, clone_golden, create_empty, drop_database, open};
pub(crate) use dump::{Programs, dump, restore_golden, restore_tenant};
pub(crate) use fence::Fence;
#[cfg(test)]
pub(crate) use observation::SeenDatabase;
pub(crate) use observation::{Names, Seen, SeenRole, names, observe, roles};
pub(crate) use overstay::end_overstaying;
pub(crate) use probe::{Findings, probe};
pub(crate) use role::{create_role, drop_role, let_in, limit, lock_out, verifier};
pub(crate) use wall::prepare;
