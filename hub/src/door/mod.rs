//! Where connections come in: accepting them, bounding how many there are and how many of one address,
//! agreeing on encryption, and letting running requests finish.

pub mod peer;
pub mod tls;

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::{Service, ServiceExt as _};

use self::peer::Peer;
use self::tls::Tls;
use crate::config::Limits;
use crate::limits::CallerKey;
use crate::state::Hub;
use crate::write_limit::WriteLimit;

/// How long to wait before accepting again when the system refuses (out of descriptors, most often).
const PAUSE: Duration = Duration::from_millis(100);

/// For so long the log says nothing more of addresses with too many connections: who makes them can make many.
const SILENCE: Duration = Duration::from_mins(1);

/// Where connections come in, and what is common to them.
pub(crate) struct Door<'a> {
    hub: &'a Hub,
    listener: TcpListener,
    tls: Option<Tls>,
    http: http1::Builder,
    /// One permit for each connection that may be open.
    places: Arc<Semaphore>,
    running: GracefulShutdown,
    /// When the log last said that an address has too many connections.
    refusal_told: Mutex<Option<Instant>>,
}

/// Serves the requests of one connection.
pub(crate) trait Serves:
    Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send>
    + Clone
    + Send
    + 'static
{
}

impl<S> Serves for S where
    S: Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + 'static
{
}

impl<'a> Door<'a> {
    pub(crate) fn new(
        hub: &'a Hub,
        listener: TcpListener,
        tls: Option<Tls>,
        places: usize,
    ) -> Self {
        let http = http(&hub.config.limits);
        let (places, running) = (Arc::new(Semaphore::new(places)), GracefulShutdown::new());
        Self { hub, listener, tls, http, places, running, refusal_told: Mutex::default() }
    }

    /// Admits whoever comes until then.
    pub(crate) async fn admit_until(&self, service: &impl Serves, then: impl Future<Output = ()>) {
        let mut then = std::pin::pin!(then);
        loop {
            let accepted = tokio::select! {
                accepted = accept(&self.listener, &self.places) => accepted,
                () = &mut then => return,
            };
            match accepted {
                Some((stream, from, permit)) => self.serve(service.clone(), stream, from, permit),
                None => self.hub.metrics.accept_failed(),
            }
        }
    }

    /// Serves one connection until it ends.
    fn serve(
        &self,
        service: impl Serves,
        stream: TcpStream,
        from: SocketAddr,
        permit: OwnedSemaphorePermit,
    ) {
        let address = from.ip();
        let proxy = self.hub.config.trusted_proxies.contain(address);
        let own = self.hub.limits.connections.take(&CallerKey::of_address(Some(address)));
        if own.is_none() && !proxy {
            self.refuse(address);
            return;
        }
        let service = service.map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(from));
            request
        });
        let open = (permit, own, self.hub.metrics.connected());
        let (http, watcher, tls) = (self.http.clone(), self.running.watcher(), self.tls.clone());
        let idle = Duration::from_secs(self.hub.config.limits.idle_seconds);
        prepare(&stream);
        tokio::spawn(async move {
            let _open = open;
            let Some(tls) = tls else {
                return talk(&http, watcher, service, WriteLimit::new(stream, idle)).await;
            };
            match tls.accept(stream, CallerKey::of_address(Some(address))).await {
                Ok(stream) => talk(&http, watcher, service, WriteLimit::new(stream, idle)).await,
                Err(error) => tracing::debug!(%error, "no encryption agreed on"),
            }
        });
    }

    /// A connection of an address that has as many as may be. Nothing can be said to the caller, so it is said here.
    fn refuse(&self, address: IpAddr) {
        self.hub.metrics.connection_refused();
        let mut told = self.refusal_told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|told| told.elapsed() >= SILENCE) {
            *told = Some(Instant::now());
            let limit = self.hub.config.limits.connections_per_address;
            tracing::warn!(
                %address,
                limit,
                "an address has as many connections as `limits.connections_per_address` allows; more of it are \
                 closed at once. If it is a proxy, name it in `trusted_proxies`"
            );
        }
    }

    /// Admits nobody any more; gives those who are in.
    pub(crate) fn close(self) -> GracefulShutdown {
        self.running
    }
}

/// Answers the requests of a connection, one after the other.
async fn talk<I>(http: &http1::Builder, watcher: Watcher, service: impl Serves, stream: I)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = TowerToHyperService::new(service);
    let connection = http.serve_connection(TokioIo::new(stream), service);
    // A caller that goes away, or speaks no HTTP, is its own trouble.
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "connection ended");
    }
}

/// The next connection and its permit. Without a permit nothing is accepted: callers then wait in the
/// system's queue.
async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(connections).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, from)) => Some((stream, from, permit)),
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

fn prepare(stream: &TcpStream) {
    // Answers are written whole; waiting for more to send only delays them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
}
