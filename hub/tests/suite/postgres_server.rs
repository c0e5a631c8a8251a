//! A PostgreSQL server of a test's own, which the test may stop and start.

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use sqlx::Connection as _;

/// The server. Dropped, it is ended and its files are removed.
pub(crate) struct Server {
    place: tempfile::TempDir,
    programs: PathBuf,
    /// User and group that it runs as, where this is root, which it refuses to run as.
    owner: Option<(u32, u32)>,
    running: Option<Child>,
}

/// Where the server's programs are.
#[expect(clippy::disallowed_methods, reason = "test binaries have no command line of their own")]
fn programs() -> PathBuf {
    let in_path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let debian = debian.map(|version| version.unwrap().path().join("bin"));
    let mut all = std::env::split_paths(&in_path).chain(debian);
    all.find(|path| path.join("initdb").exists() && path.join("postgres").exists())
        .expect("the package postgresql")
}

/// User and group of `postgres`.
fn owner() -> (u32, u32) {
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let line = users.lines().find(|line| line.starts_with("postgres:")).unwrap();
    let field = |number| line.split(':').nth(number).unwrap().parse().unwrap();
    (field(2), field(3))
}

impl Server {
    /// Starts a server.
    pub(crate) fn start() -> Self {
        let place = tempfile::tempdir().unwrap();
        let owner = rustix::process::geteuid().is_root().then(owner);
        if let Some((user, group)) = owner {
            std::os::unix::fs::chown(place.path(), Some(user), Some(group)).unwrap();
        }
        let mut server = Self { place, programs: programs(), owner, running: None };
        let data = server.place.path().join("data");
        let mut initdb = server.command("initdb");
        initdb.args(["-U", "flisthub", "-A", "trust", "-E", "UTF8", "--no-locale", "-N", "-D"]);
        assert!(initdb.arg(data).stdout(Stdio::null()).status().unwrap().success());
        server.run();
        server
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir("/");
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }

    /// Runs it, again or for the first time.
    pub(crate) fn run(&mut self) {
        let place = self.place.path();
        let socket = format!("unix_socket_directories={}", place.display());
        let mut command = self.command("postgres");
        command.args(["-c", "listen_addresses=", "-c", &socket, "-c", "fsync=off", "-D"]);
        command.arg(place.join("data")).stdout(Stdio::null()).stderr(Stdio::null());
        self.running = Some(command.spawn().unwrap());
    }

    /// Ends it at once; whoever is connected is cut off.
    pub(crate) fn stop(&mut self) {
        if let Some(mut running) = self.running.take() {
            kill_process(Pid::from_child(&running), Signal::INT).unwrap();
            running.wait().unwrap();
        }
    }

    /// The address of its one database.
    pub(crate) fn url(&self) -> String {
        let place = self.place.path().display();
        format!("postgres:///postgres?host={place}&user=flisthub")
    }

    /// Waits until it answers, and leaves nothing in it.
    pub(crate) async fn ready(&self) {
        while let Err(error) = sqlx::PgConnection::connect(&self.url()).await {
            let starts = matches!(&error, sqlx::Error::Io(_))
                || error
                    .as_database_error()
                    .is_some_and(|error| error.code().as_deref() == Some("57P03"));
            assert!(starts, "{error:?}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
