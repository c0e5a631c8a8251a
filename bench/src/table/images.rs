//! The tables of the `images` part.

use super::{head, row, say};
use crate::images::{Exported, Measured, Results, Tag, Taken};
use crate::stats::{Samples, all_megabytes, megabytes};

/// The results of the `images` part.
pub(crate) fn images(results: &Results) {
    let Results { runs, layers, packed, plain, .. } = results;
    say(&format!(
        "\nMedians of {runs} rounds, with the range. app:1 has {layers} layers, {:.1} MB gzipped, {:.1} MB plain.",
        megabytes(*packed),
        megabytes(*plain)
    ));
    taken("seconds", results, |of| of.iter().map(|one| one.usage.wall).collect(), 2);
    let inflate: Samples = results.inflate.iter().map(|usage| usage.wall).collect();
    row(&["`gzip -dc` of the layers".to_owned(), inflate.show(2), String::new(), String::new()]);
    taken("processor seconds", results, |of| of.iter().map(|one| one.usage.cpu).collect(), 2);
    taken("peak memory, MB", results, |of| all_megabytes(of.iter().map(peak)), 0);
    taken("fetched, MB", results, |of| all_megabytes(of.iter().map(|one| one.fetched)), 1);
    head(&["who", "how"]);
    for Measured { title, settings, .. } in &results.contenders {
        row(&[(*title).to_owned(), (*settings).to_owned()]);
    }
    stored(results);
    exported(&results.exported);
}

fn peak(taken: &Taken) -> u64 {
    taken.usage.hub_peak.max(if taken.usage.hub_peak == 0 { taken.usage.program_peak } else { 0 })
}

fn taken(what: &str, results: &Results, of: impl Fn(&[Taken]) -> Samples, decimals: usize) {
    let columns = Tag::ALL.map(|tag| format!("app:{}", tag.word()));
    let mut titles = vec![what];
    titles.extend(columns.iter().map(String::as_str));
    head(&titles);
    for Measured { title, taken, .. } in &results.contenders {
        let mut cells = vec![(*title).to_owned()];
        cells.extend(taken.iter().map(|taken| of(taken).show(decimals)));
        row(&cells);
    }
}

fn stored(results: &Results) {
    head(&[
        "stored, MB",
        "registry",
        "hub, after a restart",
        "frames of that",
        "hub / registry",
        "hub, running",
        "hub, running / registry",
    ]);
    for stored in &results.stored {
        let registry = megabytes(stored.registry);
        let (running, lasting) = (megabytes(stored.hub.disk), megabytes(stored.lasting.disk));
        row(&[
            stored.what.to_owned(),
            format!("{registry:.1}"),
            format!("{lasting:.1}"),
            format!("{:.1}", megabytes(stored.frames)),
            format!("{:.0} %", lasting / registry * 100.0),
            format!("{running:.1}"),
            format!("{:.0} %", running / registry * 100.0),
        ]);
    }
}

fn exported(all: &[Exported]) {
    let Some(first) = all.first() else { return };
    let title = format!("app:1 as .tar.zst, {:.1} MB of tar", megabytes(first.tar));
    head(&[&title, "MB of tar a second", "zstd's time / ours", "MB of .tar.zst"]);
    let rate = |of: &dyn Fn(&Exported) -> f64| {
        all.iter().map(|one| megabytes(one.tar) / of(one)).collect::<Samples>().show(0)
    };
    let ratio = |of: &dyn Fn(&Exported) -> f64| {
        all.iter().map(|one| of(one) / one.export).collect::<Samples>().show(2)
    };
    let cpu: Samples = all.iter().map(|one| one.cpu).collect();
    let (ours, theirs) = (megabytes(first.ours), megabytes(first.theirs));
    for (name, rate, ratio, size) in [
        (
            format!("export by the hub, {} s of its processor time", cpu.show(2)),
            rate(&|one| one.export),
            String::new(),
            ours,
        ),
        ("`zstd -1 -T1`".to_owned(), rate(&|one| one.one), ratio(&|one| one.one), theirs),
        ("`zstd -1 -T0`".to_owned(), rate(&|one| one.all), ratio(&|one| one.all), theirs),
    ] {
        row(&[name, rate, ratio, format!("{size:.1}")]);
    }
}
