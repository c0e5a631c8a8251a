//! A hub with the user alice, and `hub-client` as alice types it.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const FLISTHUB: &str = env!("CARGO_BIN_EXE_flisthub");

/// The client's program, beside the hub's.
fn hub_client() -> PathBuf {
    let path = Path::new(FLISTHUB).with_file_name("hub-client");
    let build = "cargo build --release --workspace";
    assert!(path.exists(), "{} is not built: run `{build}` first", path.display());
    path
}

/// A running hub. Dropped, it is killed and its data are removed.
pub(crate) struct Hub {
    child: Child,
    pub(crate) url: String,
    /// Where tests put their files: on the file system of the build, which keeps attributes.
    pub(crate) home: TempDir,
    pub(crate) token: String,
}

impl Hub {
    pub(crate) fn start() -> Self {
        Self::start_with("")
    }

    /// A hub with that configuration.
    pub(crate) fn start_with(config: &str) -> Self {
        let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let token = user(home.path().join("data").to_str().unwrap(), "alice");
        let (child, url) = serve(home.path(), config);
        Self { child, url, home, token }
    }

    /// Kills the hub and starts it on the same data with another configuration.
    pub(crate) fn restart_with(&mut self, config: &str) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        (self.child, self.url) = serve(self.home.path(), config);
    }

    /// A path below the test's directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Makes a user; gives the token.
    pub(crate) fn user(&self, name: &str) -> String {
        user(self.path("data").to_str().unwrap(), name)
    }

    /// A token of alice's that allows that.
    pub(crate) fn scoped(&self, scope: &str) -> String {
        let data = self.path("data");
        let data = data.to_str().unwrap();
        if scope == "admin" {
            last_line(&["user", "admin", "alice", "--data", data]);
        }
        last_line(&["token", "create", "--user", "alice", "--scope", scope, "--data", data])
    }

    /// What the hub has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }

    /// `hub-client` as alice.
    pub(crate) fn client(&self) -> Command {
        self.client_as(&self.token)
    }

    /// `hub-client` with a token, and with nothing of the caller's environment.
    pub(crate) fn client_as(&self, token: &str) -> Command {
        let mut command = Command::new(hub_client());
        command
            .env_clear()
            .env("FLISTHUB_URL", &self.url)
            .env("FLISTHUB_TOKEN", token)
            .env("TZ", "Pacific/Kiritimati")
            .current_dir(self.home.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs `hub-client`, which must succeed; gives its standard output.
    pub(crate) fn run(&self, arguments: &[&str]) -> Vec<u8> {
        let output = self.client().args(arguments).output().unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {:?} {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    }

    /// Runs `hub-client --json`, which must succeed.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[&["--json"], arguments].concat());
        serde_json::from_slice(&output).unwrap()
    }

    /// Pushes what stands at a path; gives the report.
    pub(crate) fn push(&self, path: &Path, name: &str) -> Value {
        self.json(&["push", path.to_str().unwrap(), name])
    }

    /// Runs `hub-client --json`, which must fail; gives exit code, code and message.
    pub(crate) fn fail(&self, arguments: &[&str]) -> (i32, String, String) {
        failure(&self.client().arg("--json").args(arguments).output().unwrap())
    }

    /// Uploads an archive as `curl -F file=@...` does; gives the report.
    pub(crate) fn upload(&self, archive: &Path) -> Value {
        let name = archive.file_name().unwrap().to_str().unwrap();
        let mut body = format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
        )
        .into_bytes();
        body.extend(fs::read(archive).unwrap());
        body.extend(b"\r\n--b--\r\n");
        let address = self.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        write!(
            stream,
            "POST /api/flist/me/upload HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
             authorization: Bearer {}\r\ncontent-type: multipart/form-data; boundary=b\r\n\
             content-length: {}\r\n\r\n",
            self.token,
            body.len()
        )
        .unwrap();
        stream.write_all(&body).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{answer}");
        let start = body.find('{').unwrap();
        let end = body.rfind('}').unwrap();
        let answer: Value = serde_json::from_str(&body[start..=end]).unwrap();
        answer["payload"]["report"].clone()
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        // Gone already, where it failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Exit code, code and message of a failed `hub-client --json`.
pub(crate) fn failure(output: &Output) -> (i32, String, String) {
    let line = String::from_utf8(output.stderr.clone()).unwrap();
    let body: Value = serde_json::from_str(line.lines().last().unwrap_or_default())
        .unwrap_or_else(|_| panic!("{:?}: {line:?}", output.status));
    let text = |key: &str| body["error"][key].as_str().unwrap().to_owned();
    (output.status.code().unwrap(), text("code"), text("message"))
}

/// Starts a hub; gives its process and address.
fn serve(home: &Path, config: &str) -> (Child, String) {
    let file = home.join("config.toml");
    fs::write(&file, config).unwrap();
    let mut child = Command::new(FLISTHUB)
        .args(["serve", "--listen", "127.0.0.1:0"])
        .arg("--data")
        .arg(home.join("data"))
        .arg("--config")
        .arg(file)
        .stdout(Stdio::piped())
        .stderr(File::create(home.join("log")).unwrap())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().strip_prefix("listening on ").unwrap().to_owned();
    (child, url)
}

fn user(data: &str, name: &str) -> String {
    last_line(&["user", "add", name, "--data", data]);
    last_line(&["token", "create", "--user", name, "--data", data])
}

/// The last line that `flisthub` prints.
fn last_line(arguments: &[&str]) -> String {
    let output = Command::new(FLISTHUB).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().last().unwrap().to_owned()
}

/// Whether the test may do what only root may.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
