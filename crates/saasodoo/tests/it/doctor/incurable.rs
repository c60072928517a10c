//! What doctor finds and leaves to a person, because what it is may be somebody's.

use std::fs;
use std::process::Command;

use super::sickness::{NOBODY, Patient, Sickness};
use crate::platform::wait;

/// All of it. They do not get in each other's way.
pub(super) fn all(patient: &Patient) -> Vec<Sickness> {
    let mut all = vec![strangers_on_a_server(), a_lost_database(), an_allocation_of_nobody()];
    all.extend([too_many_databases(), a_stranger_on_a_dedicated_server(patient)]);
    all.extend(an_end_that_nobody_demanded());
    all.push(an_entitlement_without_an_order());
    all.extend(secrets_in_view(patient));
    all.extend([a_folder_of_nobody(), a_process_of_nobody()]);
    all.extend(acts_without_entries(patient));
    all
}

fn strangers_on_a_server() -> Sickness {
    Sickness::new(
        "a database and a role that no row knows",
        (1, &["stray", "postgres-pool-1", "unknown"]),
        |patient| {
            patient.on_pool("create database stray");
            patient.on_pool("create role stray_user");
        },
        |patient| {
            patient.on_pool("drop database stray");
            patient.on_pool("drop role stray_user");
        },
    )
}

/// Of the allocation that nobody owns.
fn a_lost_database() -> Sickness {
    Sickness::new(
        "a row whose database is not there",
        (1, &["missing database", "postgres-pool-1"]),
        |patient| {
            an_allocation(patient);
            let name = format!(
                "select db_name from database.db_allocations where instance_id = '{NOBODY}'"
            );
            let name = patient.sql("database", &name);
            patient.on_pool(&format!("drop database if exists \"{name}\" with (force)"));
        },
        |_| {},
    )
}

fn an_allocation_of_nobody() -> Sickness {
    Sickness::new(
        "an allocation whose instance does not exist",
        (1, &[NOBODY, "has an allocation"]),
        an_allocation,
        |patient| {
            let path = format!("/database/api/database/allocations/{NOBODY}");
            assert_eq!(patient.call("DELETE", &path, None), 202);
            wait(std::time::Duration::from_secs(30), || {
                (patient.call("GET", &path, None) == 404).then_some(())
            });
        },
    )
}

fn an_allocation(patient: &Patient) {
    let body =
        format!(r#"{{"instance_id":"{NOBODY}","customer_id":"{NOBODY}","db_type":"shared"}}"#);
    assert_eq!(patient.call("POST", "/database/api/database/allocate", Some(&body)), 200);
}

fn too_many_databases() -> Sickness {
    let size = |size: u32| {
        format!(
            "update database.db_servers set max_instances = {size} where name = 'postgres-pool-1'"
        )
    };
    Sickness::new(
        "a server that holds more than it may",
        (2, &["postgres-pool-1", "of at most 1"]),
        move |patient| drop(patient.sql("database", &size(1))),
        move |patient| drop(patient.sql("database", &size(50))),
    )
}

fn a_stranger_on_a_dedicated_server(patient: &Patient) -> Sickness {
    let belongs = |whose: &str| {
        format!(
            "update database.db_servers set dedicated_to_instance_id = '{whose}' where server_type = 'dedicated'"
        )
    };
    let (nobodys, palaces) = (belongs(NOBODY), belongs(&patient.palace));
    Sickness::new(
        "a dedicated server that holds a stranger",
        (2, &["postgres-dedicated", "stranger", &patient.palace]),
        move |patient| drop(patient.sql("database", &nobodys)),
        move |patient| drop(patient.sql("database", &palaces)),
    )
}

fn an_end_that_nobody_demanded() -> [Sickness; 2] {
    let id = "018f0000-0000-7000-8000-00000000e4d0";
    let ended = format!(
        "insert into instances (id, customer_id, subscription_id, name, subdomain, odoo_version, admin_email,
                                plan_name, db_type, status)
         values ('{id}', '{id}', '{id}', 'Ended', 'ended', '19.0', 'a@example.com', 'basic-monthly', 'shared',
                 'terminated') on conflict do nothing"
    );
    let released = format!(
        "insert into database.db_allocations (id, instance_id, customer_id, db_type, state, first_ready_at)
         values ('{id}', '{id}', '{id}', 'shared', 'released', now()) on conflict do nothing"
    );
    [
        Sickness::new(
            "an instance that has ended, and nobody has demanded it",
            (4, &[id, "terminated"]),
            move |patient| drop(patient.sql("instance", &ended)),
            move |patient| {
                drop(patient.sql("instance", &format!("delete from instances where id = '{id}'")))
            },
        ),
        Sickness::new(
            "a database that was released, and nobody has demanded it",
            (4, &[id, "released"]),
            move |patient| drop(patient.sql("database", &released)),
            move |patient| {
                patient.sql(
                    "database",
                    &format!("delete from database.db_allocations where id = '{id}'"),
                );
            },
        ),
    ]
}

fn an_entitlement_without_an_order() -> Sickness {
    let id = "018f0000-0000-7000-8000-0000000f4ee0";
    let free = format!(
        "insert into instances (id, customer_id, subscription_id, name, subdomain, odoo_version, admin_email,
                                plan_name, db_type, status, status_reason, entitlement_version, standing,
                                standing_reason, cpu_limit, memory_limit, storage_limit)
         values ('{id}', '{id}', '{id}', 'Free', 'free', '19.0', 'a@example.com', 'basic-monthly', 'shared',
                 'suspended', 'unpaid', 1, 'suspended', 'unpaid', 1, '2G', '10G') on conflict do nothing"
    );
    Sickness::new(
        "an instance with an entitlement that no order explains",
        (1, &[id, "no order"]),
        move |patient| drop(patient.sql("instance", &free)),
        move |patient| {
            drop(patient.sql("instance", &format!("delete from instances where id = '{id}'")))
        },
    )
}

/// A secret of each kind, each in another kind of place.
fn secrets_in_view(patient: &Patient) -> [Sickness; 4] {
    let keys = patient.platform.folder.join("keys");
    let read = |name: &str| fs::read_to_string(keys.join(name)).unwrap();
    let service =
        read("postgres.toml").lines().next().unwrap().split('"').nth(1).unwrap().to_owned();
    let vault = read("vault").trim().split_once(':').unwrap().1.to_owned();
    let signing = read("token.key").trim().to_owned();
    let login = patient.platform.json(&["login", "acme"])["password"].as_str().unwrap().to_owned();
    let platform_log = patient.platform.folder.join("log/aside.log");
    let tenant_log =
        patient.runtime().join(format!("units/odoo-{}/output.log.aside", patient.acme));
    let (aside, tenant_aside) = (platform_log.clone(), tenant_log.clone());
    [
        Sickness::new(
            "a password of a service in the log",
            (6, &["aside.log", "a password of a service"]),
            move |_| fs::write(&platform_log, format!("it is {service}!")).unwrap(),
            move |_| fs::remove_file(&aside).unwrap(),
        ),
        Sickness::new(
            "an administrator's password in a tenant's log",
            (6, &["output.log.aside", "a password of an instance"]),
            move |_| fs::write(&tenant_log, format!("it is {login}!")).unwrap(),
            move |_| fs::remove_file(&tenant_aside).unwrap(),
        ),
        Sickness::new(
            "a key of the vault in an environment",
            (6, &["environ of process", "a key of the vault"]),
            move |patient| patient.start(Command::new("sleep").arg("600").env("KEY", &vault)),
            Patient::end_processes,
        ),
        Sickness::new(
            "the signing key in an argument",
            (6, &["cmdline of process", "the key that signs"]),
            move |patient| patient.start(Command::new("sh").args(["-c", "sleep 600; :", &signing])),
            Patient::end_processes,
        ),
    ]
}

const STRANGER: &str = "odoo-018f0000-0000-7000-8000-00000000beef";

fn a_folder_of_nobody() -> Sickness {
    Sickness::new(
        "the folder of a workload that no row wants",
        (6, &[STRANGER, "no row wants it"]),
        |patient| {
            fs::create_dir_all(patient.runtime().join("units").join(STRANGER).join("volume"))
                .unwrap()
        },
        |patient| fs::remove_dir_all(patient.runtime().join("units").join(STRANGER)).unwrap(),
    )
}

fn a_process_of_nobody() -> Sickness {
    Sickness::new(
        "a process of a workload that does not run",
        (6, &["the process", "bwrap"]),
        |patient| {
            let folder = patient.runtime().join("units").join(STRANGER);
            let mut command = Command::new("bwrap");
            command.args(["--ro-bind", "/", "/", "--ro-bind"]).arg(folder).arg("/mnt");
            patient.start(command.args(["--die-with-parent", "sleep", "600"]));
        },
        Patient::end_processes,
    )
}

/// One for each kind of act.
fn acts_without_entries(patient: &Patient) -> Vec<Sickness> {
    let hide = |service: &'static str,
                table: &str,
                column: &str,
                says: &[&str],
                name: &'static str| {
        let hide = format!(
            "update {table} set {column} = 'hidden ' || {column} where {column} not like 'hidden %'"
        );
        let show = format!(
            "update {table} set {column} = substr({column}, 8) where {column} like 'hidden %'"
        );
        Sickness::new(
            name,
            (7, says),
            move |patient| drop(patient.sql(service, &hide)),
            move |patient| drop(patient.sql(service, &show)),
        )
    };
    let (acme, palace) = (&*patient.acme, &*patient.palace);
    let of_billing = |says: &[&str], name| hide("billing", "billing_audit", "act", says, name);
    let of_instance = |says: &[&str], name| hide("instance", "instance_audit", "act", says, name);
    let of_database =
        |says: &[&str], name| hide("database", "database.db_audit", "action", says, name);
    let of_user = |says: &[&str], name| hide("user", "user_audit", "action", says, name);
    vec![
        of_billing(&[acme, "was ordered"], "an order"),
        of_billing(&[acme, "stands as active"], "a change of standing"),
        of_billing(&["invoice", "was paid"], "a payment"),
        of_instance(&[palace, "`create`"], "an instance that was made"),
        of_instance(&[acme, "is running", "since when"], "a start"),
        of_database(&[acme, "`allocate`"], "an allocation"),
        of_database(&["postgres-pool-1", "`make_server`"], "a server"),
        of_user(&["customer"], "a customer"),
        of_user(&["staff staff@example.com"], "a member of staff"),
        of_user(&["log-in"], "a log-in"),
    ]
}
