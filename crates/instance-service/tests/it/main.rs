//! instance-service and its worker through the front door: the router, the queue, and a runtime and a
//! database-service that the test has in its hands.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

mod access;
mod crash;
mod database;
mod deletion;
mod entitlement;
mod frozen;
mod identity;
mod life;
mod live;
mod number;
mod odoo_tables;
mod world;
