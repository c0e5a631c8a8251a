//! A registry of the test's own, Debian's docker-registry: open, with a password, with tokens, with TLS.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::part::{Daemon, room, run, skopeo_copy, tool};
use super::token::TokenServer;

/// Who may use a registry that is not open.
pub(crate) const USER: &str = "carol";
pub(crate) const PASSWORD: &str = "correct horse";

/// The password of [`USER`] as `htpasswd -B` writes it.
const HTPASSWD: &str = "carol:$2y$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2\n";

/// How a registry is entered.
enum Door {
    Open,
    Password,
    Tokens(TokenServer),
    Tls,
}

/// A running registry.
pub(crate) struct Registry {
    daemon: Daemon,
    home: TempDir,
    door: Door,
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
}

impl Registry {
    /// Everybody may read and write, over plain HTTP.
    pub(crate) fn open() -> Self {
        Self::start(room(), Door::Open, "")
    }

    /// HTTP's Basic login, over plain HTTP.
    pub(crate) fn with_password() -> Self {
        let home = room();
        fs::write(home.path().join("htpasswd"), HTPASSWD).unwrap();
        let path = home.path().join("htpasswd");
        let auth = format!("auth: {{htpasswd: {{realm: test, path: {}}}}}\n", path.display());
        Self::start(home, Door::Password, &auth)
    }

    /// Tokens of a server of its own, for whoever has the password; over plain HTTP.
    pub(crate) fn with_tokens() -> Self {
        let home = room();
        let server = TokenServer::start(home.path());
        let auth = format!(
            "auth: {{token: {{realm: \"http://{}/token\", service: test, issuer: test, \
             rootcertbundle: {}}}}}\n",
            server.address,
            server.certificate.display()
        );
        Self::start(home, Door::Tokens(server), &auth)
    }

    /// TLS, by an authority that nobody knows.
    pub(crate) fn with_tls() -> Self {
        let home = room();
        certify(home.path());
        Self::start(home, Door::Tls, "")
    }

    fn start(home: TempDir, door: Door, auth: &str) -> Self {
        let at = home.path().display();
        let tls = match door {
            Door::Tls => format!(", tls: {{certificate: {at}/server.crt, key: {at}/server.key}}"),
            _ => String::new(),
        };
        let config = format!(
            "version: 0.1\nlog: {{accesslog: {{disabled: false}}}}\n\
             storage: {{filesystem: {{rootdirectory: {at}/data}}}}\n\
             http: {{addr: \"127.0.0.1:0\", secret: test{tls}}}\n{auth}"
        );
        let file = home.path().join("config.yml");
        fs::write(&file, config).unwrap();
        let arguments = ["docker-registry", "serve", file.to_str().unwrap()];
        let mut daemon = Daemon::start(&arguments, &home.path().join("log"));
        let address = daemon.wait_for("docker-registry", |daemon| listening(&daemon.log()));
        Self { daemon, home, door, address }
    }

    /// The certificate of the authority that signed the registry's.
    pub(crate) fn authority(&self) -> PathBuf {
        self.home.path().join("authority/ca.crt")
    }

    /// Hosts that one has to be allowed to ask in order to read here.
    pub(crate) fn hosts(&self) -> Vec<&str> {
        let mut hosts = vec![self.address.as_str()];
        if let Door::Tokens(server) = &self.door {
            hosts.push(&server.address);
        }
        hosts
    }

    /// Whether it has a certificate.
    pub(crate) fn has_tls(&self) -> bool {
        matches!(self.door, Door::Tls)
    }

    /// Puts an image into the registry, from anywhere that skopeo reads.
    pub(crate) fn take(&self, from: &str, name: &str) {
        self.take_with(&[], from, name);
    }

    /// The same, with more options of `skopeo copy`.
    pub(crate) fn take_with(&self, options: &[&str], from: &str, name: &str) {
        let authority = self.home.path().join("authority");
        let login = format!("--dest-creds={USER}:{PASSWORD}");
        let certificates = format!("--dest-cert-dir={}", authority.display());
        let to = format!("docker://{}/{name}", self.address);
        let entry = match self.door {
            Door::Open => vec!["--dest-tls-verify=false"],
            Door::Password | Door::Tokens(_) => vec!["--dest-tls-verify=false", &login],
            Door::Tls => vec![certificates.as_str()],
        };
        skopeo_copy(&[options, &entry, &[from, &to]].concat());
    }

    /// The digests of the blobs that were fetched, in order, once for each fetch.
    pub(crate) fn fetched(&self) -> Vec<String> {
        let log = self.daemon.log();
        let get = |line: &str| {
            let path = line.split_once("\"GET ")?.1;
            let (_, digest) = path.split_once("/blobs/")?;
            Some(digest.split_once(' ')?.0.to_owned())
        };
        log.lines().filter_map(get).collect()
    }

    /// Changes one byte in the middle of a stored blob.
    pub(crate) fn damage(&self, digest: &str) {
        let hex = digest.strip_prefix("sha256:").unwrap();
        let blobs = self.home.path().join("data/docker/registry/v2/blobs/sha256");
        let file = blobs.join(&hex[..2]).join(hex).join("data");
        let mut content = fs::read(&file).unwrap();
        let middle = content.len() / 2;
        content[middle] ^= 1;
        fs::write(file, content).unwrap();
    }
}

/// Where the registry says that it listens.
fn listening(log: &str) -> Option<String> {
    let (_, after) = log.split_once("listening on ")?;
    let end = after.find([',', '"'])?;
    Some(after[..end].to_owned())
}

/// Makes an authority, and a certificate by it for 127.0.0.1.
fn certify(home: &Path) {
    let authority = home.join("authority");
    fs::create_dir(&authority).unwrap();
    let openssl = |arguments: &[&str]| {
        run(tool("openssl").args(arguments).current_dir(home));
    };
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let authority = ["-subj", "/CN=An authority", "-keyout", "ca.key", "-out", "authority/ca.crt"];
    openssl(&[&["req", "-x509", "-days", "2"], &key[..], &authority[..]].concat());
    let server = ["-subj", "/CN=registry", "-keyout", "server.key", "-out", "server.csr"];
    openssl(&[&["req"], &key[..], &server[..]].concat());
    fs::write(home.join("names"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    let by = ["-CA", "authority/ca.crt", "-CAkey", "ca.key", "-CAcreateserial"];
    let signed = ["-in", "server.csr", "-out", "server.crt", "-extfile", "names", "-days", "2"];
    openssl(&[&["x509", "-req"], &by[..], &signed[..]].concat());
}
