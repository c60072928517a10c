//! An Odoo: its configuration file and its sandbox, for a server and for a job.

use std::path::PathBuf;

use anyhow::ensure;
use secrecy::{ExposeSecret as _, SecretString};
use vocabulary::OdooVersion;

use crate::file;
use crate::place::Place;
use crate::sandbox::{Root, Sandbox, accounts};
use crate::unit::Unit;
use crate::user_id::Owner;

const HOME: &str = "/var/lib/odoo";
const ETC: &str = "/etc/odoo";
/// The configuration file as the process in the sandbox sees it.
pub(crate) const CONFIGURATION: &str = "/etc/odoo/odoo.conf";

/// Writes the configuration file, which holds the credentials.
pub(crate) fn write_configuration(
    unit: &Unit,
    owner: Owner,
    configuration: &SecretString,
) -> anyhow::Result<()> {
    let file = unit.etc().join("odoo.conf");
    file::write(&file, configuration.expose_secret().as_bytes(), owner)
}

/// The sandbox of an Odoo, from the root file system of its version.
pub(crate) fn sandbox(
    place: &Place,
    unit: &Unit,
    owner: Owner,
    version: &OdooVersion,
    command: Vec<String>,
) -> anyhow::Result<Sandbox> {
    let image = place.options.root_file_systems.join(format!("odoo-{version}"));
    ensure!(
        image.join("usr/bin/odoo").exists(),
        "there is no root file system of Odoo {version} at {}",
        image.display()
    );
    let etc = unit.etc();
    let (passwd, group) = accounts("odoo", HOME, owner);
    file::write(&etc.join("passwd"), passwd.as_bytes(), owner)?;
    file::write(&etc.join("group"), group.as_bytes(), owner)?;
    file::write(&etc.join(odoo::LAUNCHER_NAME), odoo::LAUNCHER.as_bytes(), owner)?;
    let mut readable = vec![
        (etc.join("passwd"), "/etc/passwd".to_owned()),
        (etc.join("group"), "/etc/group".to_owned()),
        (etc, ETC.to_owned()),
    ];
    // Names are resolved as the machine does it, also after it moved to another network.
    for name in ["/etc/resolv.conf", "/etc/hosts"] {
        if let Ok(real) = PathBuf::from(name).canonicalize() {
            readable.push((real, name.to_owned()));
        }
    }
    Ok(Sandbox {
        root: Root::Image(image),
        readable,
        // Uploads pass through `/tmp`, and may be larger than the memory that the workload has.
        writable: vec![(unit.volume(), HOME.to_owned()), (unit.scratch(), "/tmp".to_owned())],
        host_name: unit.name.to_string(),
        home: HOME.to_owned(),
        most_data: None,
        owner,
        command: command.into_iter().map(Into::into).collect(),
    })
}
