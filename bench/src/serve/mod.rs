//! How fast what is read often is given out: small answers to many callers, and one large file, beside nginx,
//! which serves the same bytes from files.

mod nginx;
mod site;
mod wrk;

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use tokio::runtime::Handle;

use self::nginx::Nginx;
use self::site::Site;
use self::wrk::{Load, Rates};
use crate::hub::{Hub, Programs};
use crate::stats::Samples;

/// Connections that ask for small things at a time.
pub(crate) const CONNECTIONS: u32 = 64;

/// Connections that read the large file at a time.
pub(crate) const LARGE_CONNECTIONS: u32 = 4;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// A small answer; requests a second count.
    Small,
    /// A large one; bytes a second count.
    Large,
}

/// A thing that is served: where by the hub, and where by nginx.
#[derive(Debug, Clone)]
pub(crate) struct Thing {
    pub(crate) title: &'static str,
    pub(crate) sort: Sort,
    pub(crate) ours: String,
    pub(crate) theirs: &'static str,
    /// Ask for random parts of so many bytes.
    pub(crate) part: Option<u32>,
    /// Ask for it as zstd; nginx has none, and sends it as it is.
    pub(crate) zstd: bool,
    /// Whether the aims are held to it.
    pub(crate) aimed: bool,
}

/// What was measured of one side.
#[derive(Debug, Default)]
pub(crate) struct Side {
    /// Requests a second.
    pub(crate) requests: Samples,
    /// Content bytes a second.
    pub(crate) bytes: Samples,
    /// Milliseconds within which half of the answers came.
    pub(crate) p50: Samples,
    /// The same of 99 in 100.
    pub(crate) p99: Samples,
    /// Answers that failed, over all runs.
    pub(crate) errors: u64,
}

impl Side {
    fn push(&mut self, rates: &Rates, content: u64) {
        self.requests.push(rates.requests);
        #[expect(clippy::cast_precision_loss, reason = "far less than 2^52 bytes")]
        self.bytes.push(rates.requests * content as f64);
        self.p50.push(rates.p50);
        self.p99.push(rates.p99);
        self.errors += rates.errors;
    }
}

/// What was measured of one thing.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) thing: Thing,
    /// Bytes of the answer's content.
    pub(crate) length: u64,
    pub(crate) ours: Side,
    pub(crate) theirs: Side,
}

/// What was measured in one run.
#[derive(Debug)]
pub(crate) struct Results {
    pub(crate) runs: u32,
    pub(crate) seconds: u64,
    pub(crate) things: Vec<Measured>,
    /// The most memory that the hub had, in bytes.
    pub(crate) peak: u64,
}

/// Measures everything `runs` times, for `seconds` each.
pub(crate) fn measure(
    runs: u32,
    seconds: u64,
    work: &Path,
    programs: &Programs,
    handle: &Handle,
) -> anyhow::Result<Results> {
    let directory = work.join("serve");
    fs::create_dir(&directory)?;
    let hub = Hub::start(programs, &directory)?;
    let site = Site::prepare(&hub, &directory, handle)?;
    hub.settle()?;
    let nginx = Nginx::start(&directory, &site.root)?;
    let mut things: Vec<Measured> = Vec::new();
    for thing in site::things() {
        let length = site.length(&thing)?;
        things.push(Measured { thing, length, ours: Side::default(), theirs: Side::default() });
    }
    hub.process().forget_peak()?;
    let duration = Duration::from_secs(seconds);
    for number in 0..runs {
        eprintln!("round {} of {runs}", number + 1);
        for measured in &mut things {
            round(measured, number, duration, (&hub.url, &nginx.url), &directory)?;
        }
    }
    let peak = hub.process().peak()?;
    nginx.stop()?;
    hub.stop()?;
    fs::remove_dir_all(&directory).context("the hub's data is not removed")?;
    Ok(Results { runs, seconds, things, peak })
}

/// One after the other, and the other first in every second round.
fn round(
    measured: &mut Measured,
    number: u32,
    duration: Duration,
    (ours, theirs): (&str, &str),
    directory: &Path,
) -> anyhow::Result<()> {
    let Measured { thing, length, .. } = measured;
    let content = u64::from(thing.part.unwrap_or_default());
    let content = if content == 0 { *length } else { content };
    let connections = if thing.sort == Sort::Small { CONNECTIONS } else { LARGE_CONNECTIONS };
    for turn in 0..2 {
        let is_ours = (turn + number).is_multiple_of(2);
        let url = if is_ours {
            format!("{ours}{}", thing.ours)
        } else {
            format!("{theirs}{}", thing.theirs)
        };
        let (part, zstd) = (thing.part.map(|part| (part, *length)), thing.zstd);
        let load = Load { url, connections, part, zstd };
        let rates = load.run(duration, directory).context(thing.title)?;
        let side = if is_ours { &mut measured.ours } else { &mut measured.theirs };
        side.push(&rates, content);
    }
    Ok(())
}
