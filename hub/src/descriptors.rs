//! Open files and connections: the system lets a program have so many. A store that cannot open a file stops
//! taking writes, so connections never get what the store, the catalog and work under way need.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Config;

/// For all but connections, the store's tables and the catalog's connections: logs, uploads that are spooled, engines and
/// registries, the runtime.
const OTHERS: u64 = 120;

/// The fewest tables that the store works with, and the fewest connections that make sense.
const FEWEST_FILES: u64 = 32;
const FEWEST_CONNECTIONS: u64 = 8;

/// The system allows too few.
#[derive(Debug, thiserror::Error)]
#[error(
    "the system allows this program {allowed} open files and connections, and the hub needs {needed}: \
     raise it (`ulimit -n`, LimitNOFILE= of systemd, --ulimit nofile= of a container engine)"
)]
pub(crate) struct TooFew {
    allowed: u64,
    needed: u64,
}

/// Asks for as many as the system lets this program have, and bounds the store's files and the connections
/// so that they fit.
pub(crate) fn fit(config: &mut Config) -> Result<(), TooFew> {
    let allowed = allowed();
    let most = u64::try_from(config.store.open_files).unwrap_or(FEWEST_FILES);
    let others = OTHERS + u64::from(config.catalog.connections);
    let (files, connections) = shares(allowed, others, config.limits.connections as u64, most)?;
    if connections < config.limits.connections as u64 {
        tracing::warn!(
            allowed,
            connections,
            "the system allows too few open files for limits.connections; fewer are taken at a time"
        );
    }
    config.limits.connections = usize::try_from(connections).unwrap_or(usize::MAX);
    config.store.open_files = i32::try_from(files).unwrap_or(i32::MAX);
    Ok(())
}

/// Files for the store and connections, of so many that are allowed.
fn shares(allowed: u64, others: u64, connections: u64, most: u64) -> Result<(u64, u64), TooFew> {
    let needed = others + FEWEST_FILES + FEWEST_CONNECTIONS;
    let free = allowed.checked_sub(others).filter(|_| allowed >= needed);
    let free = free.ok_or(TooFew { allowed, needed })?;
    // The store gets half, and what connections leave.
    let files = (free / 2)
        .max(free.saturating_sub(connections))
        .clamp(FEWEST_FILES, most.max(FEWEST_FILES));
    Ok((files, connections.min(free - files)))
}

/// How many this program may have, after asking for as many as it may ask for.
fn allowed() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::debug!(%error, "the limit of open files cannot be raised");
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_comes_first_and_connections_get_the_rest() {
        for (allowed, connections, expected) in [
            (u64::MAX, 1_024, (1_024, 1_024)),
            (1_048_576, 1_000_000, (1_024, 1_000_000)),
            (4_096, 1_024, (1_024, 1_024)),
            (1_024, 1_024, (448, 448)),
            (1_024, 100, (796, 100)),
            (256, 1_024, (64, 64)),
            (168, 1_024, (32, 8)),
        ] {
            let (files, taken) = shares(allowed, 128, connections, 1_024).unwrap();
            assert_eq!((files, taken), expected, "{allowed} {connections}");
            assert!(files + taken + 128 <= allowed);
        }
        assert!(shares(167, 128, 1_024, 1_024).unwrap_err().to_string().contains("ulimit -n"));
    }
}
