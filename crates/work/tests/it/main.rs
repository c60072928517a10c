//! The layer on a real PostgreSQL, as an ordinary role.

#![expect(clippy::unwrap_used, reason = "what a test needs and doesn't get fails it")]

mod chores;
mod crash;
mod death;
mod desk;
mod errors;
mod frozen;
mod operations;
mod waking;
mod world;
