//! What can be typed: every command with its help.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use vocabulary::{
    DisplayName, EmailAddress, InstanceStatus, InvoiceId, Language, OdooVersion, OperationId,
    PlanName, Subdomain,
};

/// Sells and runs Odoo as a service: customers buy, and have an Odoo of their own seconds later.
///
/// Exit codes: 0 done; 1 failed, or `doctor` found something; 2 wrong usage or configuration;
/// 3 the platform refused; 4 the platform cannot be reached; 5 it took too long.
#[derive(Debug, Parser)]
#[command(name = "saasodoo", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command understands.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// The folder that holds all of a platform's data and keys; the client finds address and token there.
    #[arg(long, global = true, env = "SAASODOO_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// A configuration file; what it leaves out has its default.
    #[arg(long, global = true, env = "SAASODOO_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The address of the platform's gateway, when it is elsewhere.
    #[arg(long, global = true, env = "SAASODOO_URL", value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The bearer token to use there.
    #[arg(
        long,
        global = true,
        env = "SAASODOO_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    pub(crate) token: Option<String>,
    /// Answer with JSON instead of a table.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// One command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the whole platform on this machine, until Ctrl-C.
    Up(Up),
    /// Run some roles as a process of their own.
    Serve {
        /// Which roles, such as `billing-service` or `edge`; may be given several times.
        #[arg(long = "role", required = true, value_name = "NAME")]
        roles: Vec<crate::role::Role>,
    },
    /// Bring the platform's databases, roles and grants up to date.
    Migrate,
    /// Print one bearer token and nothing else.
    Token(Token),
    /// Print `export` lines for a shell: eval "$(saasodoo env --data DIR)".
    Env,
    /// Check the living system: exit code 1 and a line for each thing that falls short.
    Doctor(Doctor),
    /// Show or check the configuration.
    #[command(subcommand)]
    Config(Config),
    /// List the plans that can be bought.
    Plans,
    /// Order an instance.
    Order(OrderArgs),
    /// List instances.
    Instances {
        /// Only those in this status, such as `running`.
        #[arg(long, value_parser = parse_status)]
        status: Option<InstanceStatus>,
    },
    /// Show one instance.
    Instance(Which),
    /// Start an instance that its owner stopped.
    Start(Which),
    /// Stop an instance.
    Stop(Which),
    /// Restart an instance's Odoo.
    Restart(Which),
    /// Delete an instance with all of its data.
    Delete {
        #[command(flatten)]
        which: Which,
        /// The instance's subdomain, typed again: its data cannot be brought back.
        #[arg(long, value_name = "SUBDOMAIN")]
        confirm: String,
    },
    /// Show the administrator's first login of an instance.
    Login(Which),
    /// Show the newest lines of an instance's log.
    Logs {
        #[command(flatten)]
        which: Which,
        /// How many lines.
        #[arg(long, default_value_t = 100)]
        lines: u32,
    },
    /// Follow what happens to an instance, until Ctrl-C.
    Events(Which),
    /// Demand payment now: the instance is suspended until it is paid (staff).
    Suspend(Which),
    /// List a customer's invoices, or everybody's (staff).
    Invoices {
        /// Of which customer.
        #[arg(long, value_name = "EMAIL")]
        customer: Option<EmailAddress>,
    },
    /// Record a payment that was made elsewhere (staff).
    Pay {
        /// Which invoice.
        invoice: InvoiceId,
        /// The bank's or gateway's reference; the same one is recorded once.
        #[arg(long)]
        reference: String,
    },
    /// List the database servers (staff).
    Servers,
    /// Make one more shared pool (staff).
    ProvisionPool {
        /// How many databases it may hold.
        #[arg(long, default_value_t = 50)]
        max_instances: u32,
    },
    /// Show what is under way and what fails: step, tries, error, next try; or act on it by hand (staff).
    Operations {
        #[command(subcommand)]
        act: Option<Operation>,
    },
}

/// One operation, or the reconciling of one thing, by the id that `saasodoo operations` shows.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum Operation {
    /// Show one, with its latest errors.
    Show {
        /// Its id.
        id: OperationId,
    },
    /// Try again now what waits or is stuck; look again now at a thing.
    Retry {
        /// Its id.
        id: OperationId,
    },
    /// Stop an operation where it is: nothing more is done, forward or back.
    Cancel {
        /// Its id.
        id: OperationId,
    },
    /// Remove what an operation did so far.
    Undo {
        /// Its id.
        id: OperationId,
    },
}

/// Runs everything.
#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Where to listen.
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// The name under which instances get their subdomains, such as `localhost`.
    #[arg(long, value_name = "NAME")]
    pub(crate) base: Option<String>,
    /// Do not buy the demo instance.
    #[arg(long)]
    pub(crate) no_demo: bool,
}

/// Checks everything.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Do what is safe: have things looked at again, close what is open, remove what nobody can miss.
    #[arg(long)]
    pub(crate) fix: bool,
}

/// Whose token.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Token {
    /// A token for staff.
    #[arg(long)]
    pub(crate) staff: bool,
    /// A token for a service.
    #[arg(long, value_name = "NAME")]
    pub(crate) service: Option<String>,
    /// A token for a customer.
    #[arg(long, value_name = "EMAIL")]
    pub(crate) customer: Option<EmailAddress>,
}

/// The configuration.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum Config {
    /// Print the effective configuration, secrets masked.
    Show,
    /// Check the configuration, and say what is wrong with it.
    Check,
}

/// Orders an instance.
#[derive(Debug, Args)]
pub(crate) struct OrderArgs {
    /// Which plan; `saasodoo plans` lists them.
    #[arg(long)]
    pub(crate) plan: PlanName,
    /// Under which name it is reached.
    #[arg(long)]
    pub(crate) subdomain: Subdomain,
    /// For which customer; staff make an unknown one known.
    #[arg(long, value_name = "EMAIL")]
    pub(crate) customer: Option<EmailAddress>,
    /// The administrator's address and login; the customer's when absent.
    #[arg(long, value_name = "EMAIL")]
    pub(crate) admin_email: Option<EmailAddress>,
    /// What people call it; the subdomain when absent.
    #[arg(long)]
    pub(crate) name: Option<DisplayName>,
    /// Which Odoo.
    #[arg(long, value_name = "VERSION")]
    pub(crate) odoo_version: Option<OdooVersion>,
    /// The language, such as en_US.
    #[arg(long)]
    pub(crate) language: Option<Language>,
    /// Wait until it runs (or must be paid first), and show every step.
    #[arg(long)]
    pub(crate) wait: bool,
}

/// Which instance.
#[derive(Debug, Clone, Args)]
pub(crate) struct Which {
    /// Its subdomain or id.
    pub(crate) instance: String,
}

fn parse_status(text: &str) -> Result<InstanceStatus, String> {
    InstanceStatus::ALL.iter().copied().find(|status| status.as_str() == text).ok_or_else(|| {
        let all: Vec<_> = InstanceStatus::ALL.iter().map(|status| status.as_str()).collect();
        format!("the statuses are {}", all.join(", "))
    })
}
