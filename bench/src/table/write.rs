//! The tables of the `write` part.

use super::{head, row, say};
use crate::stats::megabytes;
use crate::write::{Large, Measured, Results, SMALL, Small, THREADS};

/// Prints them.
pub(crate) fn write(results: &Results) {
    say(&format!("\nWrite paths. Medians of {} rounds, with the range.", results.runs));
    let plans = &results.plans;
    let title = format!(
        "one publish of {:.0} MB that do not compress, chunks of {} KiB",
        megabytes(plans.random.bytes()),
        plans.random.chunk >> 10
    );
    large(&title, &results.ways, |way| &way.random);
    let title = format!(
        "one publish of {:.0} MB of text, chunks of {} KiB",
        megabytes(plans.text.bytes()),
        plans.text.chunk >> 10
    );
    large(&title, &results.ways, |way| &way.text);
    let title = format!("{SMALL} publishes of 200 KB, one after the other");
    small(&title, &results.ways, |way| &way.one);
    let title = format!("{SMALL} publishes of 200 KB, from {THREADS} threads");
    small(&title, &results.ways, |way| &way.many);
    let title = format!(
        "publishes of 200 KB, one after the other, beside one of {:.0} MB",
        megabytes(plans.beside.bytes())
    );
    small(&title, &results.ways, |way| &way.beside);
}

fn large(title: &str, ways: &[Measured], of: impl Fn(&Measured) -> &Large) {
    head(&[
        title,
        "MB of frames a second",
        "times the plain file",
        "waiting for chunks, %",
        "barrier, s",
        "disk / frames, open",
        "disk / frames, opened again",
        "files",
    ]);
    for way in ways {
        let large = of(way);
        row(&[
            way.way.title(),
            large.rate.show(0),
            large.ratio.show(2),
            large.waited.show(0),
            large.barrier.show(2),
            large.open.show(3),
            large.reopened.show(3),
            large.files.show(0),
        ]);
    }
}

fn small(title: &str, ways: &[Measured], of: impl Fn(&Measured) -> &Small) {
    head(&[
        title,
        "publishes a second",
        "times the plain file",
        "barrier p50, ms",
        "barrier p99, ms",
        "the large one, MB a second",
        "disk / frames, open",
        "files",
    ]);
    for way in ways {
        let small = of(way);
        row(&[
            way.way.title(),
            small.rate.show(0),
            small.ratio.show(2),
            format!("{:.2}", small.barrier.percentile(50)),
            format!("{:.2}", small.barrier.percentile(99)),
            if small.large.median() > 0.0 { small.large.show(0) } else { String::new() },
            small.open.show(3),
            small.files.show(0),
        ]);
    }
}
