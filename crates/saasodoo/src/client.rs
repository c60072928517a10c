//! How the commands reach a platform: by a data folder of this machine, or by address and token.

use std::time::Duration;

use contract::client::{Bearer, BillingClient, Client, DatabaseClient, InstanceClient, UserClient};
use contract::instance::{Instance, Instances, InstancesQuery};
use contract::user::{Customer, EnsureCustomer};
use identity::{Subject, TokenKey};
use secrecy::SecretString;
use vocabulary::{EmailAddress, InstanceId, InstanceStatus, StaffId};

use crate::cli::Global;
use crate::data_folder::DataFolder;
use crate::failure::Failure;

/// A platform that is reached over its gateway.
#[derive(Debug, Clone)]
pub(crate) struct Platform {
    /// database-service.
    pub(crate) database: DatabaseClient,
    /// instance-service.
    pub(crate) instance: InstanceClient,
    /// billing-service.
    pub(crate) billing: BillingClient,
    /// user-service.
    pub(crate) user: UserClient,
}

impl Platform {
    /// The platform that the flags, the environment or the data folder name.
    pub(crate) fn find(global: &Global) -> Result<Self, Failure> {
        if let (Some(url), Some(token)) = (&global.url, &global.token) {
            return Ok(Self::at(url, Bearer::Token(token.clone().into())));
        }
        let data = local(global)?;
        let whereabouts =
            data.whereabouts().map_err(|error| Failure::Usage(format!("{error:#}")))?;
        let url = global.url.clone().unwrap_or(whereabouts.url);
        let bearer = match &global.token {
            Some(token) => Bearer::Token(token.clone().into()),
            None => Bearer::Token(staff_token(&data)?),
        };
        Ok(Self::at(&url, bearer))
    }

    /// The platform whose gateway is at this address.
    pub(crate) fn at(url: &str, bearer: Bearer) -> Self {
        let url = url.trim_end_matches('/');
        let client = |service: &str| Client::new(format!("{url}/{service}"), bearer.clone());
        Self {
            database: DatabaseClient(client("database")),
            instance: InstanceClient(client("instance")),
            billing: BillingClient(client("billing")),
            user: UserClient(client("user")),
        }
    }

    /// The instance with this id or subdomain.
    pub(crate) async fn instance(&self, which: &str) -> Result<Instance, Failure> {
        if let Ok(id) = which.parse::<InstanceId>() {
            return Ok(self.instance.get(id).await?);
        }
        let all = self.instances(None).await?;
        all.into_iter()
            .find(|instance| instance.subdomain == which)
            .ok_or_else(|| Failure::Refused(format!("there is no instance {which}")))
    }

    /// All instances that one may see, in this status if one is given, page by page.
    pub(crate) async fn instances(
        &self,
        status: Option<InstanceStatus>,
    ) -> Result<Vec<Instance>, Failure> {
        let mut all = Vec::new();
        let mut query = InstancesQuery { status, limit: Some(100), ..InstancesQuery::default() };
        loop {
            let page: Instances = self.instance.list(&query).await?;
            all.extend(page.instances);
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(all),
            }
        }
    }

    /// The customer with this address.
    pub(crate) async fn known_customer(&self, email: &EmailAddress) -> Result<Customer, Failure> {
        let customer = self.user.customer_by_email(email).await?;
        customer.ok_or_else(|| Failure::Refused(format!("there is no customer {email}")))
    }

    /// The customer with this address, made known if it is not.
    pub(crate) async fn ensure_customer(&self, email: &EmailAddress) -> Result<Customer, Failure> {
        let body = EnsureCustomer { email: email.clone(), company: None };
        Ok(self.user.ensure_customer(&body).await?)
    }
}

/// The data folder of this machine that a command works on.
pub(crate) fn local(global: &Global) -> Result<DataFolder, Failure> {
    let path = match &global.data {
        Some(path) => path.clone(),
        None => {
            settings::default_data_folder().map_err(|error| Failure::Usage(format!("{error:#}")))?
        }
    };
    DataFolder::find(&path).ok_or_else(|| {
        Failure::Usage(format!(
            "there is no platform in {}; name one with --data, or set SAASODOO_URL and SAASODOO_TOKEN",
            path.display()
        ))
    })
}

/// A token for the one who may read the data folder's keys.
pub(crate) fn staff_token(data: &DataFolder) -> anyhow::Result<SecretString> {
    Ok(staff_token_of(&TokenKey::load_or_create(&data.keys().join("token.key"))?))
}

/// A token for the one who holds the key itself.
pub(crate) fn staff_token_of(key: &TokenKey) -> SecretString {
    let subject = Subject::Staff {
        staff: StaffId(uuid::Uuid::nil()),
        email: "operator@localhost.localdomain".parse().expect("this is an address"),
    };
    key.issue(&subject, Duration::from_secs(12 * 3600))
}
