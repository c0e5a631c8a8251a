//! Writing measured numbers into a registry: each is set once and read once.

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Metric, Registry, Unit};

type Value = Gauge<f64, AtomicU64>;
type Total = Counter<f64, AtomicU64>;
type Labels = Vec<(&'static str, String)>;

/// A number with the labels that tell it from others of its name.
pub(super) type Row<'a> = (&'a [(&'static str, &'a str)], f64);

/// A count as the format has it.
#[expect(clippy::cast_precision_loss, reason = "the format knows floating point alone")]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}

/// Truth as the format has it.
pub(super) fn flag(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

/// A number that goes up and down.
pub(super) fn gauge(to: &mut Registry, name: &str, help: &str, unit: Option<Unit>, value: f64) {
    let gauge = Value::default();
    gauge.set(value);
    register(to, name, help, unit, gauge);
}

/// Numbers of one name.
pub(super) fn gauges(
    to: &mut Registry,
    name: &str,
    help: &str,
    unit: Option<Unit>,
    rows: &[Row<'_>],
) {
    let family = Family::<Labels, Value>::default();
    for (labels, value) in rows {
        family.get_or_create(&owned(labels)).set(*value);
    }
    register(to, name, help, unit, family);
}

/// A number that only ever goes up.
pub(super) fn counter(to: &mut Registry, name: &str, help: &str, unit: Option<Unit>, value: f64) {
    let counter = Total::default();
    counter.inc_by(value);
    register(to, name, help, unit, counter);
}

/// Numbers of one name that only ever go up.
pub(super) fn counters(to: &mut Registry, name: &str, help: &str, rows: &[Row<'_>]) {
    let family = Family::<Labels, Total>::default();
    for (labels, value) in rows {
        family.get_or_create(&owned(labels)).inc_by(*value);
    }
    register(to, name, help, None, family);
}

fn register(to: &mut Registry, name: &str, help: &str, unit: Option<Unit>, metric: impl Metric) {
    match unit {
        Some(unit) => to.register_with_unit(name, help, unit, metric),
        None => to.register(name, help, metric),
    }
}

fn owned(labels: &[(&'static str, &str)]) -> Labels {
    labels.iter().map(|(key, value)| (*key, (*value).to_owned())).collect()
}
