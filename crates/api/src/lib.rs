//! What the HTTP side of every service is made of: errors, extractors, authority as a type, and the server
//! around the routes. A service writes handlers that are sentences; what holds for all of them is here.

mod authority;
mod docs;
mod document;
mod error;
mod extract;
pub mod metrics;
mod request;
mod server;
#[cfg(any(test, feature = "test"))]
pub mod test;

pub use authority::{Caller, Customer, CustomerOrStaff, Service, Staff, StaffOrService, Token};
pub use error::{ApiError, ApiResult};
pub use extract::{Json, Path, Query};
pub use request::{Origin, Stopping};
pub use server::{ServiceServer, serve};

#[cfg(test)]
mod tests;
