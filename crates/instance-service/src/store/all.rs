//! What staff, services and the reconciler may ask: things of any customer.

pub mod count;
pub mod entitlement;
pub mod instance;
pub mod statement;
pub mod violation;
pub mod wait;
