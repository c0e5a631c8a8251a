//! What the hub tells whoever watches over it: what it has counted since it started, and how large things
//! are now, as text that Prometheus reads. `docs/operations.md` says what each figure means.
//!
//! Nothing here knows HTTP or SQL. Labels take few values each: never a name, a path or an address, so that
//! no caller can make the list of series grow.

mod figures;
mod gather;
mod kept;
mod last;
mod process;
mod requests;
mod sheet;
mod show;

use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

pub use self::requests::{Asked, Requests, Running};
use crate::jobs::JobSpec;
use crate::state::Hub;

/// The media type of the text.
pub const TEXT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What each name begins with, apart from those that every program has.
const PREFIX: &str = "flisthub";

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    Succeeded,
    Failed,
    Cancelled,
}

impl Outcome {
    const ALL: [Self; 3] = [Self::Succeeded, Self::Failed, Self::Cancelled];
}

impl EncodeLabelValue for Outcome {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        let word = match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        };
        EncodeLabelValue::encode(&word, encoder)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    kind: &'static str,
    outcome: Outcome,
}

/// Everything that is counted while the hub runs, and what was measured lately. One for each hub.
pub struct Metrics {
    /// Requests over HTTP.
    pub requests: Requests,
    connections: Gauge,
    accept_failures: Counter,
    connections_refused: Counter,
    jobs_ended: Family<Ended, Counter>,
    counted: Registry,
    measured: gather::Measured,
}

/// A connection that is open for as long as this lives.
pub struct Connected(Gauge);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut counted = Registry::with_prefix(PREFIX);
        let requests = Requests::new(&mut counted);
        let connections = Gauge::default();
        let (accept_failures, connections_refused) = (Counter::default(), Counter::default());
        counted.register("connections", "Open connections", connections.clone());
        counted.register(
            "accept_failures",
            "Connections that the system did not give: out of descriptors, most often",
            accept_failures.clone(),
        );
        counted.register(
            "connections_refused",
            "Connections that were closed at once: their address had as many as may be",
            connections_refused.clone(),
        );
        let jobs_ended = Family::<Ended, Counter>::default();
        // All from the start: what first appears with its first failure shows no increase to whoever watches.
        for kind in JobSpec::KINDS {
            for outcome in Outcome::ALL {
                drop(jobs_ended.get_or_create(&Ended { kind, outcome }));
            }
        }
        counted.register("jobs_ended", "Jobs that ended since the hub started", jobs_ended.clone());
        let measured = gather::Measured::default();
        Self {
            requests,
            connections,
            accept_failures,
            connections_refused,
            jobs_ended,
            counted,
            measured,
        }
    }
}

impl Metrics {
    /// A connection was opened.
    pub fn connected(&self) -> Connected {
        self.connections.inc();
        Connected(self.connections.clone())
    }

    /// The system gave no connection although one was asked for.
    pub fn accept_failed(&self) {
        self.accept_failures.inc();
    }

    /// A connection was closed at once because its address has as many as may be.
    pub fn connection_refused(&self) {
        self.connections_refused.inc();
    }

    /// A job has ended. One of a kind that this version does not know counts nowhere.
    pub(crate) fn job_ended(&self, kind: &str, outcome: Outcome) {
        if let Some(kind) = JobSpec::KINDS.into_iter().find(|known| *known == kind) {
            self.jobs_ended.get_or_create(&Ended { kind, outcome }).inc();
        }
    }

    /// Everything as text. What has to be measured is measured at most every few seconds.
    pub async fn text(&self, hub: &Hub) -> String {
        let figures = self.measured.take(hub).await;
        let mut shown = Registry::with_prefix(PREFIX);
        show::show(hub, &figures, &mut shown);
        let mut own = Registry::default();
        process::show(&mut own);
        let mut text = String::new();
        // Writing to a string does not fail; a part that did would be cut off before its end mark.
        let written = [&self.counted, &shown, &own]
            .into_iter()
            .try_for_each(|registry| encode_registry(&mut text, registry))
            .and_then(|()| encode_eof(&mut text));
        if written.is_err() {
            tracing::error!("the metrics could not be written");
        }
        text
    }
}
