//! Connections: accepting them, bounding what each may cost, and letting running requests finish at
//! shutdown.

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt as _;
use tower_http::normalize_path::NormalizePath;

use crate::config::Limits;
use crate::jobs::{Stop, runner};
use crate::recovery::recover_again_and_again;
use crate::routes;
use crate::state::Hub;
use crate::write_limit::WriteLimit;

/// How long to wait before accepting again when the system refuses (out of descriptors, most often).
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop` is ready, then lets running requests finish for as long as the configuration
/// gives them.
pub async fn serve(hub: &Hub, listener: TcpListener, stop: impl Future<Output = ()>) {
    if let Ok(address) = listener.local_addr() {
        hub.listening.at(address);
    }
    // A path may end in `/`, as 0-hub's clients write some.
    let service = NormalizePath::trim_trailing_slash(routes::router(hub));
    // Of a file's path it says that a directory is meant, so the whole of it is noted first.
    let service = service.map_request(routes::note_path);
    let limits = &hub.config.limits;
    let http = http(limits);
    let connections = Arc::new(Semaphore::new(limits.connections));
    let running = GracefulShutdown::new();
    let sweeper = tokio::spawn(sweep_sessions(hub.clone()));
    let recoverer = tokio::spawn(recover_again_and_again(hub.clone()));
    let (stopping, stopped) = Stop::channel();
    hub.jobs.let_go(false);
    let runner = tokio::spawn(runner::run(hub.clone(), stopped));
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &connections) => accepted,
            () = &mut stop => break,
        };
        let Some((stream, permit)) = accepted else { continue };
        let stream = prepared(stream, limits);
        let connection =
            http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service.clone()));
        let connection = running.watch(connection);
        tokio::spawn(async move {
            let _open = permit;
            // A caller that goes away, or speaks no HTTP, is its own trouble.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended");
            }
        });
    }
    drop(listener);
    sweeper.abort();
    recoverer.abort();
    stopping.stop();
    hub.jobs.let_go(true);
    let patience = Duration::from_secs(limits.shutdown_seconds);
    tracing::info!(connections = running.count(), "shutting down");
    let both = async { tokio::join!(running.shutdown(), runner) };
    if tokio::time::timeout(patience, both).await.is_err() {
        tracing::warn!("requests or jobs were still running when the time for shutdown was over");
    }
}

/// The next connection and its permit. Without a permit nothing is accepted: callers then wait in the
/// system's queue.
async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(connections).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, permit)),
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(PAUSE).await;
            None
        }
    }
}

fn http(limits: &Limits) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(limits.idle_seconds))
        .max_header_size(limits.header_bytes);
    http
}

fn prepared(stream: TcpStream, limits: &Limits) -> WriteLimit<TcpStream> {
    // Answers are written whole; waiting for more to send only delays them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    WriteLimit::new(stream, Duration::from_secs(limits.idle_seconds))
}

/// Ends upload sessions whose time is over, at start and then again and again.
async fn sweep_sessions(hub: Hub) {
    let mut ticks = tokio::time::interval(Duration::from_secs(hub.config.sessions.sweep_seconds));
    loop {
        ticks.tick().await;
        match crate::actions::sessions::sweep(&hub).await {
            Ok(0) => {}
            Ok(sessions) => tracing::info!(sessions, "expired upload sessions closed"),
            Err(error) => tracing::error!(?error, "expired upload sessions could not be closed"),
        }
    }
}
