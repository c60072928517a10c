//! Calls of user-service.

use vocabulary::{CustomerId, EmailAddress};

use super::{CallError, Client};
use crate::examination::Violations;
use crate::user::{
    Customer, Customers, CustomersQuery, EnsureCustomer, LoggedIn, Login, Register, Registered,
};

/// Speaks with user-service.
#[derive(Debug, Clone)]
pub struct UserClient(pub Client);

#[expect(clippy::missing_errors_doc, reason = "every call fails in the ways of CallError")]
impl UserClient {
    /// Registers a customer with its first member.
    pub async fn register(&self, request: &Register) -> Result<Registered, CallError> {
        self.0.post("/auth/register", request).await
    }

    /// Logs in.
    pub async fn login(&self, login: &Login) -> Result<LoggedIn, CallError> {
        self.0.post("/auth/login", login).await
    }

    /// Makes sure that a customer with this address exists (staff).
    pub async fn ensure_customer(&self, request: &EnsureCustomer) -> Result<Customer, CallError> {
        self.0.put("/admin/customers", request).await
    }

    /// Customers, newest first (staff).
    pub async fn customers(&self, query: &CustomersQuery) -> Result<Customers, CallError> {
        self.0.find("/admin/customers", query).await
    }

    /// The customer whose first member has this address, if there is one (staff).
    pub async fn customer_by_email(
        &self,
        email: &EmailAddress,
    ) -> Result<Option<Customer>, CallError> {
        let query = CustomersQuery { email: Some(email.clone()), after: None };
        Ok(self.customers(&query).await?.customers.into_iter().next())
    }

    /// Which invariants the rows break (staff).
    pub async fn violations(&self) -> Result<Violations, CallError> {
        self.0.get("/admin/violations").await
    }

    /// One customer (service).
    pub async fn customer(&self, customer: CustomerId) -> Result<Customer, CallError> {
        self.0.get(&format!("/internal/customers/{customer}")).await
    }
}
