//! `saasodoo doctor`: what falls short on the living system.

use crate::cli::Global;
use crate::failure::{Failure, Outcome};

/// `saasodoo doctor`
pub(crate) async fn run(_global: &Global) -> Outcome {
    Err(Failure::Usage("the doctor is not in yet".to_owned()))
}
