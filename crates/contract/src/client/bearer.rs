//! Who a client speaks as.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use identity::{Subject, TokenKey};
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};

const LIFE: Duration = Duration::from_secs(60);

/// Who a client speaks as.
#[derive(Clone)]
pub enum Bearer {
    /// Nobody: only public calls work.
    Nobody,
    /// Whoever the token says.
    Token(SecretString),
    /// One of the platform's services, by tokens that it signs itself and that live for a minute.
    Service {
        /// The platform's key.
        key: TokenKey,
        /// The role, such as `billing-service`.
        name: &'static str,
    },
}

/// A bearer with its newest token.
pub(super) struct Minted {
    bearer: Bearer,
    newest: Mutex<Option<(SecretString, Instant)>>,
}

impl Minted {
    pub(super) fn new(bearer: Bearer) -> Self {
        Self { bearer, newest: Mutex::new(None) }
    }

    pub(super) fn authorize(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.bearer {
            Bearer::Nobody => request,
            Bearer::Token(token) => request.bearer_auth(token.expose_secret()),
            Bearer::Service { key, name } => {
                request.bearer_auth(self.mint(key, name).expose_secret())
            }
        }
    }

    /// The newest token while at least half of its life is left, else another.
    fn mint(&self, key: &TokenKey, name: &str) -> SecretString {
        let mut newest = self.newest.lock().expect("nothing panics while this lock is held");
        if let Some((token, since)) = newest.as_ref()
            && since.elapsed() < LIFE / 2
        {
            return token.clone();
        }
        let token = key.issue(&Subject::Service { name: name.to_owned() }, LIFE);
        *newest = Some((token.clone(), Instant::now()));
        token
    }
}
