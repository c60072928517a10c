//! notification-service, prefix `/api/v1`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;
use vocabulary::EmailAddress;

/// Puts a mail into the outbox: `POST /emails` (service).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendEmail {
    /// To whom.
    pub to: EmailAddress,
    /// Which template: `verify_email`, `password_reset`, …
    pub template: String,
    /// What the template speaks of.
    pub variables: BTreeMap<String, String>,
    /// The same key makes one mail.
    pub key: String,
}

/// A mail in the outbox.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Email {
    /// Its id.
    pub id: Uuid,
    /// To whom.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// `queued`, `sent`, or `held` where no SMTP server is configured.
    pub state: String,
    /// When it was put there.
    pub created_at: DateTime<Utc>,
}

/// Mails, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Emails {
    /// The newest 100 mails.
    pub emails: Vec<Email>,
}
