//! What the tests need and a Rust toolchain does not bring.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::step;

/// Something to be found on this machine, and the Debian package that brings it.
struct Service {
    name: &'static str,
    package: &'static str,
    sign: Sign,
}

/// What shows that it is there.
enum Sign {
    /// All of these programs.
    Programs(&'static [&'static str]),
    /// A library to link with: known to `pkg-config` under this name, or one of these headers is there.
    Library { module: &'static str, headers: &'static [&'static str] },
}

const SERVICES: [Service; 8] = [
    Service { name: "Chromium", package: "chromium", sign: Sign::Programs(&["chromium"]) },
    Service { name: "OpenSSL's command", package: "openssl", sign: Sign::Programs(&["openssl"]) },
    Service { name: "PostgreSQL", package: "postgresql", sign: Sign::Programs(&["initdb", "postgres", "psql"]) },
    Service {
        name: "MariaDB",
        package: "mariadb-server",
        sign: Sign::Programs(&["mariadbd", "mariadb-install-db", "mariadb"]),
    },
    Service { name: "libfaketime", package: "faketime", sign: Sign::Programs(&["faketime"]) },
    Service { name: "Redis", package: "redis-server", sign: Sign::Programs(&["redis-server", "redis-cli"]) },
    Service {
        name: "the client library of PostgreSQL",
        package: "libpq-dev",
        sign: Sign::Library {
            module: "libpq",
            headers: &["/usr/include/postgresql/libpq-fe.h", "/usr/include/libpq-fe.h"],
        },
    },
    Service {
        name: "the client library of MariaDB",
        package: "libmariadb-dev",
        sign: Sign::Library {
            module: "libmariadb",
            headers: &["/usr/include/mariadb/mysql.h", "/usr/include/mysql/mysql.h"],
        },
    },
];

/// Finds every service, or installs its Debian package, and says which.
///
/// Servers are started by the tests that need them: one that a package starts by itself is not used, and asked not to
/// start.
///
/// # Errors
///
/// Something is neither there nor to be had.
pub fn provide() -> Result<(), String> {
    let (found, missing): (Vec<&Service>, Vec<&Service>) = SERVICES.iter().partition(|service| service.is_there());
    for service in found {
        println!("== {}: found", service.name);
    }
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|service| service.package).collect();
    let (names, list) = (missing.iter().map(|service| service.name).collect::<Vec<_>>().join(", "), packages.join(" "));
    if !exists("apt-get") {
        return Err(format!(
            "not installed: {names}; and there is no apt-get to install {list} with: install them yourself, or leave \
             out what needs them with `cargo xtask test --no-services`"
        ));
    }
    println!("== not found: {names}; installing the packages {list} with apt-get");
    step::run("apt-get update", &mut apt(&["update"]))?;
    let install = [&["install", "-y", "--no-install-recommends"][..], &packages].concat();
    step::run(&format!("apt-get install {list}"), &mut apt(&install))?;
    match missing.iter().find(|service| !service.is_there()) {
        Some(service) => Err(format!("the package {} did not bring {}", service.package, service.name)),
        None => Ok(()),
    }
}

/// The libraries to link with that are not there.
pub fn missing_libraries() -> Vec<&'static str> {
    let is_missing = |service: &&Service| matches!(service.sign, Sign::Library { .. }) && !service.is_there();
    SERVICES.iter().filter(is_missing).map(|service| service.name).collect()
}

/// What `provide` would have found or installed.
pub fn names() -> String {
    SERVICES.map(|service| service.name).join(", ")
}

impl Service {
    fn is_there(&self) -> bool {
        match self.sign {
            Sign::Programs(programs) => programs.iter().all(|program| exists(program)),
            Sign::Library { module, headers } => {
                let known = Command::new("pkg-config").args(["--exists", module]).status();
                known.is_ok_and(|status| status.success()) || headers.iter().any(|header| Path::new(header).is_file())
            }
        }
    }
}

fn apt(arguments: &[&str]) -> Command {
    let mut command = match is_root() {
        true => Command::new("env"),
        false => {
            let mut command = Command::new("sudo");
            command.args(["-n", "env"]);
            command
        }
    };
    // In run level 1 packages start no servers.
    command.args(["DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1", "apt-get"]);
    command.args(arguments).stdout(Stdio::null());
    command
}

/// Whether a program is on the path, or where Debian puts those of servers.
fn exists(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .chain(versions.map(|version| version.path().join("bin")))
        .any(|folder| folder.join(program).is_file())
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
