//! How often something may be tried in 15 minutes: for an account, from a network, and for an account from a
//! network. The tries lie in the database, so that all processes share them, and they are counted before
//! anything is looked up, so that known and unknown accounts are refused alike.

use std::net::IpAddr;

use api::{ApiError, ApiResult, Origin};
use sqlx::PgConnection;
use vocabulary::EmailAddress;

use crate::context::{Context, Options};
use crate::store;

/// What may be tried only so often.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    LogIn,
    Register,
    AskForMail,
}

/// How often an act may be tried.
struct Most {
    /// For an account from a network.
    of_both: i32,
    /// For an account from everywhere: well above the one before, or anybody could lock its owner out.
    of_account: i32,
    /// From a network, whatever the account.
    of_network: i32,
}

impl Act {
    fn name(self) -> &'static str {
        match self {
            Self::LogIn => "log_in",
            Self::Register => "register",
            Self::AskForMail => "ask_for_mail",
        }
    }

    fn most(self, options: &Options) -> Most {
        let (of_both, everywhere) = match self {
            Self::LogIn => (options.login_tries, 10),
            Self::Register | Self::AskForMail => (options.mail_asks, 3),
        };
        Most { of_both, of_account: everywhere * of_both, of_network: 10 * of_both }
    }
}

/// Counts one try, and refuses it if it is one too many.
pub(crate) async fn count(
    context: &Context,
    act: Act,
    email: &EmailAddress,
    from: Origin,
) -> ApiResult<()> {
    let most = act.most(&context.options);
    let mut conn = context.pool.acquire().await?;
    // The narrowest first: a try that it refuses does not use up what others may try.
    count_one(&mut conn, act, &both(email, from), most.of_both).await?;
    count_one(&mut conn, act, &account(email), most.of_account).await?;
    if let Some(network) = network(from) {
        count_one(&mut conn, act, &network, most.of_network).await?;
    }
    Ok(store::attempt::delete_old(&mut conn).await?)
}

/// A try that has worked is no guess.
pub(crate) async fn forgive(
    conn: &mut PgConnection,
    act: Act,
    email: &EmailAddress,
    from: Origin,
) -> sqlx::Result<()> {
    store::attempt::forget(conn, act.name(), &both(email, from)).await?;
    store::attempt::forget(conn, act.name(), &account(email)).await?;
    match network(from) {
        Some(network) => store::attempt::pardon(conn, act.name(), &network).await,
        None => Ok(()),
    }
}

async fn count_one(conn: &mut PgConnection, act: Act, subject: &str, most: i32) -> ApiResult<()> {
    let counted = store::attempt::count(conn, act.name(), subject).await?;
    if counted.tries <= most {
        return Ok(());
    }
    let seconds = u32::try_from(counted.seconds_left).unwrap_or_default();
    Err(ApiError::TooManyRequests { retry_after: seconds.max(1) })
}

fn account(email: &EmailAddress) -> String {
    format!("account {email}")
}

fn both(email: &EmailAddress, from: Origin) -> String {
    format!("account {email} {}", network(from).unwrap_or_default())
}

/// Whoever has one address of IPv6 has the 2^64 beside it.
fn network(from: Origin) -> Option<String> {
    Some(match from.0?.to_canonical() {
        IpAddr::V4(address) => format!("network {address}"),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("network {a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_one_person_has_are_one_network() {
        let of = |text: &str| network(Origin(Some(text.parse().unwrap()))).unwrap();
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), "network 192.0.2.1");
    }
}
