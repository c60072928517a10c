//! Command lines of Odoo. They carry nothing secret: credentials are in the configuration file.

use runtime::OdooTask;

use crate::Listen;

/// The script through which every Odoo is started, next to its configuration file as [`LAUNCHER_NAME`].
pub const LAUNCHER: &str = include_str!("scripts/launch.py");
/// The launcher's file name.
pub const LAUNCHER_NAME: &str = "launch.py";

fn launcher(configuration: &str) -> String {
    let folder = configuration.rsplit_once('/').map_or(".", |(folder, _)| folder);
    format!("{folder}/{LAUNCHER_NAME}")
}

/// The command that serves one tenant. Ports are given here as well as in the file, so that a place
/// which has to choose others does not have to write the file again.
#[must_use]
pub fn server_command(configuration: &str, listen: &Listen) -> Vec<String> {
    [
        "python3".into(),
        launcher(configuration),
        format!("--config={configuration}"),
        format!("--http-port={}", listen.http),
        format!("--gevent-port={}", listen.websocket),
    ]
    .to_vec()
}

/// The command that runs a job; its standard input has to be [`job_input`].
#[must_use]
pub fn job_command(configuration: &str, task: &OdooTask) -> Vec<String> {
    let launcher = launcher(configuration);
    let configuration = format!("--config={configuration}");
    match task {
        OdooTask::Install { modules } => [
            "python3".into(),
            "-".into(),
            configuration,
            format!("--init={}", modules.join(",")),
            "--stop-after-init".into(),
            "--no-http".into(),
        ]
        .to_vec(),
        OdooTask::Shell { .. } => {
            ["python3".into(), launcher, "shell".into(), configuration, "--no-http".into()].to_vec()
        }
    }
}

/// What a job reads from its standard input.
#[must_use]
pub fn job_input(task: &OdooTask) -> &str {
    match task {
        OdooTask::Install { .. } => include_str!("scripts/install.py"),
        OdooTask::Shell { script } => script,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_installs_names_its_modules() {
        let task = OdooTask::Install { modules: crate::base_modules() };
        let command = job_command("/etc/odoo/odoo.conf", &task);
        assert_eq!(
            command.join(" "),
            "python3 - --config=/etc/odoo/odoo.conf --init=base,web --stop-after-init --no-http"
        );
    }

    #[test]
    fn a_server_is_started_by_the_launcher_beside_its_configuration() {
        let command = server_command("/etc/odoo/odoo.conf", &Listen::loopback(8069, 8072));
        assert_eq!(command[..2], ["python3", "/etc/odoo/launch.py"]);
    }

    #[test]
    fn a_shell_reads_the_script_it_was_given() {
        let task = OdooTask::Shell { script: "print(1)".into() };
        assert_eq!(job_input(&task), "print(1)");
        assert!(job_command("/c", &task).contains(&"shell".to_owned()));
    }
}
