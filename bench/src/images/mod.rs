//! The `images` part: converting a container image beside those who fetch it otherwise, what two related
//! ones take in the store, and exporting one. In each round everyone begins with nothing, and each image is
//! fetched by all, one after the other, before the next image comes; who comes first changes.

mod contenders;
mod daemon;
mod engine;
mod export;
mod rebuilt;
mod registry;
mod stage;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use tokio::runtime::Handle;

use crate::hub::Programs;
use crate::run::{self, Usage};
use crate::size::{self, Size};
use contenders::Contender;
pub(crate) use export::Exported;
use registry::Registry;
pub(crate) use stage::{Stage, Tag};

/// One image, fetched and unpacked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    pub(crate) usage: Usage,
    /// Bytes that the registry sent.
    pub(crate) fetched: u64,
}

/// Everything measured of one contender, one of each for every round.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) title: &'static str,
    pub(crate) settings: &'static str,
    /// In the order of [`Tag::ALL`].
    pub(crate) taken: [Vec<Taken>; 3],
}

/// What some images take.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) what: &'static str,
    /// In the registry: blobs and manifests.
    pub(crate) registry: u64,
    /// In the hub's data directory: while it runs, and after a restart.
    pub(crate) hub: Size,
    pub(crate) lasting: Size,
    /// The frames of that.
    pub(crate) frames: u64,
}

/// What was measured in one run.
#[derive(Debug)]
pub(crate) struct Results {
    pub(crate) runs: u32,
    /// Layers of the first image, their bytes as they are stored, and plain.
    pub(crate) layers: usize,
    pub(crate) packed: u64,
    pub(crate) plain: u64,
    /// Ours first.
    pub(crate) contenders: Vec<Measured>,
    /// `gzip -dc` of the first image's layers.
    pub(crate) inflate: Vec<Usage>,
    pub(crate) stored: Vec<Stored>,
    pub(crate) exported: Vec<Exported>,
}

/// A contender with its place and what is known of it.
struct Seat {
    contender: Box<dyn Contender>,
    directory: PathBuf,
    measured: Measured,
}

/// Measures everything `runs` times, but for what is stored.
pub(crate) fn measure(
    stage: &Stage,
    runs: u32,
    work: &Path,
    programs: &Programs,
    handle: &Handle,
) -> anyhow::Result<Results> {
    let work = &work.join("images");
    fs::create_dir(work)?;
    let registry = Registry::start(stage, work)?;
    let layers = stage.layers(Tag::First)?;
    let sizes = layers.iter().map(|layer| Ok(fs::metadata(layer)?.len()));
    let mut results = Results {
        runs,
        layers: layers.len(),
        packed: sizes.sum::<anyhow::Result<u64>>()?,
        plain: inflated(&layers)?,
        contenders: Vec::new(),
        inflate: Vec::new(),
        stored: stored(&registry, work, programs)?,
        exported: Vec::new(),
    };
    let mut seats: Vec<Seat> = contenders::all(programs, &registry.address)
        .into_iter()
        .zip(0..)
        .map(|(contender, number)| Seat::new(contender, work.join(format!("contender.{number}"))))
        .collect();
    let order: Vec<&str> = seats.iter().map(|seat| seat.measured.title).collect();
    for number in 0..runs {
        eprintln!("round {} of {runs}", number + 1);
        results.inflate.push(run::measured(Command::new("gzip").arg("-dc").args(&layers))?);
        results.exported.extend(round(&mut seats, &registry, work, handle)?);
        seats.rotate_left(1);
    }
    seats.sort_by_key(|seat| order.iter().position(|title| *title == seat.measured.title));
    results.contenders = seats.into_iter().map(|seat| seat.measured).collect();
    drop(registry);
    fs::remove_dir_all(work).context("what was written is not removed")?;
    Ok(results)
}

fn round(
    seats: &mut [Seat],
    registry: &Registry,
    work: &Path,
    handle: &Handle,
) -> anyhow::Result<Option<Exported>> {
    for seat in &mut *seats {
        fs::create_dir(&seat.directory)?;
        seat.contender.start(&seat.directory).context(seat.measured.title)?;
    }
    for tag in Tag::ALL {
        eprintln!("  app:{}", tag.word());
        for seat in &mut *seats {
            seat.take(tag, registry).context(seat.measured.title)?;
        }
    }
    eprintln!("  export");
    let mut exported = None;
    if let Some(hub) = seats.iter().find_map(|seat| seat.contender.hub()) {
        let room = tempfile::tempdir_in(work)?;
        exported = Some(export::measure(hub, Tag::First, room.path(), handle)?);
    }
    for seat in &mut *seats {
        seat.contender.stop();
        fs::remove_dir_all(&seat.directory).context("what was fetched is not removed")?;
    }
    Ok(exported)
}

impl Seat {
    fn new(contender: Box<dyn Contender>, directory: PathBuf) -> Self {
        let (title, settings) = (contender.title(), contender.settings());
        Self {
            contender,
            directory,
            measured: Measured { title, settings, taken: Default::default() },
        }
    }

    fn take(&mut self, tag: Tag, registry: &Registry) -> anyhow::Result<()> {
        registry.warm()?;
        let before = registry.sent()?;
        let usage = self.contender.take(tag, &registry.image(tag))?;
        let taken = Taken { usage, fetched: registry.sent()?.saturating_sub(before) };
        eprintln!("    {}: {:.1} s", self.measured.title, taken.usage.wall);
        for (of, place) in Tag::ALL.into_iter().zip(&mut self.measured.taken) {
            if of == tag {
                place.push(taken);
            }
        }
        Ok(())
    }
}

/// What one image takes, and with each of its relatives, in hubs of their own.
fn stored(registry: &Registry, work: &Path, programs: &Programs) -> anyhow::Result<Vec<Stored>> {
    let sets: [(&str, &[Tag]); 3] = [
        ("app:1", &[Tag::First]),
        ("app:1 and app:2", &[Tag::First, Tag::Second]),
        ("app:1 and app:rebuilt", &[Tag::First, Tag::Rebuilt]),
    ];
    let mut all = Vec::new();
    for (what, tags) in sets {
        eprintln!("storing {what}");
        let directory = tempfile::tempdir_in(work)?;
        let hub = contenders::hub(programs, &registry.address, directory.path())?;
        for tag in tags {
            contenders::convert(&hub, *tag, &registry.image(*tag))?;
        }
        let running = size::of(&hub.data)?;
        let hub = hub.restart()?;
        hub.settle()?;
        let (lasting, parts) = (size::of(&hub.data)?, size::parts(&hub.data)?);
        hub.stop()?;
        let registry = registry.keeps(tags)?;
        all.push(Stored { what, registry, hub: running, lasting, frames: parts.blobs });
    }
    Ok(all)
}

/// Bytes of the layers without their compression.
fn inflated(layers: &[PathBuf]) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for layer in layers {
        let file = fs::File::open(layer)?;
        bytes += std::io::copy(&mut flate2::read::GzDecoder::new(file), &mut std::io::sink())?;
    }
    Ok(bytes)
}
