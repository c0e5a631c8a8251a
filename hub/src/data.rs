//! The data directory: where the catalog and the chunk store are in it.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// While a restore is under way, a file of this name is in the data directory.
pub const RESTORING: &str = "restoring";

/// A directory that holds all of one hub: `catalog.sqlite` (with SQLite's own files beside it) and
/// `chunks/` (RocksDB); beside them what can be made again, `layers/`, and what nobody needs after the hub
/// has stopped, `spool/`.
#[derive(Debug, Clone)]
pub struct DataDirectory(PathBuf);

impl DataDirectory {
    /// Takes `path` for a data directory. Makes it if it is not there, for its owner alone: the catalog
    /// says who may do what. Refuses one that a restore left half done.
    pub fn open(path: &Path) -> io::Result<Self> {
        make(path)?;
        if path.join(RESTORING).try_exists()? {
            return Err(io::Error::other(
                "a restore into it is under way or was not finished; if none runs, remove the \
                 directory and restore again",
            ));
        }
        Ok(Self(path.to_owned()))
    }

    /// The data directory that a restore works on.
    pub(crate) fn being_restored(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Refuses one of another user than the one this process works as: see [`refuse_anothers`]. Whose it is say the
    /// files in it. Where there are none, an empty volume that is root's may be there for any user.
    pub(crate) fn refuse_anothers(&self) -> io::Result<()> {
        for file in [self.catalog(), self.elsewhere()] {
            if file.try_exists()? {
                return refuse_anothers(&file);
            }
        }
        if self.0.metadata()?.uid() == 0 { Ok(()) } else { refuse_anothers(&self.0) }
    }

    /// The socket on which a running hub takes the operator's orders.
    pub fn control(&self) -> PathBuf {
        self.0.join("control.sock")
    }

    /// The catalog's file.
    pub fn catalog(&self) -> PathBuf {
        self.0.join("catalog.sqlite")
    }

    /// SQLite's log, and its index of the log, beside the catalog's file.
    pub fn catalog_logs(&self) -> [PathBuf; 2] {
        ["catalog.sqlite-wal", "catalog.sqlite-shm"].map(|name| self.0.join(name))
    }

    /// What the catalog's file is called once it was copied to a server.
    pub fn moved(&self) -> PathBuf {
        self.0.join("catalog.sqlite.moved")
    }

    /// A file that is there if the catalog is elsewhere.
    pub fn elsewhere(&self) -> PathBuf {
        self.0.join("catalog.elsewhere")
    }

    /// The chunk store's directory.
    pub fn chunks(&self) -> PathBuf {
        self.0.join("chunks")
    }

    /// The directory of what is known of images' layers.
    pub fn layers(&self) -> PathBuf {
        self.0.join("layers")
    }

    /// The directory for archives while they are read.
    pub fn spool(&self) -> PathBuf {
        self.0.join("spool")
    }
}

/// Makes a directory and those above it, so that they survive a power cut: whatever is synced below a
/// directory is lost with it when its own name was never synced.
pub(crate) fn make(path: &Path) -> io::Result<()> {
    let above = match path.parent() {
        Some(above) if above.as_os_str().is_empty() => Path::new("."),
        Some(above) => above,
        None => return Ok(()),
    };
    let create = || DirBuilder::new().mode(0o700).create(path);
    let made = match create() {
        // Above the working directory, which may have been removed, there is nothing to make.
        Err(error) if error.kind() == io::ErrorKind::NotFound && above != path => {
            make(above)?;
            create()
        }
        made => made,
    };
    match made {
        Err(_) if path.is_dir() => return Ok(()),
        made => made?,
    }
    File::open(above)?.sync_all()
}

/// Refuses what belongs to another user than the one this process works as, root not excepted: files that
/// it makes there the owner could not open.
pub(crate) fn refuse_anothers(path: &Path) -> io::Result<()> {
    let (owner, own) = (path.metadata()?.uid(), rustix::process::geteuid().as_raw());
    if owner == own {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "it belongs to the user with the id {owner}, who could not open the files that this program, as \
         the user with the id {own}, would make; run it as the owner"
    )))
}
