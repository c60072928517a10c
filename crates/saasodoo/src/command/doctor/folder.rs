//! What the data folder, the processes and the log show.

use std::os::unix::fs::PermissionsExt;

use platform::{Credentials, Role};
use secrecy::ExposeSecret;

use super::Report;
use crate::cli::Global;
use crate::command::configuration;
use crate::data_folder::DataFolder;
use crate::failure::Failure;

/// Examines this machine.
pub(super) fn examine(
    data: &DataFolder,
    global: &Global,
    report: &mut Report,
) -> Result<(), Failure> {
    let settings = configuration::load(global)?;
    let credentials = Credentials::load_or_create(&settings.credentials_file()?)?;
    keys(data, report)?;
    secrets(data, &credentials, report)?;
    let walls = data.whereabouts()?.walls;
    for wall in walls.standing {
        report.note(wall);
    }
    for wall in walls.missing {
        report.note(format!("a wall is missing here: {wall}"));
    }
    Ok(())
}

/// Invariant 6: keys are their owner's only.
fn keys(data: &DataFolder, report: &mut Report) -> Result<(), Failure> {
    for entry in std::fs::read_dir(data.keys())? {
        let entry = entry?;
        if entry.metadata()?.permissions().mode() & 0o077 != 0 {
            let finding = format!("others can read {}", entry.path().display());
            report.find(6, finding, "chmod 600 it, and think about who has read it");
        }
    }
    Ok(())
}

/// Invariant 6: no secret in the log, in arguments or environments.
fn secrets(
    data: &DataFolder,
    credentials: &Credentials,
    report: &mut Report,
) -> Result<(), Failure> {
    let mut secrets: Vec<_> = Role::ALL.iter().map(|role| credentials.password(*role)).collect();
    secrets.push(credentials.superuser());
    let shows = |text: &str| secrets.iter().any(|secret| text.contains(secret.expose_secret()));
    let log = std::fs::read(data.log()).unwrap_or_default();
    let mut places = vec![("the log".to_owned(), log)];
    for entry in std::fs::read_dir("/proc")?.flatten() {
        for file in ["cmdline", "environ"] {
            // Processes end while we look.
            let text = std::fs::read(entry.path().join(file)).unwrap_or_default();
            places.push((format!("{file} of process {}", entry.file_name().display()), text));
        }
    }
    let shown: Vec<_> = places
        .into_iter()
        .filter(|(_, text)| shows(&String::from_utf8_lossy(text)))
        .map(|(place, _)| place)
        .collect();
    if shown.is_empty() {
        report.note("no password of a service is in the log, in arguments or environments");
    }
    for place in shown {
        report.find(
            6,
            format!("a password of a service is in {place}"),
            "change it: remove keys/postgres.toml and restart",
        );
    }
    Ok(())
}
