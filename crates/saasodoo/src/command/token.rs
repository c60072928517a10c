//! Tokens and shell variables for the one who may read the data folder's keys.

use std::time::Duration;

use contract::client::Bearer;
use identity::{Subject, TokenKey};
use secrecy::ExposeSecret;

use crate::cli::{Global, Token};
use crate::client::{self, Platform};
use crate::failure::{Failure, Outcome};
use crate::output;

/// How long a printed token holds.
const LIFETIME: Duration = Duration::from_secs(12 * 3600);

/// `saasodoo token`
pub(crate) async fn print(global: &Global, whose: &Token) -> Outcome {
    let data = client::local(global)?;
    let token = match (&whose.customer, &whose.service) {
        (Some(email), _) => {
            let staff = Bearer::Token(client::staff_token(&data)?);
            let platform = Platform::at(&data.whereabouts()?.url, staff);
            let customer = platform.customer(email).await?;
            let customer =
                customer.ok_or_else(|| Failure::Refused(format!("there is no customer {email}")))?;
            let subject = Subject::Customer {
                customer: customer.id,
                member: customer.member_id,
                email: email.clone(),
            };
            TokenKey::load_or_create(&data.keys().join("token.key"))?.issue(&subject, LIFETIME)
        }
        (None, Some(name)) => {
            let subject = Subject::Service { name: name.clone() };
            TokenKey::load_or_create(&data.keys().join("token.key"))?.issue(&subject, LIFETIME)
        }
        (None, None) => client::staff_token(&data)?,
    };
    Ok(output::line(token.expose_secret())?)
}
