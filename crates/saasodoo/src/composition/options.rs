//! From the operator's settings to each role's options.

use contract::client::{Client, InstanceClient};
use runtime_local::LocalOptions;
use settings::{Limits, Settings};

use crate::data_folder::DataFolder;

/// The local runtime's options, for a data folder.
pub(crate) fn runtime(settings: &Settings, data: &DataFolder) -> anyhow::Result<LocalOptions> {
    let local = &settings.runtime.local;
    let mut options = LocalOptions::new(data.runtime(), settings.root_file_systems()?);
    options.user_ids = local.user_ids.numbers();
    options.ports = local.ports.numbers();
    options.reservations.clone_from(&local.reservations);
    if let Some(programs) = &local.postgres_programs {
        options.postgres_programs.clone_from(programs);
    }
    Ok(options)
}

/// user-service's options.
pub(crate) fn user(settings: &Settings) -> user_service::Options {
    let user = &settings.user;
    user_service::Options {
        public_url: format!("{}/user", settings.platform.url("api")),
        console_url: settings.platform.url("app"),
        session_life: user.session_life,
        verification_life: user.verification_life,
        reset_life: user.reset_life,
        hashes_at_once: user.hashes_at_once,
        login_tries: user.login_tries,
        mail_asks: user.mail_asks,
    }
}

/// billing-service's options.
pub(crate) fn billing(settings: &Settings) -> billing_service::Options {
    let billing = &settings.billing;
    billing_service::Options {
        plans: billing.plans.clone(),
        dunning: billing_engine::Dunning {
            warning: billing.warning_after_days,
            blocked: billing.blocked_after_days,
            cancellation: billing.cancelled_after_days,
        },
    }
}

/// instance-service's options.
pub(crate) fn instance(settings: &Settings) -> instance_service::Options {
    let instance = &settings.instance;
    let platform = &settings.platform;
    instance_service::Options {
        public: instance_service::PublicAddress {
            scheme: platform.public_scheme.as_str().to_owned(),
            base: platform.base.clone(),
            port: platform.port_in_addresses(),
        },
        look_every: instance.look_every,
        looks: instance.looks,
        reserve_for: instance.reserve_for,
        start_patience: instance.start_patience,
        probe_within: instance.probe_within,
        look_again: instance.look_again,
        install_deadline: instance.install_deadline,
        concurrency: instance.concurrency,
    }
}

/// database-service's options.
pub(crate) fn database(settings: &Settings) -> database_service::Options {
    let database = &settings.database;
    let tenant = &database.tenant;
    let mut options = database_service::Options {
        free_slots_low: database.free_slots_low,
        pool_size: database.pool_size,
        pool_limits: limits(database.pool),
        dedicated_limits: limits(database.dedicated),
        stock: database.stock_per_server,
        templates: database.templates.iter().map(template).collect(),
        build_limits: limits(database.build),
        tenant: database_service::TenantLimits {
            connections: tenant.connections,
            statement_timeout: tenant.statement_timeout,
            idle_in_transaction_timeout: tenant.idle_in_transaction_timeout,
            transaction_timeout: tenant.transaction_timeout,
            temporary_files: tenant.temporary_files,
        },
        health_every: database.health_every,
        health_deadline: database.health_deadline,
        server_patience: database.server_patience,
        golden_patience: database.golden_patience,
        answer_within: database.answer_within,
        ..database_service::Options::default()
    };
    if let Some(programs) = &settings.runtime.local.postgres_programs {
        options.programs.clone_from(programs);
    }
    options
}

fn limits(limits: Limits) -> runtime::Limits {
    runtime::Limits { cpu: limits.cpu, memory: limits.memory }
}

fn template(template: &settings::Template) -> database_service::TemplateOffer {
    database_service::TemplateOffer {
        name: template.name.clone(),
        version: template.odoo_version.clone(),
        modules: template.modules.clone(),
    }
}

/// The edge's options.
pub(crate) fn edge(settings: &Settings, client: impl Fn(&str) -> Client) -> edge::Options {
    let services = &settings.services;
    edge::Options {
        listen: settings.platform.listen,
        base: settings.platform.base.clone(),
        scheme: settings.platform.public_scheme.as_str(),
        upstreams: edge::Upstreams {
            user: services.user.url.clone(),
            instance: services.instance.url.clone(),
            billing: services.billing.url.clone(),
            database: services.database.url.clone(),
            notification: services.notification.url.clone(),
            console: services.console.url.clone(),
        },
        routes: InstanceClient(client(&services.instance.url)),
        threads: settings.edge.threads,
        limits: edge::Limits::default(),
    }
}
