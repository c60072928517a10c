//! The service's SQL: one module for each table. Functions that can see everything stand in `all`.

pub(crate) mod all;
pub(crate) mod audit;
pub(crate) mod entitlement;
pub(crate) mod feed;
pub(crate) mod order;
pub(crate) mod plan_entitlement;
pub(crate) mod statement;
pub(crate) mod violation;
