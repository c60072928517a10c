//! The operator's people.

use anyhow::Context as _;
use api::Origin;
use secrecy::SecretString;
use vocabulary::{EmailAddress, StaffId};

use crate::context::Context;
use crate::store::audit::Entry;
use crate::{password, store};

/// Makes one staff account if there is none at all, and returns its password: the only time that anybody sees
/// it. Of several processes that start at once, one makes it.
///
/// # Errors
/// The database does not serve.
pub async fn ensure_first_staff(
    context: &Context,
    email: &EmailAddress,
) -> anyhow::Result<Option<SecretString>> {
    let password = password::generate();
    let mut conn = context.pool.acquire().await?;
    if store::staff::exists(&mut conn).await? {
        return Ok(None);
    }
    drop(conn);
    let hash = context.hasher.hash(password.clone()).await.context("hashing a password")?;

    let mut tx = context.pool.begin().await?;
    let staff = StaffId::new();
    if !store::staff::insert_first(&mut tx, staff, email, &hash).await? {
        return Ok(None);
    }
    let subject = format!("staff {email}");
    let (actor, action, from) = ("the first start", "make_staff", Origin(None));
    let entry = Entry { actor, action, subject: &subject, from, outcome: "done" };
    store::audit::write(&mut tx, &entry).await?;
    tx.commit().await?;
    Ok(Some(password))
}
