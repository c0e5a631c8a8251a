//! Encrypted connections: the certificate in use, and its files, looked at again and again.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{Acceptor, ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::net::TcpStream;
use tokio::signal::unix::Signal;
use tokio::sync::Semaphore;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use crate::config;
use crate::limits::{CallerKey, Places};

/// The longest file that is read: certificates and keys have some kilobytes.
const FILE_BYTES: u64 = 1 << 20;

/// Of so many connections that may agree on encryption at a time, one may be of one network.
const OF_HANDSHAKES: usize = 8;

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{file}: cannot be read: {source}")]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file holds something else.
    #[error("{file}: {reason}")]
    Content {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The key is not that of the certificate.
    #[error("{key} is not the key of the certificate in {certificate}")]
    Mismatch {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// The cryptography cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Setup(#[source] rustls::Error),
}

/// How the two files looked: a change is seen by it.
type Look = [Option<(SystemTime, u64)>; 2];

/// The certificate's files, and what was read from them last.
#[derive(Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
    current: RwLock<(Arc<CertifiedKey>, Look)>,
}

/// What makes connections encrypted. Cheap to clone.
#[derive(Clone)]
pub struct Tls {
    files: Arc<Files>,
    server: Arc<ServerConfig>,
    /// One permit for each connection that agrees on encryption.
    handshakes: Arc<Semaphore>,
    /// Of those, what one network may have.
    own: Arc<Places<CallerKey>>,
    handshake: Duration,
    check: Duration,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("certificate", &self.files.certificate).finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads the files that the configuration names; `None` if it names none.
    pub fn of(config: &config::Tls) -> Result<Option<Self>, TlsError> {
        let (Some(certificate), Some(key)) = (&config.certificate, &config.key) else {
            return Ok(None);
        };
        let look = look(certificate, key);
        let current = RwLock::new((Arc::new(read(certificate, key)?), look));
        let files = Files { certificate: certificate.clone(), key: key.clone(), current };
        let files = Arc::new(files);
        let mut server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Setup)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&files) as Arc<dyn ResolvesServerCert>);
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Some(Self {
            files,
            server: Arc::new(server),
            handshakes: Arc::new(Semaphore::new(config.handshakes)),
            own: Arc::new(Places::new(config.handshakes.div_ceil(OF_HANDSHAKES))),
            handshake: Duration::from_secs(config.handshake_seconds),
            check: Duration::from_secs(config.check_seconds),
        }))
    }

    /// Agrees on encryption with a caller, in time. Who says nothing takes no place; who begins takes one of
    /// those that its network has.
    pub(super) async fn accept(
        &self,
        stream: TcpStream,
        caller: CallerKey,
    ) -> io::Result<TlsStream<TcpStream>> {
        let agreed = async {
            let begun = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
            let _own = self.own.wait(&caller).await;
            let _place = self.handshakes.acquire().await.map_err(io::Error::other)?;
            begun.into_stream(Arc::clone(&self.server)).await
        };
        tokio::time::timeout(self.handshake, agreed).await?
    }

    /// Looks at the files again and again, and at once at that signal; never ends.
    pub async fn keep_up(self, mut at_once: Signal) {
        loop {
            let forced = tokio::select! {
                () = tokio::time::sleep(self.check) => false,
                _ = at_once.recv() => true,
            };
            let files = Arc::clone(&self.files);
            // A disk may take its time. What goes wrong is told by the task itself.
            let _ = tokio::task::spawn_blocking(move || files.look_again(forced)).await;
        }
    }
}

impl Files {
    /// Takes what the files hold now, if they changed. What cannot be used changes nothing: the hub goes on
    /// with what it has.
    fn look_again(&self, forced: bool) {
        let now = look(&self.certificate, &self.key);
        let before = self.current.read().unwrap_or_else(PoisonError::into_inner).1;
        if now == before && !forced {
            return;
        }
        match read(&self.certificate, &self.key) {
            Ok(key) => {
                let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
                *current = (Arc::new(key), now);
                tracing::info!(certificate = %self.certificate.display(), "certificate read again");
            }
            // Looked at again the next time too: of two files, one may be written before the other.
            Err(error) => {
                tracing::error!(%error, "the new certificate cannot be used; the one of before serves");
            }
        }
    }
}

impl ResolvesServerCert for Files {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner).0))
    }
}

fn look(certificate: &Path, key: &Path) -> Look {
    [certificate, key].map(|file| {
        let found = std::fs::metadata(file).ok()?;
        Some((found.modified().ok()?, found.len()))
    })
}

fn content(file: &Path) -> Result<Vec<u8>, TlsError> {
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|open| open.take(FILE_BYTES).read_to_end(&mut bytes))
        .map_err(|source| TlsError::Read { file: file.to_owned(), source })?;
    Ok(bytes)
}

/// The certificate and its key, which belong together.
fn read(certificate: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let wrong = |file: &Path, reason: String| TlsError::Content { file: file.to_owned(), reason };
    let bytes = content(certificate)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let chain = chain.map_err(|error| wrong(certificate, format!("no PEM: {error}")))?;
    if chain.is_empty() {
        return Err(wrong(certificate, "holds no certificate (PEM)".to_owned()));
    }
    let bytes = content(key)?;
    // What stands in it is for nobody's eyes: no error of the parser's is quoted.
    let der = PrivateKeyDer::from_pem_slice(&bytes)
        .map_err(|_| wrong(key, "holds no private key (PEM, not encrypted)".to_owned()))?;
    let signing = ring::sign::any_supported_type(&der).map_err(|_| {
        wrong(key, "holds a key that is not RSA, ECDSA (P-256, P-384) or Ed25519".to_owned())
    })?;
    let pair = CertifiedKey::new(chain, signing);
    match pair.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {
            Ok(pair)
        }
        Err(rustls::Error::InconsistentKeys(_)) => {
            Err(TlsError::Mismatch { certificate: certificate.to_owned(), key: key.to_owned() })
        }
        Err(error) => Err(wrong(certificate, format!("the certificate cannot be used: {error}"))),
    }
}
