//! A token server for a registry: it asks for the password and signs what the registry then believes.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::part::{run, tool};
use super::registry::{PASSWORD, USER};

/// A running server. It ends with the test.
pub(crate) struct TokenServer {
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
    /// By which the registry knows its signature.
    pub(crate) certificate: PathBuf,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl TokenServer {
    pub(crate) fn start(home: &Path) -> Self {
        let (key, certificate) = (home.join("token.key"), home.join("token.crt"));
        let new =
            ["req", "-x509", "-days", "2", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test"];
        let mut command = tool("openssl");
        run(command.args(new).arg("-keyout").arg(&key).arg("-out").arg(&certificate));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let stop = Arc::new(AtomicBool::new(false));
        let signer = Signer { key, certificate: body(&certificate) };
        let ended = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                // A caller that goes away is no failure of the server.
                let _ = signer.answer(&stream.unwrap());
            }
        });
        Self { address, certificate, stop, thread: Some(thread) }
    }
}

impl Drop for TokenServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread.
        let _ = TcpStream::connect(&self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

struct Signer {
    key: PathBuf,
    certificate: String,
}

impl Signer {
    fn answer(&self, mut stream: &TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream).lines();
        let request = lines.next().transpose()?.unwrap_or_default();
        let (mut login, mut length) = (String::new(), 0);
        for line in lines {
            let line = line?;
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':') {
                match name.to_ascii_lowercase().as_str() {
                    "authorization" => value.trim().clone_into(&mut login),
                    "content-length" => length = value.trim().parse().unwrap_or(0),
                    _ => {}
                }
            }
        }
        let right = format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")));
        let (status, answer) = if !request.starts_with("GET /token?") || length != 0 {
            ("404 Not Found", json!({"details": "there is only GET /token"}))
        } else if login == right {
            ("200 OK", json!({ "token": self.token(&access(&request)) }))
        } else {
            ("401 Unauthorized", json!({"details": "incorrect username or password"}))
        };
        let answer = answer.to_string();
        write!(
            stream,
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n\
             content-length: {}\r\n\r\n{answer}",
            answer.len()
        )
    }

    fn token(&self, access: &[Value]) -> String {
        let header = json!({"typ": "JWT", "alg": "RS256", "x5c": [self.certificate]});
        let claims = json!({
            "iss": "test", "aud": "test", "sub": USER, "jti": "1",
            "nbf": 0, "iat": 0, "exp": 4_000_000_000_u64, "access": access,
        });
        let [header, claims] =
            [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let said = format!("{header}.{claims}");
        let file = self.key.with_extension("said");
        std::fs::write(&file, &said).unwrap();
        let mut sign = tool("openssl");
        let signature = run(sign.args(["dgst", "-sha256", "-sign"]).arg(&self.key).arg(file));
        format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// What a request asks to be let do, as a token says it.
fn access(request: &str) -> Vec<Value> {
    let target = request.split(' ').nth(1).unwrap_or_default();
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let query = query.replace("%3A", ":").replace("%2C", ",").replace("%2F", "/");
    let scopes = query.split('&').filter_map(|pair| pair.strip_prefix("scope="));
    let rights = scopes.filter_map(|scope| {
        let (kind, rest) = scope.split_once(':')?;
        let (name, actions) = rest.rsplit_once(':')?;
        let actions: Vec<&str> = actions.split(',').collect();
        Some(json!({"type": kind, "name": name, "actions": actions}))
    });
    rights.collect()
}

/// The certificate without its frame.
fn body(certificate: &Path) -> String {
    let text = std::fs::read_to_string(certificate).unwrap();
    text.lines().filter(|line| !line.starts_with("-----")).collect()
}
