//! The SQL of this service.

pub(crate) mod email;
