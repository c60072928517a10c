//! The edge by its front door: real sockets on both sides, and an instance-service that tells routes.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod attack;
mod bounds;
mod gateway;
mod http;
mod life;
mod page;
mod smuggling;
mod table;
mod tenant;
mod world;
