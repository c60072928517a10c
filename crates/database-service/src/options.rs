//! What an operator may set of this service.

use std::path::{Path, PathBuf};
use std::time::Duration;

use vocabulary::{CpuLimit, MemorySize, OdooVersion};

/// The options of this service and its worker.
#[derive(Debug, Clone)]
pub struct Options {
    /// Slots that the planner keeps free, also while a pool is being made.
    pub free_slots_low: u32,
    /// How many databases a pool holds that the planner makes.
    pub pool_size: u32,
    /// What a pool may use.
    pub pool_limits: runtime::Limits,
    /// What a dedicated server may use when its order does not say.
    pub dedicated_limits: runtime::Limits,
    /// Clones that are kept ready for each template on each shared server.
    pub stock: u32,
    /// The templates on offer.
    pub templates: Vec<TemplateOffer>,
    /// What a job that builds a template may use.
    pub build_limits: runtime::Limits,
    /// The bounds of every tenant's role.
    pub tenant: TenantLimits,
    /// The folder of `pg_dump` and `pg_restore`.
    pub programs: PathBuf,
    /// Time between two looks at the health of the servers.
    pub health_every: Duration,
    /// How long one look at one server may take.
    pub health_deadline: Duration,
    /// How long a server may take to answer for the first time before its status says `error`.
    pub server_patience: Duration,
    /// How long an allocation waits for its server's golden database before it gets an empty one.
    pub golden_patience: Duration,
    /// How long a request waits for its database before it answers `provisioning`.
    pub answer_within: Duration,
}

/// One template on offer.
#[derive(Debug, Clone)]
pub struct TemplateOffer {
    /// Its name, such as `odoo-19.0`.
    pub name: String,
    /// The Odoo that initialises it.
    pub version: OdooVersion,
    /// What is installed in it, `base` at least.
    pub modules: Vec<String>,
}

/// What bounds a tenant's role on a server that it shares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantLimits {
    /// Connections at a time.
    pub connections: u32,
    /// The longest statement.
    pub statement_timeout: Duration,
    /// The longest a transaction may do nothing.
    pub idle_in_transaction_timeout: Duration,
    /// The longest transaction, however busy: while it lasts, nothing that is deleted on its server can be cleared away.
    pub transaction_timeout: Duration,
    /// Temporary files of one session.
    pub temporary_files: MemorySize,
}

impl TenantLimits {
    /// The settings of a role, sorted, as `pg_db_role_setting` keeps them.
    #[must_use]
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            (
                "idle_in_transaction_session_timeout",
                self.idle_in_transaction_timeout.as_millis().to_string(),
            ),
            ("statement_timeout", self.statement_timeout.as_millis().to_string()),
            ("temp_file_limit", (self.temporary_files.mebibytes() * 1024).to_string()),
        ]
    }
}

impl Options {
    /// The offer of this name.
    #[must_use]
    pub fn template(&self, name: &str) -> Option<&TemplateOffer> {
        self.templates.iter().find(|offer| offer.name == name)
    }

    /// Connections of a server for so many databases: ten for each, and some for the platform.
    #[must_use]
    pub fn connections_for(&self, databases: u32) -> u32 {
        (30 + 10 * databases).clamp(60, 2000)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            free_slots_low: 5,
            pool_size: 50,
            pool_limits: limits("2", "4G"),
            dedicated_limits: limits("4", "8G"),
            stock: 3,
            templates: vec![TemplateOffer {
                name: "odoo-19.0".to_owned(),
                version: "19.0".parse().expect("19.0 is on offer"),
                modules: vec!["base".to_owned(), "web".to_owned()],
            }],
            build_limits: limits("2", "2G"),
            tenant: TenantLimits {
                connections: 32,
                statement_timeout: Duration::from_mins(15),
                idle_in_transaction_timeout: Duration::from_mins(10),
                transaction_timeout: Duration::from_hours(4),
                temporary_files: size("2G"),
            },
            programs: newest_programs(Path::new("/usr/lib/postgresql")),
            health_every: Duration::from_secs(30),
            health_deadline: Duration::from_secs(4),
            server_patience: Duration::from_mins(3),
            golden_patience: Duration::from_mins(1),
            answer_within: Duration::from_secs(20),
        }
    }
}

/// The programs of the newest PostgreSQL under Debian's folder of versions: they read every older server too.
fn newest_programs(versions: &Path) -> PathBuf {
    let newest = std::fs::read_dir(versions)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|version| versions.join(version.to_string()).join("bin/pg_dump").exists())
        .max();
    newest.map_or_else(|| "/usr/bin".into(), |version| versions.join(format!("{version}/bin")))
}

fn limits(cores: &str, memory: &str) -> runtime::Limits {
    let cores: rust_decimal::Decimal = cores.parse().expect("a default is a number");
    runtime::Limits {
        cpu: CpuLimit::try_from(cores).expect("a default is within bounds"),
        memory: size(memory),
    }
}

fn size(text: &str) -> MemorySize {
    text.parse().expect("a default is a size")
}
