//! Requests: how many, how long until their answers began, how many run, how many bytes went out.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// The route of a request that none matches.
const NO_ROUTE: &str = "none";

/// Upper bounds of the latencies' buckets, in seconds: small reads take less than one millisecond, merges and
/// publishes of large trees seconds, uploads minutes.
const BUCKETS: [f64; 16] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0,
    600.0,
];

/// What was asked for: the method and the pattern of the route, never the path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Asked {
    method: &'static str,
    route: String,
}

impl Asked {
    /// `route` is the pattern that matched. A method that HTTP does not know by name is `other`: a caller
    /// may make up any number of them.
    pub fn new(method: &str, route: Option<&str>) -> Self {
        const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
        let method = METHODS.into_iter().find(|known| *known == method).unwrap_or("other");
        Self { method, route: route.unwrap_or(NO_ROUTE).to_owned() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: String,
    status: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Timed {
    method: &'static str,
    route: String,
    class: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Sent {
    route: String,
}

/// What is counted of requests.
#[derive(Debug)]
pub struct Requests {
    answered: Family<Answered, Counter>,
    durations: Family<Timed, Histogram>,
    sent: Family<Sent, Counter>,
    abandoned: Counter,
    running: Gauge,
}

/// A request that runs, until its answer has been sent or given up.
#[derive(Debug)]
pub struct Running {
    gauge: Gauge,
    abandoned: Counter,
    /// Bytes of the answer's body; `None` before there is an answer.
    sent: Option<Counter>,
}

impl Requests {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let durations = || Histogram::new(BUCKETS);
        let requests = Self {
            answered: Family::default(),
            durations: Family::new_with_constructor(durations),
            sent: Family::default(),
            abandoned: Counter::default(),
            running: Gauge::default(),
        };
        registry.register(
            "http_requests",
            "Requests that were answered, by route pattern and status",
            requests.answered.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "Time from a request's headers to the beginning of its answer",
            Unit::Seconds,
            requests.durations.clone(),
        );
        registry.register_with_unit(
            "http_response_body",
            "Bytes of the bodies of answers",
            Unit::Bytes,
            requests.sent.clone(),
        );
        registry.register(
            "http_requests_abandoned",
            "Requests whose callers went away before there was an answer",
            requests.abandoned.clone(),
        );
        registry.register(
            "http_requests_in_flight",
            "Requests that run, until the last byte of the answer",
            requests.running.clone(),
        );
        requests
    }

    /// A request came.
    pub fn came(&self) -> Running {
        self.running.inc();
        Running { gauge: self.running.clone(), abandoned: self.abandoned.clone(), sent: None }
    }

    /// It has an answer, which is still to be sent.
    pub fn answered(&self, running: &mut Running, asked: Asked, status: u16, took: Duration) {
        let Asked { method, route } = asked;
        running.sent = Some(self.sent.get_or_create_owned(&Sent { route: route.clone() }));
        let timed = Timed { method, route: route.clone(), class: class(status) };
        self.durations.get_or_create(&timed).observe(took.as_secs_f64());
        self.answered.get_or_create(&Answered { method, route, status: status.into() }).inc();
    }
}

impl Running {
    /// So many bytes of the answer's body were sent.
    pub fn sent(&self, bytes: u64) {
        if let Some(sent) = &self.sent {
            sent.inc_by(bytes);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.gauge.dec();
        if self.sent.is_none() {
            self.abandoned.inc();
        }
    }
}

fn class(status: u16) -> &'static str {
    match status / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}
