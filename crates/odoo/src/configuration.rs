//! Odoo's configuration file.

use std::fmt::Write as _;

use runtime::{DatabaseAddress, Limits, OdooJob, OdooServer};
use secrecy::{ExposeSecret, SecretString};

const MEBIBYTE: u64 = 1024 * 1024;
/// Odoo compares its limits with *virtual* memory, of which an idle process has some hundred MiB, so
/// small plans get these. The wall that counts is the runtime's.
const LEAST_SOFT_LIMIT: u64 = 1536 * MEBIBYTE;
const LEAST_HARD_LIMIT: u64 = 2048 * MEBIBYTE;

/// Where an Odoo listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// The address to bind.
    pub interface: String,
    /// Port of pages and the API.
    pub http: u16,
    /// Port of websockets, used when there are workers.
    pub websocket: u16,
}

impl Listen {
    /// The upstream image's contract: every interface of a container of its own, 8069 and 8072.
    #[must_use]
    pub fn everywhere() -> Self {
        Self { interface: "0.0.0.0".into(), http: 8069, websocket: 8072 }
    }

    /// On the loopback address of a machine that is shared with others.
    #[must_use]
    pub fn loopback(http: u16, websocket: u16) -> Self {
        Self { interface: "127.0.0.1".into(), http, websocket }
    }
}

/// Where things are inside of an image or a sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The volume: filestore and sessions.
    pub data: String,
    /// Folders of add-ons beside Odoo's own.
    pub addons: Vec<String>,
}

impl Default for Paths {
    fn default() -> Self {
        Self { data: "/var/lib/odoo".into(), addons: Vec::new() }
    }
}

/// The configuration file of one tenant's Odoo. It holds credentials, so it is a secret as a whole.
#[must_use]
pub fn render_config(server: &OdooServer, listen: &Listen, paths: &Paths) -> SecretString {
    let mut file = ConfigFile::new();
    file.database(&server.database);
    file.set("admin_passwd", server.master_password.expose_secret());
    file.set("http_interface", &listen.interface);
    file.set("http_port", listen.http);
    file.set("gevent_port", listen.websocket);
    file.set("proxy_mode", "True");
    file.set("workers", server.workers);
    file.set("max_cron_threads", 1);
    // A threaded server derives its number of threads from this; workers count their own connections.
    file.set("db_maxconn", if server.workers == 0 { 16 } else { 4 });
    file.limits(&server.limits);
    file.paths(paths);
    file.finish()
}

/// The configuration file of a job: it serves nobody, and cron has no part in it.
#[must_use]
pub fn render_job_config(job: &OdooJob, paths: &Paths) -> SecretString {
    let mut file = ConfigFile::new();
    file.database(&job.database);
    file.set("admin_passwd", "disabled");
    file.set("http_interface", "127.0.0.1");
    file.set("http_enable", "False");
    file.set("workers", 0);
    file.set("max_cron_threads", 0);
    file.set("db_maxconn", 4);
    file.limits(&job.limits);
    file.paths(paths);
    file.finish()
}

struct ConfigFile(String);

impl ConfigFile {
    fn new() -> Self {
        Self("[options]\n".into())
    }

    fn set(&mut self, key: &str, value: impl ToString) {
        // A line break in a value would be a second option.
        let value = value.to_string().replace(['\n', '\r'], " ");
        writeln!(self.0, "{key} = {value}").expect("writing to a string cannot fail");
    }

    fn database(&mut self, database: &DatabaseAddress) {
        self.set("db_host", &database.host);
        self.set("db_port", database.port);
        self.set("db_user", &database.user);
        self.set("db_password", database.password.expose_secret());
        self.set("db_name", &database.name);
        self.set("dbfilter", format!("^{}$", escape(&database.name)));
        self.set("list_db", "False");
        self.set("with_demo", "False");
    }

    fn limits(&mut self, limits: &Limits) {
        let memory = limits.memory.bytes();
        self.set("limit_memory_soft", (memory / 4 * 3).max(LEAST_SOFT_LIMIT));
        self.set("limit_memory_hard", memory.max(LEAST_HARD_LIMIT));
        self.set("limit_time_cpu", 600);
        self.set("limit_time_real", 1200);
    }

    fn paths(&mut self, paths: &Paths) {
        self.set("data_dir", &paths.data);
        if !paths.addons.is_empty() {
            self.set("addons_path", paths.addons.join(","));
        }
    }

    fn finish(self) -> SecretString {
        self.0.into()
    }
}

/// The name as a regular expression that matches it and nothing else.
fn escape(name: &str) -> String {
    let mut pattern = String::with_capacity(name.len());
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server() -> OdooServer {
        OdooServer {
            version: "19.0".parse().unwrap(),
            database: DatabaseAddress {
                host: "127.0.0.1".into(),
                port: 5432,
                name: "odoo_1.x".into(),
                user: "role".into(),
                password: "pa%ss\nlist_db = True".into(),
            },
            master_password: "master".into(),
            workers: 0,
            limits: Limits {
                cpu: rust_decimal::Decimal::ONE.try_into().unwrap(),
                memory: "2G".parse().unwrap(),
            },
            restart_generation: 0,
        }
    }

    #[test]
    fn a_configuration_serves_one_database_and_lists_none() {
        let text = render_config(&server(), &Listen::everywhere(), &Paths::default());
        insta::assert_snapshot!(text.expose_secret(), @r"
        [options]
        db_host = 127.0.0.1
        db_port = 5432
        db_user = role
        db_password = pa%ss list_db = True
        db_name = odoo_1.x
        dbfilter = ^odoo_1\.x$
        list_db = False
        with_demo = False
        admin_passwd = master
        http_interface = 0.0.0.0
        http_port = 8069
        gevent_port = 8072
        proxy_mode = True
        workers = 0
        max_cron_threads = 1
        db_maxconn = 16
        limit_memory_soft = 1610612736
        limit_memory_hard = 2147483648
        limit_time_cpu = 600
        limit_time_real = 1200
        data_dir = /var/lib/odoo
        ");
    }
}
