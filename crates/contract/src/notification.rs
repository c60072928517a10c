//! notification-service, prefix `/api/v1`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
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

/// Which mails to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EmailsQuery {
    /// Only those to this address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<EmailAddress>,
}

/// A kind of mail.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// Its subject, with variables like `{{name}}`.
    pub subject: String,
    /// Its text, with variables like `{{name}}`.
    pub text: String,
    /// The variables that it needs.
    pub variables: Vec<String>,
}

/// All kinds of mails, by name.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Templates {
    /// The templates.
    pub templates: Vec<Template>,
}
