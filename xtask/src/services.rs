//! Programs that tests need and a Rust toolchain does not bring.

use std::process::{Command, Stdio};

use crate::step;

/// Finds a program on the path, or installs its Debian package, and says which.
pub fn provide(program: &str, package: &str) -> Result<(), String> {
    if exists(program) {
        println!("== {program}: found");
        return Ok(());
    }
    if !exists("apt-get") {
        return Err(format!(
            "{program} is not installed and there is no apt-get to install it with: install it yourself, or leave out \
             what needs it with `cargo xtask test --no-services`"
        ));
    }
    println!("== {program}: not found, installing the package {package} with apt-get");
    let apt = |arguments: &[&str]| {
        let mut command = match is_root() {
            true => Command::new("apt-get"),
            false => {
                let mut command = Command::new("sudo");
                command.args(["-n", "apt-get"]);
                command
            }
        };
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
        command
    };
    step::run("apt-get update", &mut apt(&["update"]))?;
    step::run(&format!("apt-get install {package}"), &mut apt(&["install", "-y", "--no-install-recommends", package]))?;
    if exists(program) { Ok(()) } else { Err(format!("the package {package} did not bring {program}")) }
}

fn exists(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
