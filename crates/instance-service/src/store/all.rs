//! What staff, services and the reconciler may ask: things of any customer.

pub mod entitlement;
pub mod instance;
