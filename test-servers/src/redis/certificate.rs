//! A certificate for 127.0.0.1, and an authority of its own that vouches for it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Error, program};

/// The files of a certificate.
#[derive(Debug)]
pub(super) struct Certificate {
    pub(super) authority: PathBuf,
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

impl Certificate {
    /// Makes both in a folder.
    pub(super) fn make(folder: &Path) -> Result<Self, Error> {
        let openssl = program::find("openssl", "openssl")?;
        let request = |name: &str, file: &str| {
            let mut command = Command::new(&openssl);
            command
                .current_dir(folder)
                .args(["req", "-newkey", "rsa:2048", "-nodes", "-subj"])
                .arg(format!("/CN={name}"));
            command.arg("-keyout").arg(format!("{file}.key"));
            command
        };
        program::run(request("Authority of a test", "authority").args([
            "-x509",
            "-days",
            "7",
            "-out",
            "authority.crt",
        ]))?;
        program::run(request("127.0.0.1", "server").args(["-out", "server.csr"]))?;
        let names = folder.join("server.names");
        std::fs::write(&names, "basicConstraints=CA:FALSE\nsubjectAltName=IP:127.0.0.1,DNS:localhost\n")
            .map_err(|error| Error::failed(&names, error))?;
        let mut sign = Command::new(&openssl);
        sign.current_dir(folder).args(["x509", "-req", "-days", "7", "-in", "server.csr", "-out", "server.crt"]);
        sign.args(["-CA", "authority.crt", "-CAkey", "authority.key", "-CAcreateserial"]);
        program::run(sign.arg("-extfile").arg(names))?;
        let [authority, certificate, key] = ["authority.crt", "server.crt", "server.key"].map(|file| folder.join(file));
        Ok(Certificate { authority, certificate, key })
    }
}
