//! `flisthub serve`: opens the data directory and runs the hub until it is told to stop.

use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use flisthub_storage::SystemClock;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tracing_subscriber::EnvFilter;

use super::Serve;
use crate::actions::items;
use crate::control::Control;
use crate::data::DataDirectory;
use crate::descriptors;
use crate::door::tls::Tls;
use crate::listening::scheme;
use crate::newest;
use crate::reindex::{self, InLog};
use crate::server;
use crate::state::{Hub, OpenError};

/// How long the last barrier and the closing of the catalog may take together.
const LAST: Duration = Duration::from_secs(10);

pub(super) async fn run(arguments: Serve) -> anyhow::Result<()> {
    start_log(&arguments)?;
    let mut config = super::config(arguments.data.config.as_deref())?;
    descriptors::fit(&mut config)?;
    let tls = Tls::of(&config.tls).context("the certificate of [tls]")?;
    let path = &arguments.data.data;
    let data = DataDirectory::open(path)
        .with_context(|| format!("the data directory {}", path.display()))?;
    let hub = Hub::open(&data, config, Arc::new(SystemClock))
        .await
        .with_context(|| format!("the hub in {} cannot be opened", path.display()))?;
    match serve(&hub, &data, &arguments, tls).await {
        Ok(()) => close(&hub).await,
        Err(error) => {
            // The next one that starts need not wait for a lease that nobody uses.
            hub.catalog.close().await;
            Err(error)
        }
    }
}

/// Checks what the hub needs, then serves until it is told to stop.
async fn serve(
    hub: &Hub,
    data: &DataDirectory,
    arguments: &Serve,
    tls: Option<Tls>,
) -> anyhow::Result<()> {
    check(hub, data, arguments.accept_loss).await?;
    if !hub.stac.unused.is_empty() {
        let keys = hub.stac.unused.join(", ");
        tracing::info!(keys, "keys of the files of stac.config that mean nothing here");
    }
    let listener = listen(arguments.listen).await?;
    let watched = match hub.config.metrics.listen {
        None => None,
        Some(address) => Some(listen(address).await?),
    };
    let socket = data.control();
    let control = Control::bind(&socket)
        .with_context(|| format!("the control socket {} cannot be made", socket.display()))?;
    // Taken over before anyone can know that the hub runs, so that no signal kills it half way.
    let stop = stop_signal()?;
    let keeping_up = tls.clone().map(keep_up).transpose()?;
    let (scheme, address) = (scheme(&hub.config), listener.local_addr()?);
    writeln!(std::io::stdout(), "listening on {scheme}://{address}")?;
    std::io::stdout().flush()?;
    let control = tokio::spawn(control.serve(hub.clone()));
    let watched =
        watched.map(|listener| tokio::spawn(server::serve_metrics(hub.clone(), listener)));
    server::serve_over(hub, listener, tls, stop).await;
    for aside in watched.into_iter().chain(keeping_up) {
        aside.abort();
    }
    // The socket's file goes while the store is still ours.
    control.abort();
    let _ = control.await;
    Ok(())
}

/// Refuses to serve what is not whole, or with what cannot be used.
async fn check(hub: &Hub, data: &DataDirectory, accept_loss: bool) -> anyhow::Result<()> {
    match newest::check(hub).await {
        Err(lost @ OpenError::Lost { .. }) if accept_loss => {
            tracing::error!(error = %lost, "content is lost; serving the rest");
            hub.accept_loss().await.context("remembering that something is lost")?;
        }
        checked => checked.with_context(|| format!("the hub in {}", data.path().display()))?,
    }
    hub.issuers.check_files().await.context("the keys of an issuer of JWTs")?;
    reindex::if_needed(hub, InLog).await.context("building the membership index")?;
    items::if_needed(hub).await.context("looking whether items are of this configuration")?;
    hub.images.registries(&hub.config).context("the certificates for registries")?;
    Ok(())
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

/// Makes durable also what was not acknowledged: it need not be, but why lose it. A disk that does not answer
/// is left to itself after a while, as if the hub had been killed, which is safe.
async fn close(hub: &Hub) -> anyhow::Result<()> {
    let store = Arc::clone(&hub.store);
    let last = async {
        let flushed = tokio::task::spawn_blocking(move || store.flush()).await;
        hub.catalog.close().await;
        flushed.context("the last barrier")?.context("the last barrier")
    };
    tokio::time::timeout(LAST, last).await.unwrap_or_else(|_| {
        tracing::warn!("the disk did not answer in time; the hub ends without waiting for it");
        Ok(())
    })
}

/// Looks after the certificate, at SIGHUP at once.
fn keep_up(tls: Tls) -> anyhow::Result<JoinHandle<()>> {
    let hangup = signal(SignalKind::hangup()).context("SIGHUP cannot be caught")?;
    Ok(tokio::spawn(tls.keep_up(hangup)))
}

/// Ready at SIGTERM or Ctrl-C.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be caught")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("Ctrl-C cannot be caught")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn start_log(arguments: &Serve) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&arguments.log)
        .with_context(|| format!("{:?} is no log filter", arguments.log))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let started = if arguments.log_json { log.json().try_init() } else { log.try_init() };
    started.map_err(|error| anyhow::anyhow!("the log cannot be started: {error}"))
}
