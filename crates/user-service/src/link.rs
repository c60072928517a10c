//! The links of mails: 32 random bytes, of which only the SHA-256 is kept.

use api::{ApiError, ApiResult};
use chrono::Utc;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use vocabulary::MemberId;

use crate::context::Options;
use crate::store;

/// What a link allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum Purpose {
    VerifyEmail,
    ResetPassword,
}

/// Makes the one link of this purpose that this member has from now on.
pub(crate) async fn make(
    conn: &mut PgConnection,
    options: &Options,
    member: MemberId,
    purpose: Purpose,
) -> sqlx::Result<String> {
    let mut secret = [0_u8; 32];
    rand::fill(&mut secret[..]);
    let secret = hex::encode(secret);
    let (life, address) = match purpose {
        Purpose::VerifyEmail => {
            (options.verification_life, format!("{}/auth/verify-email", options.public_url))
        }
        Purpose::ResetPassword => {
            (options.reset_life, format!("{}/reset-password", options.console_url))
        }
    };
    store::one_time_link::replace(conn, &digest(&secret), member, purpose, Utc::now() + life)
        .await?;
    Ok(format!("{address}?token={secret}"))
}

/// Whose link this is, if it holds.
pub(crate) async fn owner(
    conn: &mut PgConnection,
    secret: &str,
    purpose: Purpose,
) -> ApiResult<MemberId> {
    let refused = || ApiError::invalid("token", "this link is unknown or has expired");
    if secret.len() != 64 {
        return Err(refused());
    }
    store::one_time_link::owner(conn, &digest(secret), purpose).await?.ok_or_else(refused)
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}
