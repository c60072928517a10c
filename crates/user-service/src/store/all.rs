//! What staff and services see: everybody's things.

pub(crate) mod customer;
