//! The aims of the `images` part.

use super::Verdict;
use crate::images::{Measured, Results};
use crate::stats::{Samples, megabytes};

/// Most memory of the hub while it converts, in bytes.
const MEMORY: u64 = 400_000_000;

/// Most of what the registry keeps that two related images may take.
const SHARE: f64 = 0.6;

/// How many times as fast as `zstd -1` an export is.
const EXPORT: f64 = 3.0;

/// The aims, in the order of the tables.
pub(crate) fn of_images(results: &Results) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let Some((ours, others)) = results.contenders.split_first() else { return verdicts };
    for other in others {
        let (mine, theirs) = (wall(ours), wall(other));
        verdicts.push(Verdict::new(
            "converting a new image: faster than fetching it otherwise",
            mine < theirs,
            format!("{mine:.2} s, {} {theirs:.2} s", other.title),
        ));
    }
    let peak = ours.taken.iter().flatten().map(|taken| taken.usage.hub_peak).max().unwrap_or(0);
    verdicts.push(Verdict::new(
        "memory of the hub while it converts: under 400 MB",
        peak < MEMORY,
        format!("{:.0} MB", megabytes(peak)),
    ));
    for stored in results.stored.iter().skip(1) {
        let of = |size: u64| megabytes(size) / megabytes(stored.registry);
        let (running, lasting) = (of(stored.hub.disk), of(stored.lasting.disk));
        verdicts.push(Verdict::new(
            "two related images: at most 60 % of what the registry keeps",
            lasting <= SHARE,
            format!(
                "{}: {:.0} % after a restart, {:.0} % while the hub runs",
                stored.what,
                lasting * 100.0,
                running * 100.0
            ),
        ));
    }
    let ratio = results.exported.iter().map(|one| one.one / one.export).collect::<Samples>();
    verdicts.push(Verdict::new(
        "export as .tar.zst: at least 3 times as fast as `zstd -1`",
        ratio.median() >= EXPORT,
        format!("{:.2} times", ratio.median()),
    ));
    verdicts
}

/// Median seconds for the first image.
fn wall(measured: &Measured) -> f64 {
    let first = measured.taken.first().into_iter().flatten();
    first.map(|taken| taken.usage.wall).collect::<Samples>().median()
}
