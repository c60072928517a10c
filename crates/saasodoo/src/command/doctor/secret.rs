//! Invariant 6: nothing secret that the platform knows stands in a log, in the arguments of a process or in an environment.
//! All secrets are looked for at once, so that a machine with many tenants takes no longer than its logs are long.

use std::fs::File;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use anyhow::Context as _;
use platform::{Credentials, Databases, Role};
use runtime_local::Examination;
use secrecy::{ExposeSecret, SecretString};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use vault::Vault;

use super::patient::Home;
use super::report::{Finding, Report};

/// Shorter ones would be found everywhere by chance.
const SHORTEST: usize = 12;

/// Looks for every secret in every log, and in what every process shows of itself.
pub(super) async fn examine(
    home: &Home,
    seen: Examination,
    report: &mut Report,
) -> anyhow::Result<()> {
    let secrets = known(home).await?;
    let mut files = seen.logs;
    files.extend(files_in(&home.data.path().join("log")));
    let count = secrets.len();
    let search = move || Search::new(secrets).map(|search| search.everywhere(files));
    let shown = tokio::task::spawn_blocking(search).await.context("looking for secrets")??;
    if shown.is_empty() {
        report.note(format!("none of {count} secrets is in a log, an argument or an environment"));
    }
    for (place, kind) in shown {
        let wrong = format!("shows {kind}");
        report.find(Finding::new(6, place, &wrong, advice(kind)));
    }
    Ok(())
}

/// What kind of secret it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Service,
    Signing,
    Vault,
    Database,
    Instance,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Service => "a password of a service",
            Self::Signing => "the key that signs tokens",
            Self::Vault => "a key of the vault",
            Self::Database => "a password of a database or of a server",
            Self::Instance => "a password of an instance",
        })
    }
}

fn advice(kind: Kind) -> &'static str {
    match kind {
        Kind::Service => {
            "change it: remove keys/postgres.toml and restart; then remove what shows it"
        }
        Kind::Signing => "change it: remove keys/token.key and restart, which ends every log-in",
        Kind::Vault => {
            "add a new last line to keys/vault and restart; then remove what shows the old one"
        }
        Kind::Database => {
            "change it: `POST /api/database/allocations/{id}/rotate`; then remove what shows it"
        }
        Kind::Instance => "its administrator should choose another; then remove what shows it",
    }
}

/// Everything secret that can be opened with the keys of this data folder.
async fn known(home: &Home) -> anyhow::Result<Vec<(Kind, SecretString)>> {
    let settings = &home.settings;
    let credentials = Credentials::load_or_create(&existing(settings.credentials_file()?)?)?;
    let vault_file = existing(settings.vault_key_file()?)?;
    let vault = Vault::load_or_create(&vault_file)?;
    let mut secrets = vec![(Kind::Service, credentials.superuser().clone())];
    secrets.extend(Role::ALL.map(|role| (Kind::Service, credentials.password(role).clone())));
    secrets.push((Kind::Signing, text(&settings.token_key_file()?)?.trim().into()));
    let keys = text(&vault_file)?;
    let keys = keys.lines().filter_map(|line| line.split_once(':'));
    secrets.extend(keys.map(|(_, key)| (Kind::Vault, SecretString::from(key.trim()))));
    let pool = pool(home, &credentials, Role::DatabaseService)?;
    let databases = database_service::secrets(&pool, &vault).await?;
    pool.close().await;
    secrets.extend(databases.into_iter().map(|secret| (Kind::Database, secret)));
    let pool = self::pool(home, &credentials, Role::InstanceService)?;
    let instances = instance_service::secrets(&pool, &vault).await?;
    pool.close().await;
    secrets.extend(instances.into_iter().map(|secret| (Kind::Instance, secret)));
    Ok(secrets)
}

/// Doctor makes no keys: a file that is missing is a finding.
fn existing(path: PathBuf) -> anyhow::Result<PathBuf> {
    anyhow::ensure!(path.exists(), "{} is missing", path.display());
    Ok(path)
}

fn text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

fn pool(home: &Home, credentials: &Credentials, role: Role) -> anyhow::Result<PgPool> {
    let whereabouts = home.data.whereabouts()?;
    let server = PgConnectOptions::new_without_pgpass()
        .host(&whereabouts.postgres_host)
        .port(whereabouts.postgres_port);
    // The private server is on this machine's loopback address.
    let server = match home.settings.postgres.address {
        Some(_) => server,
        None => server.ssl_mode(PgSslMode::Disable),
    };
    let databases = Databases::default();
    Ok(platform::pool(platform::connect_options(&server, credentials, &databases, role), 1))
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect()
}

/// Looks for all secrets at once.
struct Search {
    finder: AhoCorasick,
    kinds: Vec<Kind>,
}

impl Search {
    fn new(mut secrets: Vec<(Kind, SecretString)>) -> anyhow::Result<Self> {
        secrets.retain(|(_, secret)| SHORTEST <= secret.expose_secret().len());
        let finder = AhoCorasick::new(secrets.iter().map(|(_, secret)| secret.expose_secret()))?;
        Ok(Self { finder, kinds: secrets.into_iter().map(|(kind, _)| kind).collect() })
    }

    /// The places that show something, each with what.
    fn everywhere(&self, logs: Vec<PathBuf>) -> Vec<(String, Kind)> {
        let logs = logs.into_iter().map(|path| (path.display().to_string(), path));
        let processes =
            std::fs::read_dir("/proc").into_iter().flatten().flatten().flat_map(|entry| {
                ["cmdline", "environ"].map(|file| {
                    let place = format!("{file} of process {}", entry.file_name().display());
                    (place, entry.path().join(file))
                })
            });
        logs.chain(processes)
            .filter_map(|(place, path)| Some((place, self.shown_in(&path)?)))
            .collect()
    }

    /// What cannot be read, or is gone, shows nothing.
    fn shown_in(&self, path: &Path) -> Option<Kind> {
        let file = File::open(path).ok()?;
        let found = self.finder.stream_find_iter(file).next()?.ok()?;
        Some(self.kinds[found.pattern().as_usize()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_wherever_it_stands() {
        let folder = tempfile::tempdir().unwrap();
        let (quiet, telling) = (folder.path().join("quiet"), folder.path().join("telling"));
        std::fs::write(&quiet, "x".repeat(200_000)).unwrap();
        std::fs::write(&telling, format!("{}a-long-secret-2{}", "y".repeat(65_530), "z")).unwrap();
        let secrets = vec![
            (Kind::Service, "a-long-secret-1".into()),
            (Kind::Vault, "a-long-secret-2".into()),
            (Kind::Vault, "xx".into()),
        ];
        let search = Search::new(secrets).unwrap();
        assert_eq!(search.shown_in(&quiet), None);
        assert_eq!(search.shown_in(&telling), Some(Kind::Vault));
        assert_eq!(search.shown_in(&folder.path().join("gone")), None);
    }
}
