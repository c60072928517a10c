use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use vocabulary::MemberId;

use crate::link::Purpose;

/// Writes a link in place of the earlier ones of the same purpose.
pub(crate) async fn replace(
    conn: &mut PgConnection,
    hash: &[u8; 32],
    member: MemberId,
    purpose: Purpose,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from one_time_links where member_id = $1 and purpose = $2",
        member.0,
        purpose as Purpose,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into one_time_links (hash, member_id, purpose, expires_at) values ($1, $2, $3, $4)",
        &hash[..],
        member.0,
        purpose as Purpose,
        expires_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn owner(
    conn: &mut PgConnection,
    hash: &[u8; 32],
    purpose: Purpose,
) -> sqlx::Result<Option<MemberId>> {
    sqlx::query_scalar!(
        r#"select member_id as "id: MemberId" from one_time_links
           where hash = $1 and purpose = $2 and now() < expires_at
           for update"#,
        &hash[..],
        purpose as Purpose,
    )
    .fetch_optional(conn)
    .await
}

pub(crate) async fn delete_all(conn: &mut PgConnection, member: MemberId) -> sqlx::Result<()> {
    sqlx::query!("delete from one_time_links where member_id = $1", member.0).execute(conn).await?;
    Ok(())
}
