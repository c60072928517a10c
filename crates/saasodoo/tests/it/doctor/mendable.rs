//! What doctor mends.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::sickness::{Patient, Sickness};

/// The instance of an order that was lost.
const LOST: &str = "018f0000-0000-7000-8000-000000010570";

/// All of it. They do not get in each other's way.
pub(super) fn all(patient: &Patient) -> Vec<Sickness> {
    let mut all = vec![drift(patient), a_lost_order(), a_dead_end(patient)];
    all.extend(a_stop_out_of_ignorance(patient));
    all.push(an_open_key());
    all.push(a_rest());
    if is_root() {
        all.push(a_user_id_of_nobody());
    }
    all.extend(a_control_group_of_nobody(patient));
    all
}

fn nothing(_: &Patient) {}

fn is_root() -> bool {
    std::os::unix::fs::MetadataExt::uid(&fs::metadata("/proc/self").unwrap()) == 0
}

fn drift(patient: &Patient) -> Sickness {
    let acme = &patient.acme;
    let change = format!("update instances set storage_limit = '11G' where id = '{acme}'");
    Sickness::new(
        "an entitlement that is another on the two sides",
        (1, &[acme, "10G", "11G"]),
        move |patient| drop(patient.sql("instance", &change)),
        nothing,
    )
}

/// Billing holds that it was stated, and instance-service has lost it: it is carried out.
fn a_lost_order() -> Sickness {
    let order = format!(
        "insert into orders (id, instance_id, customer_id, plan_name, name, subdomain, odoo_version, admin_email,
                             placed_by, request, created_at)
         values ('{LOST}', '{LOST}', '{LOST}', 'basic-monthly', 'Lost', 'lost', '19.0', 'lost@example.com',
                 'staff', '{{}}', now()) on conflict do nothing;
         insert into entitlements (instance_id, version, acknowledged_version, standing, plan_name, db_type, cpu_limit,
                                   memory_limit, storage_limit, changed_at)
         values ('{LOST}', 1, 1, 'trial', 'basic-monthly', 'shared', 1, '2G', '10G', now()) on conflict do nothing;
         insert into billing_audit (actor, act, subject, outcome)
         values ('staff', 'order', '{LOST}', 'placed'), ('staff', 'entitle', '{LOST}', 'version 1: trial')"
    );
    Sickness::new(
        "an order without an instance",
        (1, &[LOST, "no such instance"]),
        move |patient| drop(patient.sql("billing", &order)),
        |patient| patient.platform.await_status("lost", "running"),
    )
}

/// The edge is told of an address where nobody is.
fn a_dead_end(patient: &Patient) -> Sickness {
    let acme = &patient.acme;
    let mislead = format!(
        "update instances set http_address = '127.0.0.1:9' where id = '{acme}';
         select pg_notify('instance_route', '{acme}')"
    );
    Sickness::new(
        "a route that does not lead to its Odoo",
        (5, &["the door of acme", "is running"]),
        move |patient| drop(patient.sql("instance", &mislead)),
        nothing,
    )
}

/// One act, and all that can be seen of it.
fn a_stop_out_of_ignorance(patient: &Patient) -> Vec<Sickness> {
    let palace = patient.palace.clone();
    let stop = move |patient: &Patient| {
        let unhealthy = "update database.db_servers set health_status = 'unhealthy' where server_type = 'dedicated'";
        patient.sql("database", unhealthy);
        patient.sql(
            "instance",
            &format!("update instances set status = 'stopped' where id = '{palace}'"),
        );
    };
    let palace = &*patient.palace;
    let seen = |name, invariant, says: &[&str]| {
        Sickness::new(name, (invariant, says), stop.clone(), nothing)
    };
    vec![
        seen("stopped while its server is not healthy", 3, &[palace, "not healthy"]),
        seen("stopped although it is paid", 5, &[palace, "is stopped", "should be running"]),
        seen("a process of an instance that does not run", 6, &[palace, "its instance does not"]),
    ]
}

fn an_open_key() -> Sickness {
    Sickness::new(
        "a key that is open to others",
        (6, &["keys/vault", "open to others"]),
        |patient| {
            let path = patient.platform.folder.join("keys/vault");
            fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
        },
        |patient| {
            let path = patient.platform.folder.join("keys/vault");
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        },
    )
}

fn a_rest() -> Sickness {
    let path =
        |patient: &Patient| patient.runtime().join("removing/01900000-0000-7000-8000-000000000000");
    Sickness::new(
        "something that was to be erased",
        (6, &["removing", "was to be erased"]),
        move |patient| fs::create_dir_all(path(patient).join("volume")).unwrap(),
        move |patient| assert!(!path(patient).exists()),
    )
}

fn a_user_id_of_nobody() -> Sickness {
    let file = || PathBuf::from("/var/lib/saasodoo/user-ids/1900065535");
    Sickness::new(
        "a user id that is kept for nobody",
        (6, &["1900065535", "a workload that is gone"]),
        move |patient| {
            let gone = patient.runtime().join("units/gone");
            fs::write(file(), gone.to_str().unwrap()).unwrap();
        },
        move |_| assert!(!file().exists()),
    )
}

/// Where control groups can be made here at all.
fn a_control_group_of_nobody(patient: &Patient) -> Option<Sickness> {
    let workload = format!("odoo-{}", patient.acme);
    let roots = ["/sys/fs/cgroup/memory/saasodoo", "/sys/fs/cgroup/saasodoo"].map(Path::new);
    let runtimes = roots.into_iter().filter_map(|root| fs::read_dir(root).ok()).flatten().flatten();
    let ours = runtimes.map(|entry| entry.path()).find(|path| path.join(&workload).exists())?;
    let (group, gone) = (ours.join("left-over"), ours.join("left-over"));
    Some(Sickness::new(
        "a control group that is left over",
        (6, &["left-over", "no workload's"]),
        move |_| fs::create_dir_all(&group).unwrap(),
        move |_| assert!(!gone.exists()),
    ))
}
