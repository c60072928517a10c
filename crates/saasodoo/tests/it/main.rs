//! The platform from outside: the real binary, a real PostgreSQL, a real Odoo.

mod architecture;
mod bad_input;
mod browser;
mod main_job;
mod platform;
