//! Mounting the disk, and unmounting it whatever happens.

use std::io;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fuser::{BackgroundSession, Config, MountOption, Session};

use super::calls::Calls;
use super::disk::Disk;

/// A disk that several hold.
pub(super) type SharedDisk = Arc<Mutex<Disk>>;

/// A panic that left the lock fails the test by itself.
pub(super) fn lock(disk: &SharedDisk) -> MutexGuard<'_, Disk> {
    disk.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A mounted disk. Dropped, it is unmounted; so it is when the whole process is killed.
pub(super) struct Mounted {
    session: Option<BackgroundSession>,
    watch: Child,
    end: Option<ChildStdin>,
}

/// Waits for the end of its input, then unmounts. Lazily: the session ends once nobody uses it.
const WATCH: &str = "trap '' INT TERM HUP; cat; umount -l \"$1\" || fusermount3 -uz \"$1\"";

impl Mounted {
    /// Mounts the disk on an empty directory.
    pub(super) fn new(disk: &SharedDisk, at: &Path) -> io::Result<Self> {
        let mut config = Config::default();
        config.mount_options =
            vec![MountOption::FSName("flisthub-power".to_owned()), MountOption::DefaultPermissions];
        let session = Session::new(Calls::on(disk), at, &config)?.spawn()?;
        let mut watch = Command::new("sh")
            .args(["-c", WATCH, "watch"])
            .arg(at)
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let end = watch.stdin.take();
        Ok(Self { session: Some(session), watch, end })
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        drop(self.end.take());
        let _ = self.watch.wait();
        if let Some(session) = self.session.take() {
            let _ = session.join();
        }
    }
}
