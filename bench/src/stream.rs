//! Memory while a very long archive streams into the hub. The archive is made on the way and is never
//! on the disk.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc;
use std::time::Instant;

use anyhow::Context as _;
use tokio::runtime::Handle;

use crate::generate::Generator;
use crate::hub::{Hub, Programs};
use crate::process::Process;
use crate::size::{self, Size};
use crate::upload::{self, Report};

const SEED: u64 = 20_261_121;

/// How many times the hub's memory is looked at on the way.
const LOOKS: u64 = 10;

/// What one long upload cost.
#[derive(Debug)]
pub(crate) struct Streamed {
    /// Bytes of the archive.
    pub(crate) bytes: u64,
    pub(crate) wall: f64,
    /// Processor seconds of the hub.
    pub(crate) cpu: f64,
    /// Peak memory of the hub in bytes, since its start.
    pub(crate) peak: u64,
    /// Its memory at even steps through the archive.
    pub(crate) resident: Vec<u64>,
    /// Its data on the disk afterwards.
    pub(crate) stored: Size,
    pub(crate) report: Report,
}

/// Streams about `total` bytes into a new hub.
pub(crate) fn measure(
    total: u64,
    work: &Path,
    programs: &Programs,
    handle: &Handle,
) -> anyhow::Result<Streamed> {
    let directory = work.join("stream");
    fs::create_dir(&directory)?;
    let hub = Hub::start(programs, &directory)?;
    eprintln!("streaming {total} bytes");
    let (sender, looks) = mpsc::channel();
    let every = (total / LOOKS).max(1);
    let archive =
        Watched { inner: Generator::new(SEED, total), read: 0, every, hub: hub.process(), sender };
    rustix::fs::sync();
    let began = Instant::now();
    let report = upload::upload(&hub, "stream.tar", archive, handle)?;
    let wall = began.elapsed().as_secs_f64();
    hub.settle()?;
    let (peak, cpu) = (hub.process().peak()?, hub.process().cpu()?);
    let stored = size::of(&hub.data)?;
    hub.stop()?;
    fs::remove_dir_all(&directory).context("the hub's data is not removed")?;
    let (mut bytes, mut resident) = (0, Vec::new());
    for (read, memory) in looks {
        bytes = read;
        resident.push(memory);
    }
    Ok(Streamed { bytes, wall, cpu, peak, resident, stored, report })
}

/// A reader that looks at the hub's memory every so many bytes, and at the end.
struct Watched {
    inner: Generator,
    read: u64,
    every: u64,
    hub: Process,
    sender: mpsc::Sender<(u64, u64)>,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        let before = self.read / self.every;
        self.read += length as u64;
        if self.read / self.every > before || length == 0 {
            // A failed look is a missing number, no failed upload.
            let memory = self.hub.resident().unwrap_or_default();
            let _ = self.sender.send((self.read, memory));
        }
        Ok(length)
    }
}
