//! The part of the configuration that is about encrypted connections: `[tls]`.

use std::path::PathBuf;

use serde::Deserialize;

use super::{ConfigError, LONGEST, MOST_AT_A_TIME, within};

/// Encrypted connections. Without a certificate the hub speaks plain HTTP, for loopback or behind a proxy.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// A PEM file with the certificate, and those that lead to a root after it. Default: none. Stops others
    /// on the way from reading and changing what is said.
    pub certificate: Option<PathBuf>,
    /// A PEM file with the certificate's private key. Default: none.
    pub key: Option<PathBuf>,
    /// Seconds between two looks at the files: new ones serve from then on, without a restart. SIGHUP has
    /// them looked at at once. Default: 60.
    pub check_seconds: u64,
    /// Seconds that a caller may take to agree on encryption. Default: 10. Stops callers that connect and
    /// say nothing.
    pub handshake_seconds: u64,
    /// Connections at a time that agree on encryption, an eighth of them of one address; the rest wait.
    /// Default: 64. Who says nothing takes none. Stops the arithmetic of new connections from taking the
    /// processors.
    pub handshakes: usize,
}

impl Default for Tls {
    fn default() -> Self {
        let (certificate, key) = (None, None);
        Self { certificate, key, check_seconds: 60, handshake_seconds: 10, handshakes: 64 }
    }
}

impl Tls {
    /// Refuses one file without the other.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.certificate.is_some() != self.key.is_some() {
            let need = "given both, or neither".to_owned();
            return Err(ConfigError::Value { key: "tls.certificate and tls.key", need });
        }
        within("tls.check_seconds", self.check_seconds, LONGEST)?;
        within("tls.handshake_seconds", self.handshake_seconds, LONGEST)?;
        within("tls.handshakes", self.handshakes as u64, MOST_AT_A_TIME)
    }

    /// Whether the hub encrypts.
    pub fn is_on(&self) -> bool {
        self.certificate.is_some()
    }
}
