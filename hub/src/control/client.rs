//! The command's end of the control socket.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::Short;
use super::protocol::{Ask, PROTOCOL, Tell, line};

/// How long a hub may take to say hello.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection to the hub that runs on a data directory.
#[derive(Debug)]
pub struct Client {
    lines: Lines<BufReader<OwnedReadHalf>>,
    write: OwnedWriteHalf,
    socket: PathBuf,
}

/// Why the running hub did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Somebody listens, but the connection failed.
    #[error("the running hub cannot be reached at {socket}")]
    Socket {
        /// The socket.
        socket: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The hub ended, or was killed.
    #[error(
        "the hub at {0} went away; a job that it ran goes on, or says why not, when it starts again"
    )]
    Gone(PathBuf),
    /// Somebody listens and says nothing.
    #[error(
        "the hub at {0} does not answer; it may be stopped or very busy: look at its process and its log"
    )]
    Silent(PathBuf),
    /// Hub and command are of different versions.
    #[error(
        "the running hub ({version}) speaks version {protocol} of the control protocol, this program \
         {PROTOCOL}; use the `flisthub` that the hub was started with"
    )]
    Version {
        /// The hub's.
        protocol: u32,
        /// The hub's own.
        version: String,
    },
    /// It says something that this program does not know.
    #[error("the running hub is not understood: {0}")]
    NotUnderstood(String),
    /// It says why not.
    #[error("{0}")]
    Refused(String),
}

impl Client {
    /// Connects to the hub that listens there; `None` if none does.
    pub async fn connect(socket: &Path) -> Result<Option<Self>, ClientError> {
        let failed = |source| ClientError::Socket { socket: socket.to_owned(), source };
        let opened = match Short::of(socket) {
            Ok(short) => UnixStream::connect(&short.path).await,
            Err(error) => Err(error),
        };
        let stream = match opened {
            Ok(stream) => stream,
            // No socket, or one that a killed hub left.
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(failed(error)),
        };
        let (read, write) = stream.into_split();
        let lines = BufReader::new(read).lines();
        let mut client = Self { lines, write, socket: socket.to_owned() };
        let hello = tokio::time::timeout(PATIENCE, client.next()).await;
        match hello.map_err(|_| ClientError::Silent(socket.to_owned()))?? {
            Tell::Hello { protocol: PROTOCOL, .. } => Ok(Some(client)),
            Tell::Hello { protocol, version } => Err(ClientError::Version { protocol, version }),
            Tell::Error { message } => Err(ClientError::Refused(message)),
            other => Err(ClientError::NotUnderstood(format!("{other:?} for a hello"))),
        }
    }

    /// Asks something.
    pub async fn ask(&mut self, ask: &Ask) -> Result<(), ClientError> {
        let sent = match line(ask) {
            Ok(line) => self.write.write_all(&line).await,
            Err(error) => Err(error),
        };
        sent.map_err(|source| match source.kind() {
            ErrorKind::BrokenPipe => ClientError::Gone(self.socket.clone()),
            _ => ClientError::Socket { socket: self.socket.clone(), source },
        })
    }

    /// Asks something that has one answer, and gives that.
    pub async fn answer(mut self, ask: &Ask) -> Result<Tell, ClientError> {
        self.ask(ask).await?;
        match self.next().await? {
            Tell::Error { message } => Err(ClientError::Refused(message)),
            other => Ok(other),
        }
    }

    /// What the hub tells next. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Tell, ClientError> {
        match self.lines.next_line().await {
            Ok(Some(line)) => serde_json::from_str(&line)
                .map_err(|error| ClientError::NotUnderstood(error.to_string())),
            Ok(None) => Err(ClientError::Gone(self.socket.clone())),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                Err(ClientError::Gone(self.socket.clone()))
            }
            Err(source) => Err(ClientError::Socket { socket: self.socket.clone(), source }),
        }
    }
}
