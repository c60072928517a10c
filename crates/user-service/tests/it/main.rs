//! user-service through its front door.

#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod customer;
mod interface;
mod limit;
mod login;
mod registration;
mod world;
