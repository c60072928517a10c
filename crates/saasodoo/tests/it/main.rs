//! The platform from outside: the real binary, a real PostgreSQL, a real Odoo.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed, and what it prints is shown then"
)]

mod alerts;
mod architecture;
mod bad_input;
mod browser;
mod chaos;
mod doctor;
mod main_job;
mod platform;
mod race;
mod stranger;
