//! The aims of the `serve` part.

use super::Verdict;
use crate::serve::{Measured, Results, Sort};
use crate::stats::megabytes;

/// Most memory of the hub while it serves, in bytes: its caches, and what is under way.
const MEMORY: u64 = 500_000_000;

pub(crate) fn of_serve(results: &Results) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for measured in results.things.iter().filter(|measured| measured.thing.aimed) {
        match measured.thing.sort {
            Sort::Small => verdicts.extend(of_small(measured)),
            Sort::Large => verdicts.push(of_large(measured)),
        }
    }
    let errors: u64 = results.things.iter().map(|measured| measured.ours.errors).sum();
    verdicts.push(Verdict::new(
        "serving: no answer fails",
        errors == 0,
        format!("{errors} of them failed"),
    ));
    verdicts.push(Verdict::new(
        "memory while serving: under 500 MB",
        results.peak < MEMORY,
        format!("{:.0} MB", megabytes(results.peak)),
    ));
    verdicts
}

fn of_small(measured: &Measured) -> [Verdict; 2] {
    let (ours, theirs) = (&measured.ours, &measured.theirs);
    let (rate, p99) = (ours.requests.median() / theirs.requests.median(), ours.p99.median());
    let title = measured.thing.title;
    [
        Verdict::new(
            "small answers: at least a third of nginx's rate",
            rate >= 1.0 / 3.0,
            format!("{title}: {:.0} %", rate * 100.0),
        ),
        Verdict::new(
            "small answers at 64 connections: 99 in 100 within 10 ms",
            p99 < 10.0,
            format!("{title}: {p99:.1} ms"),
        ),
    ]
}

fn of_large(measured: &Measured) -> Verdict {
    let rate = measured.ours.bytes.median() / measured.theirs.bytes.median();
    Verdict::new(
        "one large file: at least half of nginx's throughput",
        rate >= 0.5,
        format!("{}: {:.0} %", measured.thing.title, rate * 100.0),
    )
}
