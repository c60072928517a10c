//! Calls of notification-service.

use super::{CallError, Client};
use crate::notification::{Email, Emails, EmailsQuery, SendEmail};

/// Speaks with notification-service.
#[derive(Debug, Clone)]
pub struct NotificationClient(pub Client);

#[expect(clippy::missing_errors_doc, reason = "every call fails in the ways of CallError")]
impl NotificationClient {
    /// Puts a mail into the outbox; the same key makes one mail.
    pub async fn send(&self, mail: &SendEmail) -> Result<Email, CallError> {
        self.0.post("/api/v1/emails", mail).await
    }

    /// The newest mails (staff).
    pub async fn emails(&self, query: &EmailsQuery) -> Result<Emails, CallError> {
        self.0.find("/api/v1/emails", query).await
    }
}
