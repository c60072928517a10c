//! The SQL of this service, one file per table. What stands here directly asks for the things of one customer; what
//! staff and the reconciler may ask stands in [`all`].

pub mod all;
pub mod audit;
pub mod event;
pub mod instance;
mod row;
pub mod secret;
