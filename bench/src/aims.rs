//! The aims that the tables are read for, and whether each is met.

mod images;
mod index;
mod merges;
mod serve;
mod store;

use crate::inputs::Step;
use crate::micro::Micro;
use crate::rounds::{Measured, Results};
use crate::size::Size;
use crate::stats::{Samples, all_megabytes, megabytes};
use crate::stream::Streamed;
pub(crate) use images::of_images;
pub(crate) use index::of_index;
pub(crate) use merges::of_merges;
pub(crate) use serve::of_serve;
pub(crate) use store::{of_store, slowdown};

/// Most memory a hub or client may take while something comes in, in bytes.
const MEMORY: u64 = 300_000_000;

/// Whether one aim is met.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) aim: &'static str,
    pub(crate) met: bool,
    /// The numbers behind it, in words.
    pub(crate) because: String,
}

impl Verdict {
    fn new(aim: &'static str, met: bool, because: String) -> Self {
        Self { aim, met, because }
    }
}

/// Median seconds of one step.
fn wall(measured: &Measured, step: Step) -> f64 {
    measured.ingests(step).iter().map(|ingest| ingest.usage.wall).collect::<Samples>().median()
}

/// Median bytes on the disk, of `sizes`.
fn disk(sizes: &[Size]) -> f64 {
    all_megabytes(sizes.iter().map(|size| size.disk)).median()
}

fn smallest<'a>(
    all: impl Iterator<Item = &'a Measured>,
    of: impl Fn(&Measured) -> f64,
) -> (&'static str, f64) {
    all.map(|one| (one.title, of(one))).min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or(("", 0.0))
}

/// The aims of the `peers` part, in the order of the design.
pub(crate) fn of_peers(results: &Results) -> Vec<Verdict> {
    let mut verdicts = of_new(results);
    verdicts.extend(of_again(results));
    verdicts.extend(of_stored(results));
    verdicts.extend(of_extraction(results));
    verdicts.push(of_memory(results));
    verdicts
}

fn ours(results: &Results) -> impl Iterator<Item = &Measured> {
    results.contenders.iter().filter(|one| one.ours)
}

fn peers(results: &Results) -> impl Iterator<Item = &Measured> {
    results.contenders.iter().filter(|one| !one.ours)
}

/// What comes for the first time.
fn of_new(results: &Results) -> Vec<Verdict> {
    let (peer, peer_wall) = smallest(peers(results), |one| wall(one, Step::New));
    let mut verdicts = Vec::new();
    for one in ours(results) {
        let ratio = peer_wall / wall(one, Step::New);
        verdicts.push(Verdict::new(
            "new data: 4 times as fast as the fastest peer",
            ratio >= 4.0,
            format!("{}: {ratio:.2} times as fast as {peer}", one.title),
        ));
    }
    for one in ours(results) {
        let Some(gzipped) = one.gzipped else { continue };
        let floor = results.references.floor(Step::New, gzipped).median();
        let ratio = wall(one, Step::New) / floor;
        verdicts.push(Verdict::new(
            "new data: at most 1.5 times the least work over two cores",
            ratio <= 1.5,
            format!("{}: {ratio:.2} times the {floor:.3} s of that work", one.title),
        ));
    }
    verdicts
}

/// What comes a second time.
fn of_again(results: &Results) -> Vec<Verdict> {
    let gzip = results.references.inflate.iter().map(|usage| usage.wall).collect::<Samples>();
    let mut verdicts = Vec::new();
    for one in ours(results).filter(|one| one.gzipped == Some(true)) {
        let ratio = wall(one, Step::Again) / gzip.median();
        verdicts.push(Verdict::new(
            "again, unchanged: at most the time of `gzip -dc`",
            ratio <= 1.0,
            format!("{}: {ratio:.2} times {:.3} s", one.title, gzip.median()),
        ));
    }
    for one in ours(results) {
        let wrote: u64 = one.again.iter().filter_map(|ingest| ingest.payload).sum();
        verdicts.push(Verdict::new(
            "again, unchanged: no payload is written",
            wrote == 0,
            format!("{}: {wrote} bytes", one.title),
        ));
    }
    verdicts
}

/// What both images take on the disk.
fn of_stored(results: &Results) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let (smallest_peer, least) = smallest(peers(results), |one| disk(&one.stored));
    for one in ours(results) {
        let more = |sizes| (disk(sizes) / least - 1.0) * 100.0;
        let (now, lasting) = (more(&one.stored), more(&one.lasting));
        verdicts.push(Verdict::new(
            "stored size of both images: at most 3 % more than the smallest peer",
            now <= 3.0,
            format!(
                "{}: {now:+.1} % against {smallest_peer} as it lies, {lasting:+.1} % after a restart",
                one.title
            ),
        ));
    }
    verdicts
}

/// What comes out again.
fn of_extraction(results: &Results) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let tar = results.references.extract.iter().map(|usage| usage.wall).collect::<Samples>();
    for one in ours(results) {
        let pull = one.restore.iter().map(|usage| usage.wall).collect::<Samples>();
        let ratio = pull.median() / tar.median();
        verdicts.push(Verdict::new(
            "extraction: at most 1.2 times the time of `tar -xf`, nothing different",
            ratio <= 1.2 && one.differences == 0,
            format!("{}: {ratio:.2} times; {} entries differ", one.title, one.differences),
        ));
    }
    verdicts
}

fn of_memory(results: &Results) -> Verdict {
    let ingests =
        ours(results).flat_map(|one| Step::ALL.into_iter().flat_map(|step| one.ingests(step)));
    let (mut hub, mut client) = (0, 0);
    for ingest in ingests {
        hub = hub.max(ingest.usage.hub_peak);
        client = client.max(ingest.usage.program_peak);
    }
    Verdict::new(
        "memory while taking the images in: under 300 MB",
        hub.max(client) < MEMORY,
        format!("hub {:.0} MB, hub-client {:.0} MB", megabytes(hub), megabytes(client)),
    )
}

/// The aim of the `stream` part.
pub(crate) fn of_stream(streamed: &Streamed) -> Verdict {
    Verdict::new(
        "memory for an archive of any length: under 300 MB",
        streamed.peak < MEMORY,
        format!(
            "hub {:.0} MB for {:.1} GB",
            megabytes(streamed.peak),
            megabytes(streamed.bytes) / 1000.0
        ),
    )
}

/// The aim of the `micro` part.
pub(crate) fn of_micro(micro: &Micro) -> Verdict {
    let rates = [&micro.absent, &micro.half, &micro.present];
    let slowest = rates.iter().map(|rate| rate.median()).fold(f64::INFINITY, f64::min);
    Verdict::new(
        "missing: over 500,000 ids a second in the store",
        slowest > 500_000.0,
        format!("{slowest:.0} ids a second in the slowest of three cases"),
    )
}
