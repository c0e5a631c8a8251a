//! The hub at work: requests, jobs and what is done again and again, from start to shutdown. How connections
//! come in is `door`.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tower::ServiceExt as _;
use tower_http::normalize_path::NormalizePath;

use crate::door::Door;
use crate::door::tls::Tls;
use crate::jobs::{Stop, runner};
use crate::recovery::recover_again_and_again;
use crate::routes;
use crate::state::Hub;

/// Connections at a time of whoever fetches the metrics.
const WATCHERS: usize = 16;

/// Serves until `stop` is ready, then lets running requests finish for as long as the configuration
/// gives them. Speaks plain HTTP.
pub async fn serve(hub: &Hub, listener: TcpListener, stop: impl Future<Output = ()>) {
    serve_over(hub, listener, None, stop).await;
}

/// The same over encrypted connections, if `tls` is there.
pub async fn serve_over(
    hub: &Hub,
    listener: TcpListener,
    tls: Option<Tls>,
    stop: impl Future<Output = ()>,
) {
    if let Ok(address) = listener.local_addr() {
        hub.listening.at(address);
    }
    // A path may end in `/`, as 0-hub's clients write some.
    let service = NormalizePath::trim_trailing_slash(routes::router(hub));
    // Of a file's path it says that a directory is meant, so the whole of it is noted first.
    let service = service.map_request(routes::note_path);
    // Before that, what means a slash is one where SharingHub has it so.
    let service = service.map_request(routes::plain_slashes);
    let limits = &hub.config.limits;
    let door = Door::new(hub, listener, tls, limits.connections);
    let sweeper = tokio::spawn(sweep_sessions(hub.clone()));
    let recoverer = tokio::spawn(recover_again_and_again(hub.clone()));
    let (stopping, stopped) = Stop::channel();
    hub.jobs.let_go(false);
    let runner = tokio::spawn(runner::run(hub.clone(), stopped));
    door.admit_until(&service, stop).await;
    hub.ending.begin();
    let notice = Duration::from_secs(limits.shutdown_notice_seconds);
    if !notice.is_zero() {
        tracing::info!(seconds = notice.as_secs(), "not ready any more; shutting down soon");
        door.admit_until(&service, tokio::time::sleep(notice)).await;
    }
    let running = door.close();
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

/// Serves the metrics, and nothing else, until it is dropped.
pub async fn serve_metrics(hub: Hub, listener: TcpListener) {
    let service = routes::metrics_router(&hub).into_service();
    let service = service.map_request(|request: Request<Incoming>| request.map(Body::new));
    Door::new(&hub, listener, None, WATCHERS).admit_until(&service, std::future::pending()).await;
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
