//! `hub-client pull NAME DEST`

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::Context as _;
use clap::Args;
use flisthub_client::{Pull, PullError};
use flisthub_converter::{ExtractError, ExtractOptions, ExtractReport, NotRestored, Summary};
use serde::Serialize;

use crate::cli::Session;
use crate::interrupt::Interrupt;
use crate::name::FlistName;
use crate::progress::{Progress, Shown};
use crate::text;

/// Threads that fetch and write. Each waits for the line now and then, so there are more than cores.
const WRITERS: usize = 4;

/// Write the tree that a name points at into a directory. Needs no token where reading is public.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// REPOSITORY/NAME, or NAME alone in your own repository.
    #[arg(value_name = "NAME")]
    name: FlistName,

    /// A directory that is empty or absent.
    #[arg(value_name = "DEST")]
    destination: PathBuf,
}

#[derive(Serialize)]
struct Report<'a> {
    name: &'a str,
    flist: &'a str,
    destination: String,
    files: u64,
    entries: u64,
    bytes: u64,
    received_bytes: u64,
    seconds: f64,
    /// What only root may do and was left out.
    needs_root: Vec<LeftOut>,
    /// What the file system cannot keep and was left out.
    unsupported: Vec<LeftOut>,
}

#[derive(Serialize)]
struct LeftOut {
    what: &'static str,
    count: u64,
    example: String,
}

pub(crate) fn run(arguments: &Arguments, session: &Session) -> anyhow::Result<()> {
    let Session { hub, runtime, output } = session;
    let began = Instant::now();
    let repository = runtime.block_on(arguments.name.repository(hub))?;
    let target = (repository.as_str(), arguments.name.name.as_str());
    let destination = arguments.destination.display().to_string();
    let incomplete =
        format!("{destination} may hold an incomplete tree; remove it before you pull again");
    Interrupt::catch(hub, runtime.handle(), *output, incomplete.as_str())?;
    let pull = Pull::begin(hub, runtime.handle(), target)?;
    let extracted = match with_progress(session, &pull, arguments) {
        Err(error @ PullError::Extract(ExtractError::NotEmpty(_))) => Err(error.into()),
        extracted => extracted.context(incomplete),
    }?;
    let report = Report {
        name: &format!("{}/{}", target.0, target.1),
        flist: &pull.info().flist,
        destination,
        files: extracted.counts.regular,
        entries: pull.manifest().totals.entries,
        bytes: extracted.bytes,
        received_bytes: pull.traffic().received() + pull.object_bytes(),
        seconds: began.elapsed().as_secs_f64(),
        needs_root: left_out(&extracted.needs_root),
        unsupported: left_out(&extracted.unsupported),
    };
    output.result(&report, &summary(&report, &extracted))
}

fn with_progress(
    session: &Session,
    pull: &Pull,
    arguments: &Arguments,
) -> Result<ExtractReport, PullError> {
    let written = Arc::new(AtomicU64::new(0));
    let (shown, traffic) = (Arc::clone(&written), pull.traffic());
    let length = Some(pull.info().bytes);
    let _bar = Progress::start(session.output, session.runtime.handle(), length, move || Shown {
        position: shown.load(Ordering::Relaxed),
        message: format!("received {}", text::size(traffic.received())),
    });
    let options = ExtractOptions {
        writers: WRITERS,
        progress: Some(Arc::new(move |progress| {
            written.fetch_max(progress.bytes_in, Ordering::Relaxed);
        })),
        ..ExtractOptions::default()
    };
    pull.extract(&arguments.destination, &options)
}

fn left_out(summary: &Summary) -> Vec<LeftOut> {
    let one = |(what, skipped): (&NotRestored, &flisthub_converter::Skipped)| LeftOut {
        what: match what {
            NotRestored::Owner => "owner",
            NotRestored::SetId => "setid",
            NotRestored::Device => "device",
            NotRestored::Xattr => "xattr",
        },
        count: skipped.count,
        example: skipped.example.to_string(),
    };
    summary.skipped.iter().map(one).collect()
}

fn summary(report: &Report<'_>, extracted: &ExtractReport) -> String {
    let mut lines = vec![
        format!("pulled {} into {}", report.name, report.destination),
        format!("  flist     {}", report.flist),
        format!(
            "  tree      {} files, {} entries, {}",
            report.files,
            report.entries,
            text::size(report.bytes)
        ),
        format!("  received  {}, in {:.1} s", text::size(report.received_bytes), report.seconds),
    ];
    // Paths of the tree stand in these two.
    for (why, summary) in [
        ("needs root", &extracted.needs_root),
        ("not supported by the file system", &extracted.unsupported),
    ] {
        if !summary.is_empty() {
            lines.push(text::harmless(&format!("  left out, {why}: {summary}")));
        }
    }
    lines.join("\n")
}
