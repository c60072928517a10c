//! The sandbox of a process: what it sees of the machine, as arguments of bubblewrap.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::user_id::Owner;

/// What a process sees as `/`.
#[derive(Debug, Clone)]
pub(crate) enum Root {
    /// The machine's own programs, and nothing else of it.
    Programs,
    /// An unpacked root file system, read-only.
    Image(PathBuf),
}

/// A sandbox, and the command in it.
#[derive(Debug, Clone)]
pub(crate) struct Sandbox {
    pub(crate) root: Root,
    /// Folders and files that can be read: here, there.
    pub(crate) readable: Vec<(PathBuf, String)>,
    /// Folders that can be written: here, there.
    pub(crate) writable: Vec<(PathBuf, String)>,
    pub(crate) host_name: String,
    pub(crate) home: String,
    /// The most data that one process may have, in bytes, where that is less than the whole.
    pub(crate) most_data: Option<u64>,
    pub(crate) owner: Owner,
    pub(crate) command: Vec<OsString>,
}

impl Sandbox {
    /// The command line, with the descriptor to which bubblewrap reports, and the most bytes that each file system may
    /// hold which is made of memory.
    pub(crate) fn arguments(&self, report: u8, memory_files: u64) -> Vec<OsString> {
        let mut line = CommandLine(vec!["bwrap".into()]);
        line.add(["--json-status-fd", &report.to_string()]);
        line.add(["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]);
        line.add(["--hostname", &self.host_name, "--new-session", "--chdir", "/"]);
        match &self.root {
            Root::Programs => line.programs(),
            Root::Image(image) => line.mount("--ro-bind", image, "/"),
        }
        line.add(["--dev", "/dev", "--proc", "/proc"]);
        // Made by root for a user id that is not root's, so anybody may write.
        let mut in_memory = vec!["/dev/shm", "/run"];
        if !self.writable.iter().any(|(_, there)| there == "/tmp") {
            in_memory.push("/tmp");
        }
        let size = memory_files.to_string();
        for folder in in_memory {
            line.add(["--size", &size, "--perms", "1777", "--tmpfs", folder]);
        }
        for (here, there) in &self.readable {
            line.mount("--ro-bind", here, there);
        }
        for (here, there) in &self.writable {
            line.mount("--bind", here, there);
        }
        line.environment(&self.home);
        line.add(["--"]);
        line.drop_privileges(self.owner);
        line.0.extend(self.command.iter().cloned());
        line.0
    }
}

struct CommandLine(Vec<OsString>);

impl CommandLine {
    fn add<const N: usize>(&mut self, words: [&str; N]) {
        self.0.extend(words.map(OsString::from));
    }

    fn mount(&mut self, how: &str, here: &Path, there: &str) {
        self.0.extend([how.into(), here.into(), there.into()]);
    }

    fn programs(&mut self) {
        self.add(["--ro-bind", "/usr", "/usr"]);
        // Otherwise bubblewrap makes them as closed as what is mounted in them.
        self.add(["--dir", "/etc", "--dir", "/var", "--dir", "/var/lib"]);
        for folder in ["/bin", "/lib", "/lib32", "/lib64", "/sbin"] {
            match std::fs::read_link(folder) {
                Ok(target) => self.0.extend(["--symlink".into(), target.into(), folder.into()]),
                Err(_) => self.add(["--ro-bind-try", folder, folder]),
            }
        }
        for file in ["/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime"] {
            self.add(["--ro-bind-try", file, file]);
        }
    }

    fn environment(&mut self, home: &str) {
        self.add(["--clearenv", "--setenv", "HOME", home, "--setenv", "TZ", "UTC"]);
        self.add(["--setenv", "LANG", "C.UTF-8", "--setenv", "PYTHONDONTWRITEBYTECODE", "1"]);
        self.add(["--setenv", "PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"]);
    }

    /// As an ordinary user there is nothing to drop: bubblewrap has taken everything away.
    fn drop_privileges(&mut self, owner: Owner) {
        if let Owner::Workload(id) = owner {
            let id = id.to_string();
            self.add(["setpriv", "--reuid", &id, "--regid", &id, "--clear-groups"]);
            self.add(["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]);
        }
    }
}

/// The account of a workload, as `/etc/passwd` and `/etc/group` of its sandbox.
pub(crate) fn accounts(name: &str, home: &str, owner: Owner) -> (String, String) {
    let (user, group) = match owner {
        Owner::Workload(id) => (id, id),
        Owner::Platform => {
            (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw())
        }
    };
    let passwd = format!(
        "root:x:0:0::/root:/usr/sbin/nologin\n\
         {name}:x:{user}:{group}::{home}:/usr/sbin/nologin\n\
         nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n"
    );
    (passwd, format!("root:x:0:\n{name}:x:{group}:\nnogroup:x:65534:\n"))
}
