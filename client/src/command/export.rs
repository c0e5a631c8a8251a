//! `hub-client export NAME --to DESTINATION`

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::time::Instant;

use clap::Args;
use flisthub_client::Pull;
use flisthub_converter::{Compression, ExportError, ExportOptions, ImageOptions, docker_name_of};
use flisthub_flist::TreePath;
use serde::Serialize;

use super::export_to::{Format, To};
use super::export_write::{Work, check_place, left_by};
use crate::cli::Session;
use crate::failure::{OutputClosed, usage};
use crate::interrupt::Interrupt;
use crate::name::FlistName;
use crate::text;

/// Write what a name points at as a tar archive or as a container image. Needs no token where reading
/// is public.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// REPOSITORY/NAME, or NAME alone in your own repository.
    #[arg(value_name = "NAME")]
    name: FlistName,

    /// `tar:PATH` (`tar:-` is standard output), `oci:PATH[:TAG]` (an OCI layout in a directory),
    /// `oci-archive:PATH[:TAG]` (the same as a tar), `docker-archive:PATH[:NAME[:TAG]]` (for `docker load`).
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
    let compression = match arguments.compression {
        Some(compression) => compression,
        None => arguments.to.compression().map_err(usage)?,
    };
    let repository = runtime.block_on(arguments.name.repository(hub))?;
    let target = (repository.as_str(), arguments.name.name.as_str());
    let image = image(arguments, target)?;
    check_place(&arguments.to, arguments.force)?;
    let interrupt = Interrupt::catch(hub, runtime.handle(), *output, left_by(&arguments.to))?;
    let pull = Pull::begin(hub, runtime.handle(), target)?;
    let (to, force) = (&arguments.to, arguments.force);
    let work = Work { to, force, pull: &pull, compression, image, interrupt };
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
        path: arguments.to.path.display().to_string(),
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
    Ok(ExportOptions { path, skip_sockets: arguments.skip_sockets, ..ExportOptions::default() })
}

fn image(arguments: &Arguments, target: (&str, &str)) -> anyhow::Result<ImageOptions> {
    let To { format, tag, .. } = &arguments.to;
    let tag = match (tag, &arguments.tag) {
        (Some(_), Some(_)) => return Err(usage("the tag is given twice")),
        (None, Some(_)) if *format == Format::Tar => return Err(usage("a tar has no tag")),
        (tag, other) => tag.clone().or_else(|| other.clone()),
    };
    let own = || docker_name_of(target.0, target.1);
    let tag = if *format == Format::DockerArchive { tag.or_else(own) } else { tag };
    Ok(ImageOptions { tag, architecture: arguments.architecture.clone() })
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
