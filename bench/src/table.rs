//! The tables, in Markdown on standard output. Those of the larger parts are below, in files of their own.

mod images;
mod index;
mod merges;
mod peers;
mod serve;
mod store;
mod write;

use std::io::Write as _;

use crate::aims::Verdict;
use crate::micro::Micro;
use crate::stats::{all_megabytes, megabytes};
use crate::stream::Streamed;

pub(crate) use images::images;
pub(crate) use index::index;
pub(crate) use merges::merges;
pub(crate) use peers::peers;
pub(crate) use serve::serve;
pub(crate) use store::store;
pub(crate) use write::write;

/// Prints a line. Nobody reads them if that fails, so the measurement goes on.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn head(columns: &[&str]) {
    say(&format!("\n| {} |", columns.join(" | ")));
    say(&format!("|{}", "---|".repeat(columns.len())));
}

fn row(cells: &[String]) {
    say(&format!("| {} |", cells.join(" | ")));
}

/// Where it ran.
pub(crate) fn machine(facts: &[(&'static str, String)]) {
    head(&["machine", ""]);
    for (name, value) in facts {
        row(&[(*name).to_owned(), value.clone()]);
    }
}

/// The results of the `stream` part.
pub(crate) fn stream(streamed: &Streamed) {
    head(&["one generated archive, uploaded", ""]);
    let rate = megabytes(streamed.bytes) / streamed.wall;
    let path = all_megabytes(streamed.resident.iter().copied());
    let steps: Vec<_> =
        streamed.resident.iter().map(|bytes| format!("{:.0}", megabytes(*bytes))).collect();
    let report = &streamed.report;
    for (name, value) in [
        (
            "archive",
            format!("{:.2} GB, {} entries", megabytes(streamed.bytes) / 1e3, report.entries),
        ),
        (
            "content",
            format!(
                "{:.2} GB, {} chunks, {} new",
                megabytes(report.bytes) / 1e3,
                report.chunks,
                report.new_chunks
            ),
        ),
        (
            "time",
            format!(
                "{:.1} s, {rate:.0} MB/s; hub's processor time {:.1} s",
                streamed.wall, streamed.cpu
            ),
        ),
        (
            "stored",
            format!(
                "{:.2} GB of frames, {:.2} GB on disk",
                megabytes(report.stored_bytes) / 1e3,
                megabytes(streamed.stored.disk) / 1e3
            ),
        ),
        ("hub's peak memory", format!("{:.0} MB", megabytes(streamed.peak))),
        (
            "hub's memory on the way",
            format!("{} MB; largest {:.0}", steps.join(", "), path.largest()),
        ),
    ] {
        row(&[name.to_owned(), value]);
    }
}

/// The results of the `micro` part.
pub(crate) fn micro(micro: &Micro) {
    let title = format!("`missing` for {} ids, store of {}", micro.asked, micro.stored);
    head(&[&title, "ids a second"]);
    for (name, rate) in
        [("none is there", &micro.absent), ("half are", &micro.half), ("all are", &micro.present)]
    {
        row(&[name.to_owned(), rate.show(0)]);
    }
}

/// Whether the aims are met.
pub(crate) fn verdicts(verdicts: &[Verdict]) {
    head(&["aim", "met", "measured"]);
    for verdict in verdicts {
        let met = if verdict.met { "yes" } else { "**no**" };
        row(&[verdict.aim.to_owned(), met.to_owned(), verdict.because.clone()]);
    }
}
