//! What is the same for all registries: rules, certificates, patience; and the HTTP clients made of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use reqwest::{Certificate, Client, redirect};

use super::outbound::{Outbound, Reach};
use super::resolver::Resolver;

/// How registries are spoken to.
#[derive(Debug, Clone)]
pub struct RegistryOptions {
    /// Which hosts may be connected to.
    pub outbound: Outbound,
    /// Files of PEM certificates that are trusted besides the system's.
    pub ca_files: Vec<PathBuf>,
    /// How long a connection may take to come about.
    pub connect_limit: Duration,
    /// How long nothing may come while something is awaited.
    pub read_limit: Duration,
    /// How long a manifest, a configuration or a token may take in all, retries included.
    pub document_limit: Duration,
    /// How long it may take to learn the digest that a tag points at.
    pub resolve_limit: Duration,
    /// How long to wait before the first retry; twice as long before each further one.
    pub pause: Duration,
    /// The longest wait that a registry may ask for.
    pub longest_wait: Duration,
    /// Bytes a second that a layer must come in with, on average over the time that it is waited for; 0 for any.
    pub slowest_bytes_per_second: u64,
    /// How long a layer is waited for before that is looked at.
    pub slow_start: Duration,
    /// What the requests say they come from.
    pub user_agent: String,
}

impl Default for RegistryOptions {
    fn default() -> Self {
        Self {
            outbound: Outbound::default(),
            ca_files: Vec::new(),
            connect_limit: Duration::from_secs(10),
            read_limit: Duration::from_secs(30),
            document_limit: Duration::from_mins(2),
            resolve_limit: Duration::from_secs(15),
            pause: Duration::from_secs(1),
            longest_wait: Duration::from_secs(30),
            slowest_bytes_per_second: 1_024,
            slow_start: Duration::from_mins(1),
            user_agent: concat!("flisthub/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// Why registries cannot be spoken to at all.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// An entry of the rules is no host.
    #[error(
        "{0:?} is no host: write registry.example.com, *.example.com, * or, where one port is meant, host:port"
    )]
    Host(String),
    /// A file of certificates cannot be read.
    #[error("{}: cannot be read", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A file of certificates holds none, or broken ones.
    #[error("{}: holds no PEM certificates that can be used", path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: Option<reqwest::Error>,
    },
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
}

/// The way to registries: made once, cloned cheaply.
#[derive(Debug, Clone)]
pub struct Registries(pub(super) Arc<Shared>);

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: RegistryOptions,
    public: Client,
    private: Client,
}

impl Registries {
    /// Reads the certificates and sets up the clients.
    pub fn new(options: RegistryOptions) -> Result<Self, SetupError> {
        // Fails only when a provider is there already, and then that one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut certificates = Vec::new();
        for path in &options.ca_files {
            certificates.extend(read_certificates(path)?);
        }
        let public = client(&options, &certificates, Reach::Public)?;
        let private = client(&options, &certificates, Reach::Private)?;
        Ok(Self(Arc::new(Shared { options, public, private })))
    }
}

impl Shared {
    pub(super) fn client(&self, reach: Reach) -> &Client {
        match reach {
            Reach::Public => &self.public,
            Reach::Private => &self.private,
        }
    }
}

fn read_certificates(path: &Path) -> Result<Vec<Certificate>, SetupError> {
    let unusable = |source| SetupError::Certificates { path: path.to_owned(), source };
    let text =
        fs::read(path).map_err(|source| SetupError::CaFile { path: path.to_owned(), source })?;
    match Certificate::from_pem_bundle(&text) {
        Ok(found) if found.is_empty() => Err(unusable(None)),
        Ok(found) => Ok(found),
        Err(error) => Err(unusable(Some(error))),
    }
}

/// Two clients, since a resolver sees no ports: which of the two may connect is decided before.
fn client(
    options: &RegistryOptions,
    certificates: &[Certificate],
    reach: Reach,
) -> Result<Client, SetupError> {
    let builder = || {
        Client::builder()
            .user_agent(&options.user_agent)
            .dns_resolver(Resolver(reach))
            // Each step is checked before it is taken.
            .redirect(redirect::Policy::none())
            // A proxy would connect where it likes.
            .no_proxy()
            .referer(false)
            .connect_timeout(options.connect_limit)
            .read_timeout(options.read_limit)
    };
    let certificates = || certificates.iter().cloned();
    builder()
        .tls_certs_merge(certificates())
        .build()
        // A machine without any certificates still reaches those that are configured.
        .or_else(|_| builder().tls_certs_only(certificates()).build())
        .map_err(SetupError::Client)
}
