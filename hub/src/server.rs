//! Connections: accepting them, bounding what each may cost, and letting running requests finish at
//! shutdown.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::{Service, ServiceExt as _};
use tower_http::normalize_path::NormalizePath;

use crate::config::Limits;
use crate::jobs::{Stop, runner};
use crate::recovery::recover_again_and_again;
use crate::routes;
use crate::state::Hub;
use crate::write_limit::WriteLimit;

/// How long to wait before accepting again when the system refuses (out of descriptors, most often).
const PAUSE: Duration = Duration::from_millis(100);

/// Connections at a time of whoever fetches the metrics.
const WATCHERS: usize = 16;

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
    let door = Door::new(hub, listener, limits.connections);
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
    Door::new(&hub, listener, WATCHERS).admit_until(&service, std::future::pending()).await;
}

/// Where connections come in, and what is common to them.
struct Door<'a> {
    hub: &'a Hub,
    listener: TcpListener,
    http: http1::Builder,
    /// One permit for each connection that may be open.
    places: Arc<Semaphore>,
    running: GracefulShutdown,
}

impl<'a> Door<'a> {
    fn new(hub: &'a Hub, listener: TcpListener, places: usize) -> Self {
        let http = http(&hub.config.limits);
        let (places, running) = (Arc::new(Semaphore::new(places)), GracefulShutdown::new());
        Self { hub, listener, http, places, running }
    }

    /// Admits whoever comes until then.
    async fn admit_until<S>(&self, service: &S, then: impl Future<Output = ()>)
    where
        S: Service<Request<Incoming>, Response = Response, Error = Infallible>
            + Clone
            + Send
            + 'static,
        S::Future: Send,
    {
        let mut then = std::pin::pin!(then);
        loop {
            let accepted = tokio::select! {
                accepted = accept(&self.listener, &self.places) => accepted,
                () = &mut then => return,
            };
            match accepted {
                Some((stream, permit)) => self.serve(service.clone(), stream, permit),
                None => self.hub.metrics.accept_failed(),
            }
        }
    }

    /// Serves one connection until it ends.
    fn serve<S>(&self, service: S, stream: TcpStream, permit: OwnedSemaphorePermit)
    where
        S: Service<Request<Incoming>, Response = Response, Error = Infallible>
            + Clone
            + Send
            + 'static,
        S::Future: Send,
    {
        let stream = prepared(stream, &self.hub.config.limits);
        let connection =
            self.http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let connection = self.running.watch(connection);
        let open = (permit, self.hub.metrics.connected());
        tokio::spawn(async move {
            let _open = open;
            // A caller that goes away, or speaks no HTTP, is its own trouble.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended");
            }
        });
    }

    /// Admits nobody any more; gives those who are in.
    fn close(self) -> GracefulShutdown {
        self.running
    }
}

/// The next connection and its permit. Without a permit nothing is accepted: callers then wait in the
/// system's queue.
async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
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
