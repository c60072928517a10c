//! The layer on a real PostgreSQL, as an ordinary role.

mod chores;
mod crash;
mod death;
mod errors;
mod operations;
mod waking;
mod world;
