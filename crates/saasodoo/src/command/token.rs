//! Tokens and shell variables for the one who may read the data folder's keys.

use std::time::Duration;

use contract::client::Bearer;
use identity::{Subject, TokenKey};
use platform::Credentials;
use secrecy::ExposeSecret;

use crate::cli::{Global, Token};
use crate::client::{self, Platform};
use crate::command::configuration;
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
            let customer = platform.known_customer(email).await?;
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

/// `saasodoo env`
pub(crate) fn environment(global: &Global) -> Outcome {
    let data = client::local(global)?;
    let settings = configuration::load(global)?;
    let whereabouts = data.whereabouts().map_err(|error| Failure::Usage(format!("{error:#}")))?;
    let credentials = Credentials::load_or_create(&settings.credentials_file()?)?;
    let environment = platform::environment(
        &data.keys(),
        &whereabouts.postgres_host,
        whereabouts.postgres_port,
        &credentials,
    )?;
    for (name, value) in environment.variables() {
        output::line(&format!("export {name}={}", quote(&value)))?;
    }
    Ok(output::line(&format!("export SAASODOO_URL={}", quote(&whereabouts.url)))?)
}

/// A word that a shell reads as it stands.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
