//! Writes an export to its destination: to standard output, into a layout, or under a temporary name until
//! it is whole.

use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flisthub_client::Pull;
use flisthub_converter::{
    Compression, ExportError, ExportOptions, Exported, ImageOptions, OnProgress,
    export_docker_archive, export_layout, export_layout_tar, export_tar, measure,
};
use tempfile::NamedTempFile;

use super::export_to::{Format, To};
use crate::cli::Session;
use crate::failure::WrongKind;
use crate::interrupt::Interrupt;
use crate::progress::{Progress, Shown};
use crate::text;

/// Threads that fetch and pack. Each waits for the line now and then, so there are more than cores.
const WORKERS: usize = 4;

/// Fails if the export could not have its place in the end: something is there that it may not replace.
pub(super) fn check_place(to: &To, force: bool) -> anyhow::Result<()> {
    if to.is_stdout() || !to.format.is_file() {
        return Ok(());
    }
    let Ok(found) = to.path.symlink_metadata() else { return Ok(()) };
    let reason = match (found.is_file() || found.is_symlink(), force) {
        (true, true) => return Ok(()),
        (true, false) => "is there already; --force replaces it",
        (false, _) => "is there already and no file, which is all that --force replaces",
    };
    Err(WrongKind { path: to.path.display().to_string(), reason: reason.to_owned() }.into())
}

/// What is left of an export that is interrupted.
pub(super) fn left_by(to: &To) -> String {
    let path = to.path.display();
    match to.format {
        _ if to.is_stdout() => "what was written to standard output is not complete".to_owned(),
        Format::Oci => {
            format!(
                "{path} has no new image, unless it was just done; blobs without a name may be left"
            )
        }
        _ => format!("{path} was not written, unless it was just done"),
    }
}

/// One export.
pub(super) struct Work<'a> {
    pub(super) to: &'a To,
    /// Whether what is there may be replaced.
    pub(super) force: bool,
    pub(super) pull: &'a Pull,
    pub(super) compression: Compression,
    pub(super) image: ImageOptions,
    /// Removes temporary files when the program is interrupted.
    pub(super) interrupt: Interrupt,
}

impl Work<'_> {
    pub(super) fn run(
        &self,
        session: &Session,
        options: ExportOptions,
    ) -> Result<Exported, ExportError> {
        let (store, flist, to) = (self.pull.store(), self.pull.flist(), self.to);
        let length = measure(store, flist, &options)?.bytes;
        let done = Arc::new(AtomicU64::new(0));
        let (shown, traffic) = (Arc::clone(&done), self.pull.traffic());
        let _bar =
            Progress::start(session.output, session.runtime.handle(), Some(length), move || {
                Shown {
                    position: shown.load(Ordering::Relaxed),
                    message: format!("received {}", text::size(traffic.received())),
                }
            });
        let progress: OnProgress = Arc::new(move |progress| {
            done.fetch_max(progress.bytes_in, Ordering::Relaxed);
        });
        let interrupt = self.interrupt.clone();
        let options = ExportOptions {
            workers: WORKERS,
            progress: Some(progress),
            temporary: Some(Arc::new(move |path| interrupt.temporary(path))),
            ..options
        };
        if to.format == Format::Oci {
            let place = (to.path.as_path(), self.force);
            return export_layout(store, flist, self.compression, &self.image, &options, place);
        }
        if to.is_stdout() {
            return self.write(&options, &mut io::stdout().lock());
        }
        let mut file = temporary(&to.path)?;
        self.interrupt.temporary(file.path());
        let exported = self.write(&options, &mut file)?;
        keep(file, &to.path, self.force)?;
        Ok(exported)
    }

    fn write(&self, options: &ExportOptions, out: &mut dyn Write) -> Result<Exported, ExportError> {
        let (store, flist) = (self.pull.store(), self.pull.flist());
        let (compression, image) = (self.compression, &self.image);
        match self.to.format {
            Format::Tar => export_tar(store, flist, compression, options, out),
            Format::DockerArchive => {
                export_docker_archive(store, flist, compression, image, options, out)
            }
            Format::Oci | Format::OciArchive => {
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
