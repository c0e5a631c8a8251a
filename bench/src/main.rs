//! `flisthub-bench`: measures flisthub beside restic, borg, casync and those who fetch images, in one run
//! on one machine, and prints Markdown tables. This file reads the command line and runs the parts in order; what each
//! part does is in the module of its name. `docs/benchmarks.md` says what is measured and why.

mod aims;
mod child;
mod floor;
mod generate;
mod hub;
mod images;
mod index;
mod inputs;
mod machine;
mod merges;
mod micro;
mod ours;
mod page_cache;
mod peers;
mod process;
mod reference;
mod rounds;
mod run;
mod serve;
mod size;
mod stats;
mod store;
mod stream;
mod table;
mod upload;
mod write;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};

/// Measure flisthub beside restic, borg and casync, and print Markdown tables.
#[derive(Debug, Clone, Parser)]
struct Arguments {
    /// What to measure; everything when none is named.
    #[arg(value_enum)]
    parts: Vec<Part>,

    /// How often each thing is measured in every part but `stream`. Medians are printed.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,

    /// Bytes of the archive that `stream` generates.
    #[arg(long, value_name = "BYTES", default_value_t = 10_000_000_000)]
    stream_bytes: u64,

    /// Bytes of the large publish in `write`.
    #[arg(long, value_name = "BYTES", default_value_t = 3_000_000_000)]
    write_bytes: u64,

    /// Objects in the store of `store`.
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000_000)]
    objects: u64,

    /// Content bytes of the store that is scrubbed in `store`.
    #[arg(long, value_name = "BYTES", default_value_t = 4_000_000_000)]
    scrub_bytes: u64,

    /// Seconds of each measurement in `serve`.
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    serve_seconds: u64,

    /// Directory for everything that is written: 5 GB for `peers`, 10 GB for `images`, as much as it streams for `stream`,
    /// as much as the large publish for `write`, 300 bytes an object for `store`.
    /// A file system in memory makes the numbers meaningless.
    #[arg(long, value_name = "DIR", default_value_os_t = std::env::temp_dir())]
    work: PathBuf,

    /// Leave the working directory as it is at the end.
    #[arg(long)]
    keep: bool,

    /// Where the root filesystem tarballs are kept between runs.
    #[arg(long, env = "XDG_CACHE_HOME", value_name = "DIR", hide = true)]
    cache: Option<PathBuf>,

    #[arg(long, env = "HOME", value_name = "DIR", hide = true)]
    home: Option<PathBuf>,

    /// A task that this program gives itself.
    #[arg(long = child::OPTION, hide = true)]
    child: Option<String>,
}

/// A part of the measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Ingest, stored size and extraction of two root filesystems, beside the peers.
    Peers,
    /// Memory while an archive larger than any buffer streams in.
    Stream,
    /// The chunk store alone: which of these ids are missing.
    Micro,
    /// The chunk store's write paths compared.
    Write,
    /// A large chunk store: opening, asking, sweeping beside pushes, scrubbing.
    Store,
    /// Container images, converted and exported, beside skopeo, umoci, docker and zstd.
    Images,
    /// Small answers to many callers, and one large file, beside nginx.
    Serve,
    /// Merges of two trees of 100,000 files.
    Merges,
    /// The membership index: taking in, asking, promoting, with it and without.
    Index,
}

impl Arguments {
    fn wants(&self, part: Part) -> bool {
        self.parts.is_empty() || self.parts.contains(&part)
    }

    /// A folder that is kept between runs; `make demo` uses `demo` too.
    fn cache(&self, name: &str) -> anyhow::Result<PathBuf> {
        let base = match (&self.cache, &self.home) {
            (Some(cache), _) => cache.clone(),
            (None, Some(home)) => home.join(".cache"),
            (None, None) => anyhow::bail!("neither XDG_CACHE_HOME nor HOME is set"),
        };
        Ok(base.join("flisthub").join(name))
    }
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    if let Some(task) = &arguments.child {
        return child::answer(task).map(|()| ExitCode::SUCCESS);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("no runtime")?;
    let work = tempfile::Builder::new()
        .prefix("flisthub-bench.")
        .tempdir_in(&arguments.work)
        .with_context(|| format!("no working directory in {}", arguments.work.display()))?;
    let path = work.path().to_owned();
    let keep = arguments.keep;
    let handle = runtime.handle().clone();
    let measuring = runtime.spawn_blocking(move || measure(&arguments, &path, &handle));
    let done = runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            done = measuring => done.context("the measurement stopped").flatten().map(Some),
            _ = tokio::signal::ctrl_c() => Ok(None),
            _ = terminate.recv() => Ok(None),
        }
    });
    // The measuring thread may still run; what it needs is taken away from under it.
    runtime.shutdown_background();
    hub::end_all();
    if keep {
        eprintln!("kept: {}", work.keep().display());
    } else {
        work.close().context("the working directory is not removed")?;
    }
    match done? {
        Some(()) => Ok(ExitCode::SUCCESS),
        None => Ok(ExitCode::from(130)),
    }
}

fn measure(arguments: &Arguments, work: &std::path::Path, handle: &Handle) -> anyhow::Result<()> {
    table::machine(&machine::describe(work)?);
    if arguments.wants(Part::Peers) {
        anyhow::ensure!(
            rustix::process::geteuid().is_root(),
            "`peers` needs root: the trees have devices and owners (try: flisthub-bench stream micro)"
        );
        let programs = hub::Programs::beside_this_one()?;
        let inputs = inputs::Inputs::prepare(&arguments.cache("demo")?, work)?;
        let results = rounds::measure(&inputs, arguments.runs, work, &programs, handle)?;
        table::peers(&inputs, &results);
        table::verdicts(&aims::of_peers(&results));
    }
    if arguments.wants(Part::Stream) {
        let programs = hub::Programs::beside_this_one()?;
        let result = stream::measure(arguments.stream_bytes, work, &programs, handle)?;
        table::stream(&result);
        table::verdicts(&[aims::of_stream(&result)]);
    }
    measure_alone(arguments, work)?;
    if arguments.wants(Part::Serve) {
        let programs = hub::Programs::beside_this_one()?;
        let (runs, seconds) = (arguments.runs, arguments.serve_seconds);
        let results = serve::measure(runs, seconds, work, &programs, handle)?;
        table::serve(&results);
        table::verdicts(&aims::of_serve(&results));
    }
    if arguments.wants(Part::Merges) {
        let programs = hub::Programs::beside_this_one()?;
        let results = merges::measure(arguments.runs, work, &programs, handle)?;
        table::merges(&results);
        table::verdicts(&aims::of_merges(&results));
    }
    if arguments.wants(Part::Index) {
        let programs = hub::Programs::beside_this_one()?;
        let results = index::measure(arguments.runs, work, &programs, handle)?;
        table::index(&results);
        table::verdicts(&aims::of_index(&results));
    }
    if arguments.wants(Part::Images) {
        anyhow::ensure!(
            rustix::process::geteuid().is_root(),
            "`images` needs root, as dockerd does"
        );
        let programs = hub::Programs::beside_this_one()?;
        let (cache, tarballs) = (arguments.cache("images")?, arguments.cache("demo")?);
        let stage = images::Stage::prepare(&cache, &tarballs)?;
        let results = images::measure(&stage, arguments.runs, work, &programs, handle)?;
        table::images(&results);
        table::verdicts(&aims::of_images(&results));
    }
    Ok(())
}

/// The parts that are about the chunk store alone, without a hub.
fn measure_alone(arguments: &Arguments, work: &std::path::Path) -> anyhow::Result<()> {
    if arguments.wants(Part::Micro) {
        let results = micro::measure(arguments.runs, work)?;
        table::micro(&results);
        table::verdicts(&[aims::of_micro(&results)]);
    }
    if arguments.wants(Part::Write) {
        let results = write::measure(arguments.runs, arguments.write_bytes, work)?;
        table::write(&results);
    }
    if arguments.wants(Part::Store) {
        let (runs, objects) = (arguments.runs, arguments.objects);
        let results = store::measure(runs, objects, arguments.scrub_bytes, work)?;
        table::store(&results);
        table::verdicts(&aims::of_store(&results));
    }
    Ok(())
}
