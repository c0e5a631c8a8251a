//! `hub-client push PATH NAME`

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::Args;
use flisthub_client::{Push, PushError, Pushed, Source, Traffic};
use flisthub_converter::IngestOptions;
use flisthub_flist::wire::UploadReport;

use crate::cli::Session;
use crate::interrupt::Interrupt;
use crate::name::FlistName;
use crate::output::Output;
use crate::precondition::Precondition;
use crate::progress::{Progress, Shown};
use crate::text;

/// Send a directory or a tar archive to a hub, under a name. Only chunks that the hub does not have
/// travel.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// A directory; or a tar archive, plain or compressed (gzip, zstd, xz, bzip2); or `-` for an
    /// archive on standard input.
    #[arg(value_name = "PATH")]
    path: PathBuf,

    /// REPOSITORY/NAME, or NAME alone in your own repository.
    #[arg(value_name = "NAME")]
    name: FlistName,

    /// Put the name into this category: it is found as an item of the collection of that name. Several:
    /// into all of them, and out of all others. Default: what was set before, or what its files say.
    #[arg(long, value_name = "CATEGORY")]
    category: Vec<String>,

    #[command(flatten)]
    precondition: Precondition,
}

pub(crate) fn run(arguments: &Arguments, session: &Session) -> anyhow::Result<()> {
    let Session { hub, runtime, output } = session;
    let began = Instant::now();
    let mut source = Source::at(&arguments.path)?;
    let repository = runtime.block_on(arguments.name.repository(hub))?;
    let target = (repository.as_str(), arguments.name.name.as_str());
    let condition = arguments.precondition.condition();
    runtime.block_on(hub.check_condition(target, condition))?;
    let left = format!(
        "{}/{} was not published, unless that was under way; what was sent need not be sent again",
        target.0, target.1
    );
    let interrupt = Interrupt::catch(hub, runtime.handle(), *output, left)?;
    let upload = runtime.block_on(hub.open_session(&repository))?;
    interrupt.opened(upload.session);
    let mut push = Push::new(hub, runtime.handle(), target, &upload).on(condition);
    if !arguments.category.is_empty() {
        push = push.into_categories(arguments.category.clone());
    }
    let pushed = with_progress(session, &push, &mut source);
    if let Some(upload) = interrupt.close()
        && pushed.is_err()
    {
        // The reason for the failure is worth more than that of this.
        let _ = runtime.block_on(hub.close_session(upload));
    }
    let Pushed { info, mut report } = pushed?;
    report.seconds = began.elapsed().as_secs_f64();
    let name = format!("{}/{}", info.repository, info.name);
    warn(*output, &name, &report);
    output.result(&report, &summary(&name, &report))
}

/// Tells what is wrong with the metadata of what was published.
pub(super) fn warn(output: Output, name: &str, report: &UploadReport) {
    for warning in report.item.iter().flat_map(|item| &item.warnings) {
        output.warn(&format!("{name} is published, but of its metadata: {warning}"));
    }
}

fn with_progress(
    session: &Session,
    push: &Push<'_>,
    source: &mut Source,
) -> Result<Pushed, PushError> {
    let handle = session.runtime.handle();
    let seen = Arc::new(Seen::default());
    let (shown, traffic) = (Arc::clone(&seen), push.traffic());
    let _bar =
        Progress::start(session.output, handle, source.length(), move || shown.look(&traffic));
    let options = IngestOptions {
        progress: Some(Arc::new(move |progress| {
            seen.read.fetch_max(progress.bytes_in, Ordering::Relaxed);
            seen.entries.fetch_max(progress.entries, Ordering::Relaxed);
        })),
        ..IngestOptions::default()
    };
    push.run(handle, source, &options)
}

/// How far the reading has come.
#[derive(Default)]
struct Seen {
    read: AtomicU64,
    entries: AtomicU64,
}

impl Seen {
    fn look(&self, traffic: &Traffic) -> Shown {
        let (read, entries) =
            (self.read.load(Ordering::Relaxed), self.entries.load(Ordering::Relaxed));
        let (sent, saved) = (traffic.sent(), read.saturating_sub(traffic.sent()));
        let message =
            format!("{entries} entries, sent {}, saved {}", text::size(sent), text::size(saved));
        Shown { position: read, message }
    }
}

fn summary(name: &str, report: &UploadReport) -> String {
    let sent = report.sent_bytes.unwrap_or_default();
    format!(
        "pushed {name}\n  flist   {}\n  tree    {} files, {} entries, {}\n  chunks  {}, of them {} new; {} new objects\n  sent    {}, saved {}, stored {}, in {:.1} s{}",
        report.flist,
        report.files,
        report.entries,
        text::size(report.bytes),
        report.chunks,
        report.new_chunks,
        report.new_objects,
        text::size(sent),
        text::size(report.bytes.saturating_sub(sent)),
        text::size(report.stored_bytes),
        report.seconds,
        item(report),
    )
}

/// The line that says in which collections the name is an item, if it is one.
pub(super) fn item(report: &UploadReport) -> String {
    let collections = report.item.as_ref().map(|item| item.collections.join(", "));
    let collections = collections.filter(|collections| !collections.is_empty());
    collections.map_or_else(String::new, |all| format!("\n  item    in {}", text::harmless(&all)))
}
