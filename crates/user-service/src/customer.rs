//! Customers, as staff and services see them.

use api::{ApiError, ApiResult, Origin, Staff};
use contract::user::{ChangeProfile, Customer, Customers, CustomersQuery, EnsureCustomer, Profile};
use vocabulary::{CustomerId, DisplayName, MemberId};

use crate::context::Context;
use crate::store;
use crate::store::audit::Entry;
use crate::store::member::NewMember;

const PAGE: i64 = 50;

/// Makes sure that there is a customer with this address. Its member has no password: it chooses one by mail.
pub(crate) async fn ensure(
    context: &Context,
    staff: &Staff,
    request: &EnsureCustomer,
    from: Origin,
) -> ApiResult<Customer> {
    let mut tx = context.pool.begin().await?;
    store::member::lock_email(&mut tx, &request.email).await?;
    if let Some(known) = store::all::customer::find_by_email(&mut tx, &request.email).await? {
        return Ok(known);
    }
    let new = NewMember {
        customer: CustomerId::new(),
        member: MemberId::new(),
        email: &request.email,
        first_name: "",
        last_name: "",
        password_hash: None,
    };
    let name = request.company.as_ref().map_or(request.email.as_str(), DisplayName::as_str);
    store::customer::insert(&mut tx, new.customer, name).await?;
    store::member::insert(&mut tx, &new).await?;
    let (actor, subject) = (staff.to_string(), format!("customer {}", new.customer));
    let action = "make_customer";
    let entry = Entry { actor: &actor, action, subject: &subject, from, outcome: "done" };
    store::audit::write(&mut tx, &entry).await?;
    let customer = store::all::customer::find(&mut tx, new.customer).await?;
    tx.commit().await?;
    customer.ok_or(ApiError::NotFound)
}

/// Customers, newest first.
pub(crate) async fn list(context: &Context, query: &CustomersQuery) -> ApiResult<Customers> {
    let mut conn = context.pool.acquire().await?;
    if let Some(email) = &query.email {
        let customers = store::all::customer::find_by_email(&mut conn, email).await?;
        return Ok(Customers { customers: customers.into_iter().collect(), next: None });
    }
    let customers = store::all::customer::list(&mut conn, query.after, PAGE).await?;
    let is_full = usize::try_from(PAGE).is_ok_and(|page| page == customers.len());
    let next = if is_full { customers.last().map(|customer| customer.id) } else { None };
    Ok(Customers { customers, next })
}

/// One customer.
pub(crate) async fn find(context: &Context, id: CustomerId) -> ApiResult<Customer> {
    let mut conn = context.pool.acquire().await?;
    store::all::customer::find(&mut conn, id).await?.ok_or(ApiError::NotFound)
}

/// One's own profile.
pub(crate) async fn profile(context: &Context, me: &api::Customer) -> ApiResult<Profile> {
    let mut conn = context.pool.acquire().await?;
    store::member::profile(&mut conn, me.customer, me.member).await?.ok_or(ApiError::NotFound)
}

/// Changes one's own profile.
pub(crate) async fn change_profile(
    context: &Context,
    me: &api::Customer,
    request: &ChangeProfile,
    from: Origin,
) -> ApiResult<Profile> {
    let mut tx = context.pool.begin().await?;
    let (first_name, last_name) = (request.first_name.as_str(), request.last_name.as_str());
    store::member::set_names(&mut tx, me.member, first_name, last_name).await?;
    let (actor, subject) = (me.to_string(), format!("member {}", me.member));
    let action = "change_profile";
    let entry = Entry { actor: &actor, action, subject: &subject, from, outcome: "done" };
    store::audit::write(&mut tx, &entry).await?;
    let profile = store::member::profile(&mut tx, me.customer, me.member).await?;
    tx.commit().await?;
    profile.ok_or(ApiError::NotFound)
}
