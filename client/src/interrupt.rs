//! What happens on Ctrl-C: nothing is left half without saying so.
//!
//! The work itself may wait for a pipe or a slow disk, so it is not asked to stop: the handler ends the
//! upload session, removes temporary files, says what is left, and ends the program.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use flisthub_client::HubClient;
use flisthub_storage::SessionId;
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};

use crate::output::Output;

/// How long the hub may take to end the session.
const FAREWELL: Duration = Duration::from_secs(5);

/// What stands when the program ends now.
#[derive(Default)]
struct Standing {
    session: Option<SessionId>,
    temporary: Vec<PathBuf>,
    left: String,
}

/// Says, at any time, what an interruption leaves.
#[derive(Clone)]
pub(crate) struct Interrupt {
    standing: Arc<Mutex<Standing>>,
}

impl Interrupt {
    /// Takes SIGINT and SIGTERM over. `left` is said when one comes.
    pub(crate) fn catch(
        hub: &HubClient,
        runtime: &Handle,
        output: Output,
        left: impl Into<String>,
    ) -> anyhow::Result<Self> {
        let standing = Standing { left: left.into(), ..Standing::default() };
        let interrupt = Self { standing: Arc::new(Mutex::new(standing)) };
        let (hub, own) = (hub.clone(), interrupt.clone());
        let _runtime = runtime.enter();
        let mut int = signal(SignalKind::interrupt())?;
        let mut term = signal(SignalKind::terminate())?;
        runtime.spawn(async move {
            let exit = tokio::select! {
                _ = int.recv() => 130,
                _ = term.recv() => 143,
            };
            own.end(&hub, output).await;
            std::process::exit(exit);
        });
        Ok(interrupt)
    }

    /// From now on a session is open.
    pub(crate) fn opened(&self, session: SessionId) {
        self.with(|standing| standing.session = Some(session));
    }

    /// There is a file now that means nothing when the program ends.
    pub(crate) fn temporary(&self, path: &Path) {
        self.with(|standing| standing.temporary.push(path.to_owned()));
    }

    /// The session that is still open, if one is; it counts as closed from now on.
    pub(crate) fn close(&self) -> Option<SessionId> {
        self.with(|standing| standing.session.take())
    }

    async fn end(&self, hub: &HubClient, output: Output) {
        if let Some(session) = self.close() {
            // A session that cannot be closed now expires by itself.
            let _ = tokio::time::timeout(FAREWELL, hub.close_session(session)).await;
        }
        let (temporary, left) =
            self.with(|standing| (std::mem::take(&mut standing.temporary), standing.left.clone()));
        for path in temporary {
            // Gone already if it was complete and has its name.
            let _ = std::fs::remove_file(path);
        }
        output.error("interrupted", &format!("interrupted: {left}"));
    }

    fn with<T>(&self, change: impl FnOnce(&mut Standing) -> T) -> T {
        change(&mut self.standing.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
