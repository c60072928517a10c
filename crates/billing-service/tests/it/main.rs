//! billing-service through its front door: router and worker on a real PostgreSQL, before a fake instance-service.

#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod crash;
mod fake;
mod number;
mod order;
mod route;
mod standing;
mod statement;
mod world;
