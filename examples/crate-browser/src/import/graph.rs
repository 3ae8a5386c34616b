//! The dependency graph as Cargo tells it.

use crate::failure::Failure;
use cargo_metadata::{Error, Metadata, MetadataCommand};
use std::{
    env, io,
    path::{Path, PathBuf},
};

/// The resolved dependency graph of one workspace.
#[derive(Clone, Debug)]
pub struct Graph {
    metadata: Metadata,
}

impl Graph {
    /// Asks Cargo for the graph of `manifest`, or of the nearest `Cargo.toml` in the current folder or above.
    ///
    /// # Errors
    /// When there is no such file, when Cargo is missing, and when Cargo refuses the workspace.
    pub fn read(manifest: Option<&Path>) -> Result<Self, Failure> {
        let manifest = match manifest {
            Some(path) => given(path)?,
            None => nearest()?,
        };
        let metadata =
            MetadataCommand::new().manifest_path(&manifest).exec().map_err(|error| refused(&manifest, error))?;
        Ok(Self { metadata })
    }

    /// What Cargo said.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The name of the workspace: that of its folder.
    pub fn workspace(&self) -> String {
        let root = &self.metadata.workspace_root;
        root.file_name().unwrap_or(root.as_str()).to_owned()
    }

    /// The folder of the workspace.
    pub fn folder(&self) -> &str {
        self.metadata.workspace_root.as_str()
    }

    /// The database file that is used when none was named.
    pub fn default_database(&self) -> PathBuf {
        self.metadata.target_directory.join("crate-browser").join("graph.sqlite").into_std_path_buf()
    }

    /// A digest of packages and edges: equal graphs have equal fingerprints.
    pub fn fingerprint(&self) -> String {
        let mut lines: Vec<String> = Vec::new();
        if let Some(resolve) = &self.metadata.resolve {
            for node in &resolve.nodes {
                lines.push(node.id.repr.clone());
                for dep in &node.deps {
                    lines.push(format!("{} -> {} {:?}", node.id, dep.pkg, dep.dep_kinds));
                }
                lines.push(format!("{} {:?}", node.id, node.features));
            }
        }
        lines.sort_unstable();
        format!("{:016x}", fnv1a(lines.join("\n").as_bytes()))
    }
}

fn given(path: &Path) -> Result<PathBuf, Failure> {
    let file = if path.is_dir() { path.join("Cargo.toml") } else { path.to_owned() };
    if file.is_file() {
        Ok(file)
    } else {
        Err(Failure::new(
            format_args!("there is no file {}", file.display()),
            "name an existing Cargo.toml with `--manifest-path PATH`",
        ))
    }
}

fn nearest() -> Result<PathBuf, Failure> {
    let here = env::current_dir().map_err(|error| {
        Failure::new(format_args!("the current folder cannot be read ({error})"), "change to an existing folder")
    })?;
    here.ancestors().map(|folder| folder.join("Cargo.toml")).find(|file| file.is_file()).ok_or_else(|| {
        Failure::new(
            format_args!("there is no Cargo.toml in {} or above", here.display()),
            "start the browser inside a Cargo workspace, or name one with `--manifest-path PATH`",
        )
    })
}

fn refused(manifest: &Path, error: Error) -> Failure {
    match error {
        Error::Io(error) if error.kind() == io::ErrorKind::NotFound => Failure::new(
            "the command `cargo` was not found",
            "install Rust from https://rustup.rs, or put cargo on the PATH",
        ),
        Error::CargoMetadata { stderr } => {
            let reason = stderr
                .lines()
                .map(|line| line.trim().trim_start_matches("error: "))
                .filter(|line| !line.is_empty())
                .collect::<Vec<_>>()
                .join("; ");
            Failure::new(
                format_args!("cargo cannot read {} ({reason})", manifest.display()),
                "make `cargo metadata` succeed there first",
            )
        }
        other => Failure::new(
            format_args!("cargo's answer about {} is not understood ({other})", manifest.display()),
            "make `cargo metadata` succeed there first",
        ),
    }
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
