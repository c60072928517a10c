use api::Origin;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use vocabulary::MemberId;

use super::person::Person;

pub(crate) async fn begin(
    conn: &mut PgConnection,
    token: Uuid,
    person: &Person,
    from: Origin,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    let (member, staff) = match person {
        Person::Member { member, .. } => (Some(member.0), None),
        Person::Staff { staff } => (None, Some(staff.0)),
    };
    sqlx::query!("delete from sessions where expires_at < now()").execute(&mut *conn).await?;
    sqlx::query!(
        "insert into sessions (token_id, member_id, staff_id, origin, expires_at)
         values ($1, $2, $3, $4, $5)",
        token,
        member,
        staff,
        super::text(from),
        expires_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn end(conn: &mut PgConnection, token: Uuid) -> sqlx::Result<()> {
    sqlx::query!(
        "update sessions set ended_at = now() where token_id = $1 and ended_at is null",
        token
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn end_all(conn: &mut PgConnection, member: MemberId) -> sqlx::Result<()> {
    sqlx::query!(
        "update sessions set ended_at = now() where member_id = $1 and ended_at is null",
        member.0
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A token without a log-in (the command line makes such) has not ended.
pub(crate) async fn has_ended(conn: &mut PgConnection, token: Uuid) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from sessions where token_id = $1 and ended_at is not null) as "ended!""#,
        token
    )
    .fetch_one(conn)
    .await
}
