use sqlx::PgConnection;
use vocabulary::{CustomerId, EmailAddress, MemberId, StaffId};

/// Somebody who may log in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Person {
    Staff { staff: StaffId },
    Member { member: MemberId, customer: CustomerId, is_verified: bool },
}

/// Who has this address, with the hash of the password. Staff come first where both have it.
pub(crate) async fn find(
    conn: &mut PgConnection,
    email: &EmailAddress,
) -> sqlx::Result<Option<(Person, Option<String>)>> {
    let row = sqlx::query!(
        r#"select
               s.id as "staff?: StaffId", s.password_hash as "staff_hash?",
               m.id as "member?: MemberId", m.customer_id as "customer?: CustomerId",
               m.password_hash as "member_hash?", m.verified_at is not null as "is_verified!"
           from (select $1::text as email) a
           left join staff s on s.email = a.email
           left join members m on m.email = a.email"#,
        email.as_str(),
    )
    .fetch_one(conn)
    .await?;
    Ok(match (row.staff, row.member, row.customer) {
        (Some(staff), _, _) => Some((Person::Staff { staff }, row.staff_hash)),
        (None, Some(member), Some(customer)) => {
            let is_verified = row.is_verified;
            Some((Person::Member { member, customer, is_verified }, row.member_hash))
        }
        _ => None,
    })
}
