//! TLS with the real program: a CA of one's own, hub-client's library against it, certificates that change
//! while it runs, callers that agree on nothing, and files that cannot be used.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use flisthub_client::{HubClient, Patience};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::Certificate;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::AsyncReadExt as _;

use super::{connect, until};
use crate::program::{Serving, user};
use crate::support::client;

/// A CA, and a directory with a hub's configuration, certificate and key.
struct Site {
    directory: tempfile::TempDir,
    ca: CertifiedIssuer<'static, KeyPair>,
}

impl Site {
    fn new() -> Self {
        // Sets the cryptography up that certificates are read with.
        drop(client());
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let site = Self { directory: tempfile::tempdir().unwrap(), ca };
        site.issue("127.0.0.1");
        let (certificate, key) = (site.file("certificate.pem"), site.file("key.pem"));
        let config = format!(
            "[tls]\ncertificate = {certificate:?}\nkey = {key:?}\ncheck_seconds = 1\n\
             handshake_seconds = 5\nhandshakes = 2\n"
        );
        std::fs::write(site.file("hub.toml"), config).unwrap();
        site
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn data(&self) -> PathBuf {
        self.file("data")
    }

    /// Writes a new certificate and its key: the key first, so that for a moment they do not match.
    fn issue(&self, host: &str) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.ca).unwrap();
        std::fs::write(self.file("key.pem"), key.serialize_pem()).unwrap();
        std::fs::write(self.file("certificate.pem"), certificate.pem()).unwrap();
    }

    fn serve(&self) -> Serving {
        let config = self.file("hub.toml");
        Serving::start_with(&self.data(), &["--config", config.to_str().unwrap()], "")
    }

    fn root(&self) -> Certificate {
        Certificate::from_pem(self.ca.pem().as_bytes()).unwrap()
    }

    /// A client that has connections of its own and trusts the CA alone.
    fn stranger(&self) -> reqwest::Client {
        reqwest::Client::builder().tls_certs_only([self.root()]).build().unwrap()
    }
}

fn address(serving: &Serving) -> SocketAddr {
    serving.url.strip_prefix("https://").expect("https").parse().unwrap()
}

#[tokio::test]
async fn a_hub_with_a_ca_of_its_own_is_spoken_to() {
    let site = Site::new();
    let token = user(&site.data(), "alice");
    let serving = site.serve();
    let root = site.ca.pem();
    let hub = HubClient::trusting(&serving.url, Some(&token), Patience::default(), root.as_bytes());
    assert_eq!(hub.unwrap().me().await.unwrap().user, "alice");
    // Links begin with what the hub speaks.
    let answer = site.stranger().get(format!("{}/api/flist", serving.url)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let patience = Patience { attempts: 1, ..Patience::default() };
    let other = rcgen::generate_simple_self_signed(["other".to_owned()]).unwrap().cert.pem();
    let hub = HubClient::trusting(&serving.url, Some(&token), patience, other.as_bytes()).unwrap();
    assert_eq!(hub.me().await.unwrap_err().code(), "unreachable");
    // Plain HTTP gets nothing.
    let plain = serving.url.replace("https://", "http://");
    assert!(client().get(format!("{plain}/healthz")).send().await.is_err());
}

#[tokio::test]
async fn new_certificates_serve_without_a_restart() {
    let site = Site::new();
    user(&site.data(), "alice");
    let serving = site.serve();
    let url = format!("{}/healthz", serving.url);
    let reached = async || site.stranger().get(&url).send().await.is_ok();
    assert!(reached().await);
    // One that does not name the host is seen to be in use, by the looks at the files.
    site.issue("elsewhere.example");
    until(async || !reached().await).await;
    // What cannot be used changes nothing, also where it is asked for.
    site.issue("127.0.0.1");
    kill_process(Pid::from_child(&serving.child), Signal::HUP).unwrap();
    until(async || reached().await).await;
    std::fs::write(site.file("key.pem"), "no key").unwrap();
    kill_process(Pid::from_child(&serving.child), Signal::HUP).unwrap();
    for _ in 0..20 {
        assert!(reached().await);
    }
    assert_eq!(serving.stop(), Some(0));
}

#[tokio::test]
async fn callers_that_agree_on_nothing_are_closed_and_others_served() {
    let site = Site::new();
    user(&site.data(), "alice");
    let serving = site.serve();
    // As many as may agree at a time, and more.
    let mut silent = Vec::new();
    for _ in 0..4 {
        silent.push(connect(address(&serving)).await);
    }
    let url = format!("{}/healthz", serving.url);
    until(async || site.stranger().get(&url).send().await.is_ok()).await;
    for stream in &mut silent {
        let ended = stream.read(&mut [0]).await;
        assert!(matches!(ended, Ok(0) | Err(_)));
    }
    until(async || site.stranger().get(&url).send().await.is_ok()).await;
}

#[test]
fn files_that_cannot_be_used_are_told_at_start() {
    let site = Site::new();
    let refused = |about: &str| {
        let said = refused(&site.data(), &site.file("hub.toml"));
        assert!(said.contains(about), "{about}: {said}");
        assert!(!said.contains("panicked"), "{said}");
    };
    let key = std::fs::read(site.file("key.pem")).unwrap();
    std::fs::write(site.file("key.pem"), "SECRET").unwrap();
    refused("key.pem: holds no private key");
    std::fs::write(site.file("key.pem"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
    refused("is not the key of the certificate");
    std::fs::write(site.file("key.pem"), key).unwrap();
    std::fs::write(site.file("certificate.pem"), "").unwrap();
    refused("certificate.pem: holds no certificate");
    std::fs::remove_file(site.file("certificate.pem")).unwrap();
    refused("certificate.pem: cannot be read");
}

/// Starting ends with exit code 1; gives what it says. A hub that would run is ended by `timeout`.
fn refused(data: &Path, config: &Path) -> String {
    let output = Command::new("timeout")
        .args(["60", env!("CARGO_BIN_EXE_flisthub"), "serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .arg("--config")
        .arg(config)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(!said.contains("SECRET"), "{said}");
    said
}
