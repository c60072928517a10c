//! One module for each family of commands.

pub(crate) mod configuration;
pub(crate) mod doctor;
pub(crate) mod instance;
pub(crate) mod money;
pub(crate) mod operation;
pub(crate) mod order;
pub(crate) mod server;
pub(crate) mod token;
