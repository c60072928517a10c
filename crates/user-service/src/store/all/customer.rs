use contract::user::Customer;
use sqlx::PgConnection;
use uuid::Uuid;
use vocabulary::{CustomerId, EmailAddress};

pub(crate) async fn find(
    conn: &mut PgConnection,
    id: CustomerId,
) -> sqlx::Result<Option<Customer>> {
    sqlx::query_as!(
        Customer,
        r#"select c.id as "id: _", c.name, m.id as "member_id: _", m.email, c.created_at
           from customers c
           join lateral (select id, email from members where customer_id = c.id order by id limit 1) m on true
           where c.id = $1"#,
        id.0,
    )
    .fetch_optional(conn)
    .await
}

pub(crate) async fn find_by_email(
    conn: &mut PgConnection,
    email: &EmailAddress,
) -> sqlx::Result<Option<Customer>> {
    sqlx::query_as!(
        Customer,
        r#"select c.id as "id: _", c.name, m.id as "member_id: _", m.email, c.created_at
           from members m join customers c on c.id = m.customer_id
           where m.email = $1"#,
        email.as_str(),
    )
    .fetch_optional(conn)
    .await
}

/// Newest first, those that are older than `after`.
pub(crate) async fn list(
    conn: &mut PgConnection,
    after: Option<CustomerId>,
    limit: i64,
) -> sqlx::Result<Vec<Customer>> {
    sqlx::query_as!(
        Customer,
        r#"select c.id as "id: _", c.name, m.id as "member_id: _", m.email, c.created_at
           from customers c
           join lateral (select id, email from members where customer_id = c.id order by id limit 1) m on true
           where $1::uuid is null or c.id < $1
           order by c.id desc
           limit $2"#,
        after.map(|id| id.0) as Option<Uuid>,
        limit,
    )
    .fetch_all(conn)
    .await
}
