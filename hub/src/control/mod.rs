//! The control socket: how `flisthub gc`, `scrub`, `backup` and their kind reach the hub that runs on a data
//! directory. Whoever may open it is the operator; there is no token.
//!
//! `protocol` says what goes over the socket, `listener` is the hub's side, `client` the commands'. What a
//! job does and how it is run is in `jobs`.

mod client;
mod connection;
mod listener;
pub mod protocol;
mod undelete;

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};

pub use client::{Client, ClientError};
pub use listener::Control;
pub use undelete::undelete;

/// The longest path that a socket's address holds.
const LONGEST: usize = 107;

/// A path that a socket's address holds. One that is longer goes through a handle of its directory.
struct Short {
    /// The path works for as long as this is open.
    _directory: Option<File>,
    path: PathBuf,
}

impl Short {
    fn of(socket: &Path) -> std::io::Result<Self> {
        if socket.as_os_str().len() <= LONGEST {
            return Ok(Self { _directory: None, path: socket.to_owned() });
        }
        let (Some(directory), Some(name)) = (socket.parent(), socket.file_name()) else {
            return Err(std::io::ErrorKind::InvalidInput.into());
        };
        let directory = File::open(directory)?;
        let path = PathBuf::from(format!("/proc/self/fd/{}", directory.as_raw_fd())).join(name);
        Ok(Self { _directory: Some(directory), path })
    }
}
