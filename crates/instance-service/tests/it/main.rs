//! instance-service and its worker through the front door: the router, the queue, and a runtime and a
//! database-service that the test has in its hands.

mod access;
mod crash;
mod database;
mod deletion;
mod entitlement;
mod identity;
mod life;
mod live;
mod odoo_tables;
mod real;
mod world;
