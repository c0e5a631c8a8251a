//! `hub-client export NAME --to DESTINATION`

use std::ffi::OsString;
use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::Args;
use flisthub_client::Pull;
use flisthub_converter::{
    Compression, ExportError, ExportOptions, Exported, ImageOptions, docker_name,
    export_docker_archive, export_layout, export_layout_tar, export_tar, measure,
};
use flisthub_flist::TreePath;
use serde::Serialize;
use tempfile::NamedTempFile;

use super::export_to::{Format, To};
use crate::cli::Session;
use crate::failure::{OutputClosed, WrongKind, usage};
use crate::interrupt::Interrupt;
use crate::name::FlistName;
use crate::progress::{Progress, Shown};
use crate::text;

/// Threads that fetch and pack. Each waits for the line now and then, so there are more than cores.
const WORKERS: usize = 4;

/// Write what a name points at as a tar archive or as a container image. Needs no token where reading
/// is public.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// REPOSITORY/NAME, or NAME alone in your own repository.
    #[arg(value_name = "NAME")]
    name: FlistName,

    /// tar:PATH (`tar:-` is standard output), oci:PATH[:TAG] (an OCI layout in a directory),
    /// oci-archive:PATH[:TAG] (the same as a tar), docker-archive:PATH (for `docker load`).
    #[arg(long, value_name = "DESTINATION")]
    to: To,

    /// gzip, zstd or none. Default: for tar by the ending of PATH, for oci gzip, for docker-archive none.
    #[arg(long, value_name = "HOW")]
    compression: Option<Compression>,

    /// A directory of the tree, which becomes the root, or one other entry.
    #[arg(long, value_name = "PATH")]
    path: Option<OsString>,

    /// What the image is called: a tag (oci; default latest), or name:tag (docker-archive; default the
    /// flist's name).
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,

    /// The architecture of an image whose flist says none.
    #[arg(long, value_name = "ARCH", default_value = "amd64")]
    architecture: String,

    /// Leave sockets out, which no archive can hold.
    #[arg(long)]
    skip_sockets: bool,

    /// Replace a file, or a tag of a layout, that is there already.
    #[arg(long)]
    force: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    name: &'a str,
    flist: &'a str,
    format: &'static str,
    path: String,
    compression: String,
    /// Of the file (tar), of the image's manifest (oci) or configuration (docker-archive).
    digest: Option<&'a str>,
    diff_id: Option<&'a str>,
    /// Bytes of the file, or of the layer of a layout in a directory.
    bytes: u64,
    tar_bytes: u64,
    entries: u64,
    skipped_sockets: u64,
    received_bytes: u64,
    seconds: f64,
}

pub(crate) fn run(arguments: &Arguments, session: &Session) -> anyhow::Result<()> {
    let Session { hub, runtime, output, .. } = session;
    let began = Instant::now();
    let options = options(arguments)?;
    let compression = arguments.compression.unwrap_or_else(|| arguments.to.compression());
    let repository = runtime.block_on(arguments.name.repository(hub))?;
    let target = (repository.as_str(), arguments.name.name.as_str());
    let image = image(arguments, target)?;
    let path = arguments.to.path.as_path();
    if !arguments.force && !arguments.to.is_stdout() && arguments.to.format.is_file() {
        refuse_existing(path)?;
    }
    let left =
        format!("{} is not complete; a file `.export-…` beside it may be left", path.display());
    Interrupt::catch(hub, runtime.handle(), *output, left)?;
    let pull = Pull::begin(hub, runtime.handle(), target)?;
    let work = Work { arguments, pull: &pull, compression, image };
    let exported = work.run(session, options).map_err(|error| match error {
        ExportError::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            OutputClosed.into()
        }
        error => anyhow::Error::from(error),
    })?;
    let sockets = exported.tar.sockets.as_ref().map_or(0, |skipped| skipped.count);
    let report = Report {
        name: &format!("{}/{}", target.0, target.1),
        flist: &pull.info().flist,
        format: arguments.to.format.name(),
        path: path.display().to_string(),
        compression: compression.to_string(),
        digest: exported.digest.as_deref(),
        diff_id: exported.diff_id.as_deref(),
        bytes: exported.bytes,
        tar_bytes: exported.tar.bytes,
        entries: exported.tar.entries,
        skipped_sockets: sockets,
        received_bytes: pull.traffic().received() + pull.object_bytes(),
        seconds: began.elapsed().as_secs_f64(),
    };
    if arguments.to.is_stdout() {
        // Standard output is the archive.
        if sockets > 0 {
            output.warn(&format!("{sockets} sockets were left out"));
        }
        return Ok(());
    }
    output.result(&report, &text::harmless(&summary(&report)))
}

fn options(arguments: &Arguments) -> anyhow::Result<ExportOptions> {
    let path = arguments.path.as_ref().map_or(&b""[..], |path| path.as_bytes());
    let path = TreePath::parse(path).map_err(|error| usage(error.to_string()))?;
    Ok(ExportOptions {
        path,
        skip_sockets: arguments.skip_sockets,
        workers: WORKERS,
        ..ExportOptions::default()
    })
}

fn image(arguments: &Arguments, target: (&str, &str)) -> anyhow::Result<ImageOptions> {
    let To { format, tag, .. } = &arguments.to;
    let tag = match (tag, &arguments.tag) {
        (Some(_), Some(_)) => return Err(usage("the tag is given twice")),
        (None, Some(_)) if *format == Format::Tar => return Err(usage("a tar has no tag")),
        (tag, other) => tag.clone().or_else(|| other.clone()),
    };
    let own = || docker_name(&format!("{}/{}", target.0, target.1).to_lowercase()).ok();
    let tag = if *format == Format::DockerArchive { tag.or_else(own) } else { tag };
    Ok(ImageOptions { tag, architecture: arguments.architecture.clone() })
}

fn refuse_existing(path: &Path) -> anyhow::Result<()> {
    if path.symlink_metadata().is_ok() {
        let reason = "is there already; --force replaces it".to_owned();
        return Err(WrongKind { path: path.display().to_string(), reason }.into());
    }
    Ok(())
}

struct Work<'a> {
    arguments: &'a Arguments,
    pull: &'a Pull,
    compression: Compression,
    image: ImageOptions,
}

impl Work<'_> {
    fn run(&self, session: &Session, options: ExportOptions) -> Result<Exported, ExportError> {
        let store = self.pull.store();
        let length = measure(store, self.pull.flist(), &options)?.bytes;
        let done = Arc::new(AtomicU64::new(0));
        let (shown, traffic) = (Arc::clone(&done), self.pull.traffic());
        let _bar =
            Progress::start(session.output, session.runtime.handle(), Some(length), move || {
                Shown {
                    position: shown.load(Ordering::Relaxed),
                    message: format!("received {}", text::size(traffic.received())),
                }
            });
        let progress: flisthub_converter::OnProgress = Arc::new(move |progress| {
            done.fetch_max(progress.bytes_in, Ordering::Relaxed);
        });
        let options = ExportOptions { progress: Some(progress), ..options };
        let (to, force) = (&self.arguments.to, self.arguments.force);
        if to.format == Format::Oci {
            let (image, place) = (&self.image, (to.path.as_path(), force));
            let flist = self.pull.flist();
            return export_layout(store, flist, self.compression, image, &options, place);
        }
        if to.is_stdout() {
            return self.write(&options, &mut io::stdout().lock());
        }
        let mut file = temporary(&to.path)?;
        let exported = self.write(&options, &mut file)?;
        keep(file, &to.path, force)?;
        Ok(exported)
    }

    fn write(&self, options: &ExportOptions, out: &mut dyn Write) -> Result<Exported, ExportError> {
        let (store, flist) = (self.pull.store(), self.pull.flist());
        let (compression, image) = (self.compression, &self.image);
        match self.arguments.to.format {
            Format::Tar => export_tar(store, flist, compression, options, out),
            Format::DockerArchive => {
                export_docker_archive(store, flist, compression, image, options, out)
            }
            Format::Oci | Format::OciArchive => {
                let mut go_on = || Ok(());
                let out = (out, &mut go_on as _);
                export_layout_tar(store, flist, compression, image, options, out)
            }
        }
    }
}

/// A file beside `path`, on the same file system.
fn temporary(path: &Path) -> Result<NamedTempFile, ExportError> {
    let above = match path.parent() {
        Some(above) if !above.as_os_str().is_empty() => above.to_owned(),
        _ => PathBuf::from("."),
    };
    let failed = |source| {
        let doing = "making a temporary file";
        ExportError::File { path: above.clone(), doing, source }
    };
    tempfile::Builder::new()
        .prefix(".export-")
        // What the umask leaves of it, as for any new file.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(&above)
        .map_err(failed)
}

/// Gives a file that is whole its name.
fn keep(file: NamedTempFile, path: &Path, force: bool) -> Result<(), ExportError> {
    let failed = |doing, source| ExportError::File { path: path.to_owned(), doing, source };
    file.as_file().sync_all().map_err(|error| failed("writing to disk", error))?;
    let kept = if force { file.persist(path) } else { file.persist_noclobber(path) };
    kept.map(drop).map_err(|error| failed("renaming the finished file", error.error))
}

fn summary(report: &Report<'_>) -> String {
    let mut lines = vec![
        format!("exported {} to {}:{}", report.name, report.format, report.path),
        format!("  flist     {}", report.flist),
        format!("  tree      {} entries, {} as tar", report.entries, text::size(report.tar_bytes)),
        format!("  written   {} ({})", text::size(report.bytes), report.compression),
        format!("  received  {}, in {:.1} s", text::size(report.received_bytes), report.seconds),
    ];
    if let Some(digest) = report.digest {
        lines.push(format!("  digest    {digest}"));
    }
    if report.skipped_sockets > 0 {
        lines.push(format!("  left out  {} sockets", report.skipped_sockets));
    }
    lines.join("\n")
}
