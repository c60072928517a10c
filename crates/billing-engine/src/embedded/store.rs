//! The engine's SQL: one module for each thing that is stored.

pub(super) mod account;
pub(super) mod catalogue;
pub(super) mod fact;
pub(super) mod ledger;
pub(super) mod outbox;
