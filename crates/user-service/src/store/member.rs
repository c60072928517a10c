use chrono::{DateTime, Utc};
use contract::user::Profile;
use sqlx::PgConnection;
use vocabulary::{CustomerId, EmailAddress, MemberId};

/// A member, as far as registering cares.
pub(crate) struct Member {
    pub(crate) id: MemberId,
    pub(crate) email: EmailAddress,
    pub(crate) first_name: String,
    pub(crate) password_hash: Option<String>,
    pub(crate) verified_at: Option<DateTime<Utc>>,
}

/// A member that is to be.
pub(crate) struct NewMember<'a> {
    pub(crate) customer: CustomerId,
    pub(crate) member: MemberId,
    pub(crate) email: &'a EmailAddress,
    pub(crate) first_name: &'a str,
    pub(crate) last_name: &'a str,
    pub(crate) password_hash: Option<&'a str>,
}

/// Until the end of the transaction nobody else decides about this address, known or not.
pub(crate) async fn lock_email(conn: &mut PgConnection, email: &EmailAddress) -> sqlx::Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", email.as_str())
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn find_by_email_for_update(
    conn: &mut PgConnection,
    email: &EmailAddress,
) -> sqlx::Result<Option<Member>> {
    lock_email(conn, email).await?;
    sqlx::query_as!(
        Member,
        r#"select id as "id: _", email as "email: _", first_name, password_hash, verified_at
           from members where email = $1 for update"#,
        email.as_str(),
    )
    .fetch_optional(conn)
    .await
}

pub(crate) async fn insert(conn: &mut PgConnection, new: &NewMember<'_>) -> sqlx::Result<Member> {
    sqlx::query_as!(
        Member,
        r#"insert into members (id, customer_id, email, first_name, last_name, password_hash)
           values ($1, $2, $3, $4, $5, $6)
           returning id as "id: _", email as "email: _", first_name, password_hash, verified_at"#,
        new.member.0,
        new.customer.0,
        new.email.as_str(),
        new.first_name,
        new.last_name,
        new.password_hash,
    )
    .fetch_one(conn)
    .await
}

pub(crate) async fn profile(
    conn: &mut PgConnection,
    customer: CustomerId,
    member: MemberId,
) -> sqlx::Result<Option<Profile>> {
    sqlx::query_as!(
        Profile,
        r#"select m.id as "id: _", m.customer_id as "customer_id: _", c.name as company, m.email, m.first_name,
               m.last_name, m.verified_at is not null as "is_verified!", m.created_at
           from members m join customers c on c.id = m.customer_id
           where m.customer_id = $1 and m.id = $2"#,
        customer.0,
        member.0,
    )
    .fetch_optional(conn)
    .await
}

pub(crate) async fn set_names(
    conn: &mut PgConnection,
    member: MemberId,
    first_name: &str,
    last_name: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update members set first_name = $2, last_name = $3, updated_at = now() where id = $1",
        member.0,
        first_name,
        last_name,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn set_password(
    conn: &mut PgConnection,
    member: MemberId,
    hash: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update members set password_hash = $2, updated_at = now() where id = $1",
        member.0,
        hash,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The first time counts.
pub(crate) async fn set_verified(conn: &mut PgConnection, member: MemberId) -> sqlx::Result<()> {
    sqlx::query!(
        "update members set verified_at = now(), updated_at = now() where id = $1 and verified_at is null",
        member.0,
    )
    .execute(conn)
    .await?;
    Ok(())
}
