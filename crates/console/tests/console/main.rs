//! The console through its router, in front of services that say what a test wants.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod attack;
mod login;
mod overview;
mod world;
