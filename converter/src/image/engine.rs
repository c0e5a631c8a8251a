//! An image out of a Docker-compatible engine: the archive that it exports over its Unix socket, spooled
//! and read like one from `docker save`. Engines are reached by no other way.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bollard::errors::Error as EngineError;
use bollard::models::ImageInspect;
use bollard::{API_DEFAULT_VERSION, Docker};
use bytes::{Buf as _, Bytes};
use futures_util::{Stream, StreamExt as _};
use tokio::runtime::Handle;

use super::{Image, ImageError, ImageSource, LocalSource, Platform, Spool};
use crate::error::ConvertError;

/// How long an engine may take to say what it has.
const ANSWER: Duration = Duration::from_secs(30);

/// How long an engine may be silent while it exports. Docker copies a whole image before it sends the
/// first byte.
const SILENCE: Duration = Duration::from_mins(10);

/// How often a wait looks whether it should stop.
const TICK: Duration = Duration::from_millis(200);

/// The longest name that an engine is asked for, in bytes.
const MAX_NAME: usize = 512;

/// Whose engine it is. Both speak Docker's protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineKind {
    /// Docker.
    Docker,
    /// Podman.
    Podman,
}

impl EngineKind {
    /// The word that references begin with.
    pub fn word(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        }
    }
}

/// An image of an engine. Its export is kept in the spool as long as this lives.
///
/// Waits on the runtime whose handle it is given; do not call it from a task of that runtime.
pub struct EngineSource {
    kind: EngineKind,
    socket: PathBuf,
    name: String,
    spool: Spool,
    runtime: Handle,
    exported: Mutex<Option<LocalSource>>,
}

impl EngineSource {
    /// The image `name` (or its id) of the engine that listens at `socket`. Nothing is asked yet.
    pub fn new(
        kind: EngineKind,
        socket: &Path,
        name: &str,
        spool: Spool,
        runtime: Handle,
    ) -> Result<Self, ImageError> {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/:@".contains(&byte);
        // The name becomes a part of a URL's path.
        let parts = name.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if !parts || name.len() > MAX_NAME || !name.bytes().all(good) {
            return Err(ImageError::BadReference {
                reference: name.chars().take(100).collect(),
                reason: "engines know names of letters, digits and `._-/:@`".to_owned(),
            });
        }
        let (socket, name) = (socket.to_owned(), name.to_owned());
        Ok(Self { kind, socket, name, spool, runtime, exported: Mutex::default() })
    }

    fn reference(&self) -> String {
        format!("{}:{}", self.kind.word(), self.name)
    }

    fn no_engine(&self, reason: &str) -> ImageError {
        ImageError::NoEngine { socket: self.socket.clone(), reason: reason.to_owned() }
    }

    /// What went wrong in a call.
    fn error(&self, error: &EngineError) -> ImageError {
        match error {
            EngineError::DockerResponseServerError { status_code: 404, .. } => {
                let (reference, place) = (self.name.clone(), self.place());
                ImageError::Unknown { reference, place }
            }
            EngineError::DockerResponseServerError { status_code, message } => {
                let message: String = message.chars().take(300).collect();
                ImageError::BadAnswer {
                    host: self.place(),
                    what: format!("image {}", self.name),
                    answer: format!("status {status_code} ({message})"),
                }
            }
            EngineError::JsonDataError { message, .. } => ImageError::BadAnswer {
                host: self.place(),
                what: format!("image {}", self.name),
                answer: format!("what cannot be read ({message})"),
            },
            EngineError::SocketNotFoundError(_) => self.no_engine("there is no such socket"),
            EngineError::RequestTimeoutError => self.no_engine("it is silent"),
            other => self.no_engine(&innermost(other)),
        }
    }

    /// The engine as messages call it.
    fn place(&self) -> String {
        format!("the {} engine", self.kind.word())
    }

    fn connect(&self, patience: Duration) -> Result<Docker, ImageError> {
        let path = self.socket.to_str().ok_or_else(|| self.no_engine("its path is no UTF-8"))?;
        let seconds = patience.as_secs();
        Docker::connect_with_unix(path, seconds, API_DEFAULT_VERSION)
            .map_err(|error| self.error(&error))
    }

    /// What the engine says of the image.
    fn inspect(&self) -> Result<ImageInspect, ImageError> {
        let docker = self.connect(ANSWER)?;
        let answer = self.runtime.block_on(async {
            tokio::time::timeout(ANSWER, docker.inspect_image(&self.name)).await
        });
        match answer {
            Ok(answer) => answer.map_err(|error| self.error(&error)),
            Err(_) => Err(self.no_engine("it is silent")),
        }
    }

    /// Fetches the image by its id: a name may point elsewhere by now.
    fn export(&self, id: &str) -> Result<LocalSource, ImageError> {
        let docker = self.connect(SILENCE)?;
        let reader = Export {
            stream: Box::pin(docker.export_image(id)),
            current: Bytes::new(),
            runtime: &self.runtime,
            spool: &self.spool,
        };
        LocalSource::read(reader, &self.place(), None, &self.spool).map_err(|error| match error {
            ImageError::Archive { source, .. } if matches!(*source, ConvertError::Read(_)) => {
                let ConvertError::Read(error) = *source else { return ImageError::Cancelled };
                let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
                inner.map_or_else(|| self.no_engine(&error.to_string()), |inner| self.error(inner))
            }
            error => error,
        })
    }
}

impl ImageSource for EngineSource {
    fn image(&self, platform: &Platform) -> Result<Image, ImageError> {
        let about = self.inspect()?;
        // Before anything large travels.
        if let (Some(os), Some(architecture)) = (about.os, about.architecture) {
            let variant = about.variant.filter(|variant| !variant.is_empty());
            let found = Platform { os, architecture, variant };
            if !platform.accepts(&found) {
                let (wanted, found) = (platform.clone(), vec![found]);
                return Err(ImageError::NoPlatform { wanted, found });
            }
        }
        let exported = self.export(about.id.as_deref().unwrap_or(&self.name))?;
        let image = exported.image(platform)?;
        *self.exported.lock().unwrap_or_else(PoisonError::into_inner) = Some(exported);
        Ok(Image { reference: self.reference(), ..image })
    }

    fn layer(&self, image: &Image, index: usize) -> Result<Box<dyn Read + Send + '_>, ImageError> {
        let exported = self.exported.lock().unwrap_or_else(PoisonError::into_inner);
        let exported = exported.as_ref().ok_or(ImageError::Bad {
            what: "the image",
            reason: "it is not this source's".to_owned(),
        })?;
        exported.open_layer(image, index)
    }
}

/// An export as it arrives.
struct Export<'a> {
    stream: Pin<Box<dyn Stream<Item = Result<Bytes, EngineError>> + Send + 'a>>,
    current: Bytes,
    runtime: &'a Handle,
    spool: &'a Spool,
}

impl Export<'_> {
    /// Waits for the next part; `None` at the end.
    fn next(&mut self) -> io::Result<Option<Bytes>> {
        let began = Instant::now();
        while began.elapsed() < SILENCE {
            if self.spool.cancelled() {
                return Err(io::Error::other("cancelled"));
            }
            let next = self.stream.next();
            let next = self.runtime.block_on(async { tokio::time::timeout(TICK, next).await });
            if let Ok(part) = next {
                return part.transpose().map_err(io::Error::other);
            }
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, "it is silent"))
    }
}

impl Read for Export<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.next()? {
                Some(part) => self.current = part,
                None => return Ok(0),
            }
        }
        let length = self.current.len().min(buffer.len());
        let (to, _) = buffer.split_at_mut(length);
        self.current.copy_to_slice(to);
        Ok(length)
    }
}

/// The cause at the bottom, which says what happened: the layers above it name the connector.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
