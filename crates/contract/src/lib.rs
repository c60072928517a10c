//! What the services say to each other and to the world: the bodies of their interfaces, and clients
//! that speak them. A service depends on this crate and never on another service.

pub mod billing;
pub mod client;
pub mod correlation;
pub mod database;
pub mod error;
pub mod examination;
pub mod instance;
pub mod notification;
pub mod operation;
pub mod user;
