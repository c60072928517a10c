//! database-service through its front door, its worker, and the PostgreSQL servers that they make.

#![expect(clippy::unwrap_used, reason = "what a test needs and doesn't get fails it")]

mod allocation;
mod bound;
mod crash;
mod dedicated;
mod frozen;
mod health;
mod http;
mod inventory;
mod isolation;
mod number;
mod odoo;
mod pool;
mod race;
mod stock;
mod world;
