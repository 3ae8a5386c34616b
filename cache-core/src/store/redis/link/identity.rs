//! What a server says of itself.

use redis::Value;
use siphasher::sip::SipHasher24;
use std::hash::Hasher;

use super::address::Address;
use super::fault::{Fault, FaultKind};

/// Any two numbers, the same in every process: what is hashed is not chosen by anybody.
const KEYS: (u64, u64) = (0x6361_6368_6520_696e, 0x6361_726e_6174_696f);

/// What `INFO` tells of a server that may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// A hash of the run and of the history that it continues: it changes with a restart and with a failover.
    pub(super) incarnation: u64,
    pub(super) mode: Mode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Standalone,
    Cluster,
    Sentinel,
}

/// The commands that ask for an [`Identity`].
pub(super) fn questions() -> [redis::Cmd; 2] {
    ["server", "replication"].map(|section| {
        let mut command = redis::cmd("INFO");
        command.arg(section);
        command
    })
}

impl Identity {
    /// Reads the replies to [`questions`].
    ///
    /// # Errors
    ///
    /// When the server is not a primary, refuses to tell, or tells too little.
    pub(super) fn read(address: &Address, server: &Value, replication: &Value) -> Result<Identity, Fault> {
        let (server, replication) = (text(address, server)?, text(address, replication)?);
        // The same field, as Redis and as Valkey call it.
        let mode = match field(server, "redis_mode").or_else(|| field(server, "server_mode")) {
            Some("cluster") => Mode::Cluster,
            Some("sentinel") => return Ok(Identity { incarnation: 0, mode: Mode::Sentinel }),
            _ => Mode::Standalone,
        };
        if field(replication, "role") != Some("master") {
            return Err(Fault::new(FaultKind::NotPrimary, address, "the server is a replica; name its primary"));
        }
        let (Some(run), Some(history)) = (field(server, "run_id"), field(replication, "master_replid")) else {
            let text = "INFO tells neither run_id nor master_replid; without them lost data would not be noticed";
            return Err(Fault::new(FaultKind::Refused, address, text));
        };
        let mut hasher = SipHasher24::new_with_keys(KEYS.0, KEYS.1);
        hasher.write(run.as_bytes());
        hasher.write_u8(b'/');
        hasher.write(history.as_bytes());
        Ok(Identity { incarnation: hasher.finish(), mode })
    }
}

fn text<'v>(address: &Address, value: &'v Value) -> Result<&'v str, Fault> {
    let text = match value {
        Value::VerbatimString { text, .. } | Value::SimpleString(text) => Some(&**text),
        Value::BulkString(bytes) => str::from_utf8(bytes).ok(),
        Value::ServerError(error) if error.code() == "NOPERM" => {
            let text =
                "the user may not call INFO (NOPERM), which tells of failovers; allow it with `ACL SETUSER .. +info`";
            return Err(Fault::new(FaultKind::Refused, address, text));
        }
        Value::ServerError(error) => {
            let text = format!("INFO failed: {} {}", error.code(), error.details().unwrap_or_default());
            return Err(Fault::new(FaultKind::Server, address, text));
        }
        _ => None,
    };
    text.ok_or_else(|| Fault::new(FaultKind::Server, address, "the reply to INFO is not a text"))
}

fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: &str = "# Server\r\nredis_mode:standalone\r\nrun_id:abc\r\n";

    fn read(server: &str, replication: &str) -> Result<Identity, Fault> {
        let [server, replication] = [server, replication].map(|text| Value::BulkString(text.into()));
        Identity::read(&Address::tcp("h", 1, false), &server, &replication)
    }

    #[test]
    fn run_and_history_both_count() {
        let first = read(SERVER, "role:master\r\nmaster_replid:x\r\nmaster_replid2:y\r\n").unwrap();
        assert_eq!(first, read(SERVER, "role:master\r\nmaster_replid:x\r\n").unwrap());
        assert_ne!(first, read(SERVER, "role:master\r\nmaster_replid:y\r\n").unwrap());
        assert_ne!(first, read("run_id:abd", "role:master\r\nmaster_replid:x\r\n").unwrap());
    }

    #[test]
    fn valkey_tells_its_mode_under_another_name() {
        let server = "redis_version:7.2.4\r\nserver_name:valkey\r\nserver_mode:cluster\r\nrun_id:abc\r\n";
        assert_eq!(read(server, "role:master\r\nmaster_replid:x\r\n").unwrap().mode, Mode::Cluster);
    }

    #[test]
    fn only_a_primary_that_tells_all_is_taken() {
        let kind = |server, replication| read(server, replication).unwrap_err().kind();
        assert_eq!(kind(SERVER, "role:slave\r\nmaster_replid:x"), FaultKind::NotPrimary);
        assert_eq!(kind(SERVER, ""), FaultKind::NotPrimary);
        assert_eq!(kind(SERVER, "role:master\r\nmaster_replid2:x"), FaultKind::Refused);
        assert_eq!(kind("", "role:master\r\nmaster_replid:x"), FaultKind::Refused);
    }
}
