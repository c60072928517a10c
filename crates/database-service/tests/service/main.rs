//! database-service through its front door, its worker, and the PostgreSQL servers that they make.

mod allocation;
mod crash;
mod dedicated;
mod health;
mod http;
mod inventory;
mod isolation;
mod odoo;
mod pool;
mod stock;
mod world;
