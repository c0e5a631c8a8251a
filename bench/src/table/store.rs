//! The tables of the `store` part.

use super::{head, row, say};
use crate::aims::slowdown;
use crate::stats::{Samples, megabytes};
use crate::store::{ASKED, Doing, Results, ScrubRates, Swept};

/// Prints them.
pub(crate) fn store(results: &Results) {
    say(&format!("\nA large store. Medians of {} rounds, with the range.", results.runs));
    filled(results);
    missing(results);
    sweeps(results);
    pushes(results);
    scrubs(results);
}

#[expect(clippy::cast_precision_loss, reason = "tens of millions")]
fn filled(results: &Results) {
    let filled = &results.filled;
    let rate = filled.objects as f64 / filled.seconds;
    let each = results.disk as f64 / filled.objects as f64;
    head(&["the store", ""]);
    for (name, value) in [
        (
            "objects",
            format!(
                "{} ({} chunks in {} flists, {} of them garbage)",
                filled.objects, filled.chunks, filled.flists, filled.garbage
            ),
        ),
        (
            "filled in",
            format!(
                "{:.0} s, {rate:.0} objects a second, a barrier for each flist; quiet {:.0} s later",
                filled.seconds, filled.settled
            ),
        ),
        ("on disk", format!("{:.0} MB, {each:.0} bytes an object", megabytes(results.disk))),
        ("peak memory of filling", format!("{:.0} MB", megabytes(filled.peak))),
        ("open, cold", format!("{} s", results.open.cold.show(2))),
        ("open, warm", format!("{} s", results.open.warm.show(2))),
        ("peak memory of opening", format!("{:.0} MB", megabytes(results.open_peak))),
    ] {
        row(&[name.to_owned(), value]);
    }
}

fn missing(results: &Results) {
    let title = format!("`missing` for {ASKED} ids, ids a second");
    head(&[&title, "first question, cold", "first question, warm", "later, warm", "peak, MB"]);
    for (name, asked) in &results.asked {
        row(&[
            (*name).to_owned(),
            asked.first.cold.show(0),
            asked.first.warm.show(0),
            asked.later.show(0),
            format!("{:.0}", megabytes(asked.peak)),
        ]);
    }
}

fn sweeps(results: &Results) {
    head(&["sweep", "alone", "beside pushes"]);
    let line = |name: &str, decimals: usize, of: &dyn Fn(&Swept) -> f64| {
        let show = |sweeps: &[Swept]| sweeps.iter().map(of).collect::<Samples>().show(decimals);
        row(&[name.to_owned(), show(&results.alone), show(&results.beside)]);
    };
    line("mark and plan, s", 1, &|sweep| sweep.marking);
    line("delete, s", 1, &|sweep| sweep.deleting);
    line("mark, plan and delete, s", 1, &|sweep| sweep.marking + sweep.deleting);
    line("memory before, MB", 0, &|sweep| megabytes(sweep.memory_before));
    line("peak memory until then, MB", 0, &|sweep| megabytes(sweep.peak));
    line("give space back, s (beside pushes ended after two minutes)", 1, &|sweep| {
        sweep.reclaiming
    });
    line("peak memory to the end, MB", 0, &|sweep| megabytes(sweep.peak_reclaiming));
    #[expect(clippy::cast_precision_loss, reason = "tens of millions")]
    {
        line("objects kept", 0, &|sweep| sweep.kept as f64);
        line("objects removed", 0, &|sweep| sweep.removed as f64);
    }
    line("on disk before, MB", 1, &|sweep| megabytes(sweep.disk_before));
    line("on disk after, MB", 1, &|sweep| megabytes(sweep.disk_after));
}

fn pushes(results: &Results) {
    head(&["a push while the sweep", "pushes", "p50, ms", "p99, ms", "mean, times one alone"]);
    for (name, doing) in [
        ("stops", Doing::Nothing),
        ("marks and plans", Doing::Marking),
        ("deletes", Doing::Deleting),
        ("gives space back", Doing::Reclaiming),
    ] {
        let times = results.beside.iter().filter_map(|sweep| sweep.pushes.get(&doing)).flatten();
        let times: Vec<f64> = times.copied().collect();
        let (count, times): (_, Samples) = (times.len(), times.into_iter().collect());
        row(&[
            name.to_owned(),
            count.to_string(),
            format!("{:.1}", times.percentile(50)),
            format!("{:.1}", times.percentile(99)),
            slowdown(&results.beside, &[doing]).show(2),
        ]);
    }
}

fn scrubs(results: &Results) {
    let title = format!(
        "scrub of {:.1} GB of text in chunks of 64 KiB, MB of frames a second",
        megabytes(results.scrub_bytes) / 1e3
    );
    head(&[
        &title,
        "scrub",
        "plain file: read, unpack, hash",
        "plain file: read",
        "scrub / read, unpack, hash",
    ]);
    for (name, rates) in [("cold", &results.scrub.cold), ("warm", &results.scrub.warm)] {
        let ScrubRates { scrub, least, read, ratio } = rates;
        row(&[name.to_owned(), scrub.show(0), least.show(0), read.show(0), ratio.show(2)]);
    }
    say(&format!("\nPeak memory of scrubbing: {:.0} MB.", megabytes(results.scrub_peak)));
}
