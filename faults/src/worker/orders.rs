//! What the coordinator says to a process.

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, BufReader};

use super::{Step, World};

/// A line of the standard input of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Order {
    /// The next writer that comes to this step dies, and the process with it.
    Die(Step),
    /// End in order.
    Stop,
}

/// Follows orders until one says that it is over, or there are no more: the coordinator is gone.
pub(super) async fn obey(world: &World) {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        match serde_json::from_str(&line) {
            Ok(Order::Die(step)) => world.steps.arm(step),
            Ok(Order::Stop) => return,
            Err(error) => eprintln!("faults: a worker was told {line:?}: {error}"),
        }
    }
}
