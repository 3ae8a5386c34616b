//! A primary and its replica, watched by sentinels.

use super::server::Redis;
use crate::Error;
use crate::process::until;

/// How many sentinels watch, and how many of them agree that a primary is down.
const SENTINELS: usize = 3;
const QUORUM: usize = 2;

/// After how many milliseconds a silent server counts as down. Sentinels send the first ping a second after they turned to
/// another server, and count from when they turned: with a second or less they depose every primary that they promote.
const DOWN_AFTER: u32 = 2_000;

/// A primary, a replica, and three sentinels that promote the replica when two of them have not reached the primary for
/// two seconds.
///
/// ```no_run
/// use test_servers::RedisSentinel;
///
/// let watched = RedisSentinel::start()?;
/// let before = watched.primary();
/// watched.kill_primary();
/// while watched.primary() == before {
///     std::thread::sleep(std::time::Duration::from_millis(50));
/// }
/// # Ok::<(), test_servers::Error>(())
/// ```
#[derive(Debug)]
pub struct RedisSentinel {
    // Before the servers: they would see them end.
    sentinels: Vec<Redis>,
    servers: [Redis; 2],
}

impl RedisSentinel {
    /// What the sentinels call the primary, whichever server that is: clients ask for it under this name.
    pub const NAME: &'static str = "main";

    /// Starts all of them, and waits until the sentinels know each other and the replica.
    ///
    /// # Errors
    ///
    /// Redis is not installed, or does not start; then with what it said.
    pub fn start() -> Result<Self, Error> {
        let primary = Redis::start()?;
        let replica = Redis::builder().replica_of(&primary).start()?;
        let mut builder = Redis::builder();
        builder.sentinel = true;
        let name = Self::NAME;
        for line in [
            format!("monitor {name} 127.0.0.1 {} {QUORUM}", primary.port()),
            format!("down-after-milliseconds {name} {DOWN_AFTER}"),
            format!("failover-timeout {name} 3000"),
            format!("parallel-syncs {name} 1"),
        ] {
            builder = builder.config("sentinel", &line);
        }
        let sentinels = (0..SENTINELS).map(|_| builder.start()).collect::<Result<_, _>>()?;
        let watched = RedisSentinel { sentinels, servers: [primary, replica] };
        until(|| "the sentinels know each other and the replica".to_owned(), || watched.is_complete())?;
        Ok(watched)
    }

    /// Where the sentinels are found.
    pub fn sentinel_urls(&self) -> Vec<String> {
        self.sentinels.iter().map(Redis::url).collect()
    }

    /// A sentinel, counted from 0: it can be killed, restarted and paused as other servers.
    ///
    /// # Panics
    ///
    /// Where there are not that many.
    pub fn sentinel(&self, number: usize) -> &Redis {
        &self.sentinels[number]
    }

    /// Both servers, first the one that was the primary at the start.
    pub fn servers(&self) -> &[Redis; 2] {
        &self.servers
    }

    /// Where the primary is found now, as the first sentinel that runs says; while a failover is under way that is
    /// still the old one.
    ///
    /// # Panics
    ///
    /// Where no sentinel runs.
    pub fn primary(&self) -> String {
        self.primary_server().url()
    }

    /// Kills the primary, and returns at once: the replica is promoted some seconds later. The killed server may be
    /// [restarted](Redis::restart), and is then made a replica.
    ///
    /// # Panics
    ///
    /// Where no sentinel runs.
    pub fn kill_primary(&self) {
        self.primary_server().kill();
    }

    fn primary_server(&self) -> &Redis {
        let address = |sentinel: &Redis| sentinel.try_cli(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", Self::NAME]).ok();
        let mut running = self.sentinels.iter().filter(|sentinel| sentinel.is_running());
        let port = running.find_map(address).and_then(|answer| answer.lines().nth(1)?.parse().ok());
        let server = self.servers.iter().find(|server| Some(server.port()) == port);
        server.unwrap_or_else(|| panic!("no sentinel tells which server is the primary"))
    }

    fn is_complete(&self) -> bool {
        let others = (SENTINELS - 1).to_string();
        self.sentinels.iter().all(|sentinel| {
            let info = sentinel.try_cli(&["SENTINEL", "MASTER", Self::NAME]).unwrap_or_default();
            // Names and values take turns.
            let lines: Vec<&str> = info.lines().collect();
            let is = |name: &str, value: &str| lines.chunks(2).any(|pair| pair == [name, value]);
            is("flags", "master")
                && is("num-slaves", "1")
                && is("num-other-sentinels", &others)
                && sentinel.try_cli(&["SENTINEL", "CKQUORUM", Self::NAME]).is_ok()
        })
    }
}
