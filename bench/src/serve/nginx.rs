//! nginx with a configuration of its own, on a free port of the loopback interface.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};

/// How long it may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running nginx. It is told to end when dropped.
pub(crate) struct Nginx {
    child: Child,
    pub(crate) url: String,
}

impl Nginx {
    /// Serves the files below `root`, as nginx does unless told otherwise: `sendfile`, a line in a log for
    /// each request, a worker for each core.
    pub(crate) fn start(directory: &Path, root: &Path) -> anyhow::Result<Self> {
        // The port may be taken by another between this and nginx's start; then nginx says so.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let own = directory.join("nginx");
        fs::create_dir(&own)?;
        let file = own.join("nginx.conf");
        fs::write(&file, configuration(&own, root, port))?;
        let child = Command::new(program())
            .arg("-p")
            .arg(&own)
            .arg("-c")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(own.join("start.log"))?)
            .spawn()
            .context("nginx cannot be started")?;
        let mut nginx = Self { child, url: format!("http://127.0.0.1:{port}") };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = nginx.child.try_wait()?;
            anyhow::ensure!(ended.is_none() && began.elapsed() < PATIENCE, "nginx does not serve");
            thread::sleep(Duration::from_millis(20));
        }
        Ok(nginx)
    }

    /// Tells it to end, its workers with it, and waits.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        self.end().context("nginx did not end")
    }

    fn end(&mut self) -> Option<()> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if self.child.try_wait().ok()?.is_some() {
                return Some(());
            }
            let id = Pid::from_raw(i32::try_from(self.child.id()).ok()?)?;
            // Not killed: its workers would stay.
            let _ = kill_process(id, Signal::TERM);
            thread::sleep(Duration::from_millis(50));
        }
        None
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

fn configuration(own: &Path, root: &Path, port: u16) -> String {
    let (own, root) = (own.display(), root.display());
    // The files are in a directory that only its owner may enter.
    let user = if rustix::process::geteuid().is_root() { "user root;\n" } else { "" };
    format!(
        "{user}daemon off;\nworker_processes auto;\npid {own}/pid;\nerror_log {own}/error.log;\n\
         events {{ worker_connections 1024; }}\n\
         http {{\n  sendfile on;\n  tcp_nopush on;\n  keepalive_requests 1000000000;\n  \
         access_log {own}/access.log;\n  client_body_temp_path {own}/body;\n  proxy_temp_path {own}/proxy;\n  \
         fastcgi_temp_path {own}/fastcgi;\n  uwsgi_temp_path {own}/uwsgi;\n  scgi_temp_path {own}/scgi;\n  \
         server {{ listen 127.0.0.1:{port}; root {root}; }}\n}}\n"
    )
}

/// nginx stands where only root's PATH leads.
fn program() -> &'static str {
    ["/usr/sbin/nginx", "/usr/local/sbin/nginx"]
        .into_iter()
        .find(|program| Path::new(program).exists())
        .unwrap_or("nginx")
}
