//! Who somebody is, as a signed token that every role verifies offline. The signing key lies in one file of
//! the platform; whoever may read that file is the platform. Tokens are short-lived and cannot be recalled:
//! what must end at once (a removed member) is asked of user-service.

mod key;
mod subject;
mod token;

pub use subject::{Claims, Subject};
pub use token::{InvalidToken, TokenKey, Verifier};
