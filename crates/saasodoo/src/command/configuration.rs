//! The configuration, as it is in effect.

use settings::Settings;

use crate::cli::{Config, Global};
use crate::failure::{Failure, Outcome};
use crate::output;

/// The settings of the file, the environment and the flags.
pub(crate) fn load(global: &Global) -> Result<Settings, Failure> {
    let mut settings = Settings::load(global.config.as_deref())
        .map_err(|error| Failure::Usage(format!("{:#}", anyhow::Error::from(error))))?;
    if let Some(data) = &global.data {
        settings.platform.data = Some(data.clone());
    }
    Ok(settings)
}

/// `saasodoo config show|check`
pub(crate) fn run(global: &Global, command: Config) -> Outcome {
    let settings = load(global)?;
    match command {
        Config::Show => Ok(output::line(settings.to_toml().trim_end())?),
        Config::Check => Ok(output::line("the configuration is good")?),
    }
}
