//! How a command ends when it does not succeed: a sentence, and an exit code that means something.

use contract::client::CallError;

/// Why a command did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something failed here (1).
    Failed(anyhow::Error),
    /// `doctor` found something and has said so (1).
    Unhealthy,
    /// The usage or the configuration is wrong (2).
    Usage(String),
    /// The platform refused (3).
    Refused(String),
    /// The platform cannot be reached (4).
    Unreachable(anyhow::Error),
    /// It did not happen within the time (5).
    TookTooLong(String),
}

/// What every command returns.
pub(crate) type Outcome = Result<(), Failure>;

impl Failure {
    /// Says what went wrong and returns the exit code.
    pub(crate) fn report(&self) -> u8 {
        match self {
            Self::Failed(error) => say(&format!("{error:#}"), 1),
            Self::Unhealthy => 1,
            Self::Usage(message) => say(message, 2),
            Self::Refused(message) => say(message, 3),
            Self::Unreachable(error) => say(&format!("{error:#}"), 4),
            Self::TookTooLong(message) => say(message, 5),
        }
    }
}

fn say(message: &str, code: u8) -> u8 {
    eprintln!("saasodoo: {message}");
    code
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused { error, .. } => {
                let rules: Vec<_> =
                    error.details.iter().map(|d| format!("{}: {}", d.field, d.rule)).collect();
                let more = if rules.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", rules.join("; "))
                };
                Self::Refused(format!("{}{more}", error.message))
            }
            CallError::Unreachable(_) => Self::Unreachable(error.into()),
            CallError::TooLate => Self::TookTooLong(error.to_string()),
            CallError::Malformed(_) => Self::Failed(error.into()),
        }
    }
}
