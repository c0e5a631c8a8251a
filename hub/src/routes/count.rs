//! Counts requests for the metrics: by method, by the pattern of the route and by status. Adds no more to a
//! request than some look-ups in memory.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

use crate::metrics::{Asked, Metrics, Running};

/// Counts one request, which runs until the last byte of its answer was taken.
pub(super) async fn count(
    State(metrics): State<Arc<Metrics>>,
    request: Request,
    next: Next,
) -> Response {
    let pattern = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let asked = Asked::new(request.method().as_str(), pattern);
    let mut running = metrics.requests.came();
    let began = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    metrics.requests.answered(&mut running, asked, status, began.elapsed());
    response.map(|body| Body::new(Counted { body, running }))
}

/// A body whose bytes are counted.
struct Counted {
    body: Body,
    running: Running,
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            self.running.sent(data.len() as u64);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
