//! What a caller still sends when its answer is ready. A server that closes on a caller in the middle of
//! sending may destroy the very answer it sent, so the rest of a refused body is read and thrown away,
//! for a while.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::header::EXPECT;
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use futures_util::Stream;
use futures_util::future::poll_fn;
use tokio::sync::Semaphore;

use crate::state::Hub;

/// How long that is. Whoever sends for longer may miss the answer.
const DRAIN: Duration = Duration::from_secs(10);

/// Of so many connections that may be open, one may be in this at a time.
const OF_CONNECTIONS: usize = 4;

/// One permit for each request whose rest may be read at a time. Whoever sends on after a refusal keeps a
/// connection open, and no more than some of them: beyond, the answer goes out at once.
#[derive(Debug, Clone)]
pub(super) struct Places(Arc<Semaphore>);

impl Places {
    pub(super) fn of(hub: &Hub) -> Self {
        Self(Arc::new(Semaphore::new(hub.config.limits.connections.div_ceil(OF_CONNECTIONS))))
    }
}

/// A body that a handler reads from, and that is still there when the handler is done.
#[derive(Clone)]
struct Shared(Arc<Mutex<Half>>);

struct Half {
    body: Body,
    /// Whether anyone has asked for it: a caller that waits for `100 Continue` sends nothing before.
    asked: bool,
    ended: bool,
}

impl Shared {
    fn poll_part(&self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, axum::Error>>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.asked = true;
        loop {
            let frame = std::task::ready!(Pin::new(&mut state.body).poll_frame(context));
            match frame {
                Some(Ok(frame)) => {
                    // Trailers say nothing that anyone here wants.
                    if let Ok(part) = frame.into_data() {
                        return Poll::Ready(Some(Ok(part)));
                    }
                }
                Some(Err(error)) => {
                    state.ended = true;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    state.ended = true;
                    return Poll::Ready(None);
                }
            }
        }
    }

    /// Whether there may be more, and the caller sends it.
    fn unread(&self, waits: bool) -> bool {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        !state.ended && !state.body.is_end_stream() && (state.asked || !waits)
    }
}

impl Stream for Shared {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_part(context)
    }
}

/// Answers once the rest of a refused body has been read, or the time for that is over.
pub(super) async fn drain(State(places): State<Places>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let waits = parts.headers.contains_key(EXPECT);
    let shared = Shared(Arc::new(Mutex::new(Half { body, asked: false, ended: false })));
    let response = next.run(Request::from_parts(parts, Body::from_stream(shared.clone()))).await;
    let status = response.status();
    if (status.is_client_error() || status.is_server_error())
        && shared.unread(waits)
        && let Ok(_place) = places.0.try_acquire()
    {
        let rest =
            async { while let Some(Ok(_)) = poll_fn(|context| shared.poll_part(context)).await {} };
        // Past that time the answer goes out all the same.
        let _ = tokio::time::timeout(DRAIN, rest).await;
    }
    response
}
