//! The hub's end of the control socket: the file, who may connect, how many at a time.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Short;
use super::connection;
use super::protocol::{Tell, line};
use crate::state::Hub;

/// Commands that may be connected at a time.
const CONNECTIONS: usize = 32;

/// Those of them that may wait for a job. The others are for short questions, so that somebody can always
/// cancel.
const FOLLOWERS: usize = 24;

/// How long to wait before accepting again when the system refuses (out of descriptors, most often).
const PAUSE: Duration = Duration::from_millis(100);

/// The open socket. Dropped, its file is removed.
#[derive(Debug)]
pub struct Control {
    listener: UnixListener,
    path: PathBuf,
}

impl Control {
    /// Makes the socket, for its owner alone from the moment that it can be found. What a killed hub left
    /// in its place is replaced: only the process that has the chunk store open calls this, so nobody
    /// listens there.
    pub fn bind(path: &Path) -> std::io::Result<Self> {
        let mut making = path.as_os_str().to_owned();
        making.push(".new");
        let making = PathBuf::from(making);
        match std::fs::remove_file(&making) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&Short::of(&making)?.path)?;
        std::fs::set_permissions(&making, std::fs::Permissions::from_mode(0o600))?;
        std::fs::rename(&making, path)?;
        Ok(Self { listener, path: path.to_owned() })
    }

    /// Takes the operator's orders until dropped. Whoever is connected then is cut off; the jobs that were
    /// asked for go their own way.
    pub async fn serve(self, hub: Hub) {
        let own = rustix::process::geteuid().as_raw();
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let followers = Arc::new(Semaphore::new(FOLLOWERS));
        let mut open = JoinSet::new();
        loop {
            let stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a control connection could not be accepted");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            while open.try_join_next().is_some() {}
            if !is_operator(&stream, own) {
                tracing::warn!("another user tried the control socket");
                refuse(stream, "only the hub's own user and root may give orders here");
            } else if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
                let (hub, followers) = (hub.clone(), Arc::clone(&followers));
                open.spawn(async move {
                    let _place = place;
                    // A command that goes away is its own trouble.
                    if let Err(error) = connection::speak(&hub, stream, followers).await {
                        tracing::debug!(%error, "control connection ended");
                    }
                });
            } else {
                refuse(stream, "too many commands are connected; try again when some are done");
            }
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // Whoever drops this has the store open still, so nobody else's socket is in its place.
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(%error, "the control socket could not be removed");
        }
    }
}

/// Whether the other end belongs to the hub's own user or to root. The file's mode says the same; this
/// holds also where somebody widened the data directory.
fn is_operator(stream: &UnixStream, own: u32) -> bool {
    stream.peer_cred().is_ok_and(|peer| may(peer.uid(), own))
}

fn may(peer: u32, own: u32) -> bool {
    peer == own || peer == 0
}

/// Tells why, if that fits into the socket at once, and hangs up.
fn refuse(mut stream: UnixStream, why: &str) {
    let message = line(&Tell::Error { message: why.to_owned() });
    tokio::spawn(async move {
        if let Ok(message) = message {
            let _ = tokio::time::timeout(PAUSE, stream.write_all(&message)).await;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_user_and_root_are_the_operator() {
        for (peer, own, yes) in [
            (1000, 1000, true),
            (0, 1000, true),
            (1001, 1000, false),
            (1000, 0, false),
            (0, 0, true),
        ] {
            assert_eq!(may(peer, own), yes, "{peer} on {own}");
        }
    }

    #[tokio::test]
    async fn the_peer_is_known_by_the_system() {
        let (one, _other) = UnixStream::pair().unwrap();
        let own = rustix::process::geteuid().as_raw();
        assert!(is_operator(&one, own));
        // Run as root, every peer here is root, who always may.
        assert_eq!(is_operator(&one, own + 1), own == 0);
    }
}
