//! The words of the business, as types. A value of one of these types is valid: there is one way in,
//! and its error message is the rule itself. No input or output happens here.

mod id;
mod name;
mod size;
mod state;

pub use id::{
    AccountId, AllocationId, CorrelationId, CustomerId, InstanceId, InvoiceId, MemberId,
    OperationId, OrderId, PaymentId, ServerId, StaffId, SubscriptionId,
};
pub use name::{
    DisplayName, EmailAddress, InvalidName, Language, OdooVersion, PlanName, Subdomain, TimeZone,
};
pub use size::{CpuLimit, InvalidSize, MemorySize};
pub use state::{DatabaseType, InstanceStatus, Standing, StatusReason, TRANSITIONS};
