//! What the tests of all crates share: a fresh set of the platform's databases for each test, and tokens of
//! everybody. Only ever a dev-dependency, so that it panics instead of returning errors.

pub mod crash;
pub mod fake_runtime;
pub mod frozen;
mod holder;
mod platform;
mod template;

pub use crate::holder::{Holder, Identity, identity};
pub use crate::platform::Platform;
