//! The tables of the `serve` part.

use super::{head, row, say};
use crate::serve::{CONNECTIONS, LARGE_CONNECTIONS, Measured, Results, Side, Sort};
use crate::stats::megabytes;

/// Prints them.
pub(crate) fn serve(results: &Results) {
    say(&format!(
        "\nServing. Medians of {} rounds of {} s each, with the range.",
        results.runs, results.seconds
    ));
    let of = |sort| results.things.iter().filter(move |measured| measured.thing.sort == sort);
    head(&[
        &format!("small answers, {CONNECTIONS} connections"),
        "bytes",
        "hub, requests/s",
        "nginx, requests/s",
        "hub / nginx",
        "hub p50, ms",
        "hub p99, ms",
        "nginx p50, ms",
        "nginx p99, ms",
    ]);
    for measured in of(Sort::Small) {
        let length = measured.thing.part.map_or(measured.length, u64::from);
        let (ours, theirs) = (&measured.ours, &measured.theirs);
        let mut cells = start(measured, length.to_string(), |side| side.requests.show(0));
        cells.push(ratio(ours.requests.median(), theirs.requests.median()));
        for times in [&ours.p50, &ours.p99, &theirs.p50, &theirs.p99] {
            cells.push(times.show(1));
        }
        row(&cells);
    }
    head(&[
        &format!("one file, {LARGE_CONNECTIONS} connections"),
        "MB",
        "hub, MB/s",
        "nginx, MB/s",
        "hub / nginx",
    ]);
    for measured in of(Sort::Large) {
        let rate = |side: &Side| format!("{:.0}", side.bytes.median() / 1e6);
        let length = format!("{:.0}", megabytes(measured.length));
        let mut cells = start(measured, length, rate);
        cells.push(ratio(measured.ours.bytes.median(), measured.theirs.bytes.median()));
        row(&cells);
    }
    say(&format!("\nThe hub's peak memory meanwhile: {:.0} MB.", megabytes(results.peak)));
}

fn start(measured: &Measured, length: String, rate: impl Fn(&Side) -> String) -> Vec<String> {
    let title = measured.thing.title.to_owned();
    vec![title, length, rate(&measured.ours), rate(&measured.theirs)]
}

fn ratio(ours: f64, theirs: f64) -> String {
    format!("{:.2}", ours / theirs)
}
