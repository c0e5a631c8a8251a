//! A hub of our own: the real program on a free loopback port, with an empty data directory.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};

use crate::process::Process;
use crate::run;

/// The user, and so the repository, that everything goes to.
pub(crate) const USER: &str = "bench";

/// How long a hub may take to start or to stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// The hubs that run now, to be ended when this program is interrupted.
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// The programs that are measured.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    hub: PathBuf,
    client: PathBuf,
}

impl Programs {
    /// They are built into the directory where this program is.
    pub(crate) fn beside_this_one() -> anyhow::Result<Self> {
        let this = std::env::current_exe().context("where is this program?")?;
        let directory = this.parent().context("this program is nowhere")?;
        let programs =
            Self { hub: directory.join("flisthub"), client: directory.join("hub-client") };
        for program in [&programs.hub, &programs.client] {
            anyhow::ensure!(program.exists(), "{} is not built", program.display());
        }
        Ok(programs)
    }
}

/// A running hub. It is killed when dropped.
pub(crate) struct Hub {
    programs: Programs,
    child: Child,
    /// Kept open, or the hub could not write to it.
    _output: BufReader<ChildStdout>,
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) data: PathBuf,
}

impl Hub {
    /// Makes a user and starts a hub whose data is `directory/data`; waits until it listens.
    pub(crate) fn start(programs: &Programs, directory: &Path) -> anyhow::Result<Self> {
        Self::start_with(programs, directory, None)
    }

    /// The same with the text of a configuration.
    pub(crate) fn start_with(
        programs: &Programs,
        directory: &Path,
        config: Option<&str>,
    ) -> anyhow::Result<Self> {
        let data = directory.join("data");
        if let Some(config) = config {
            fs::write(data.with_extension("toml"), config)?;
        }
        let tool = |words: &[&str]| {
            run::plain(Command::new(&programs.hub).args(words).arg("--data").arg(&data))
        };
        tool(&["user", "add", USER])?;
        let told = tool(&["token", "create", "--user", USER])?;
        let token = told.lines().last().context("no token was printed")?.to_owned();
        Self::serve(programs, data, token)
    }

    /// Ends the hub and starts it again with the same data.
    pub(crate) fn restart(self) -> anyhow::Result<Self> {
        let (programs, data, token) =
            (self.programs.clone(), self.data.clone(), self.token.clone());
        self.stop()?;
        Self::serve(&programs, data, token)
    }

    fn serve(programs: &Programs, data: PathBuf, token: String) -> anyhow::Result<Self> {
        let log = data.with_extension("log");
        let config = data.with_extension("toml");
        let mut command = Command::new(&programs.hub);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&data);
        if config.exists() {
            command.arg("--config").arg(&config);
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log)?)
            .spawn()
            .context("the hub cannot be started")?;
        remember(child.id());
        let stdout = child.stdout.take().context("the hub has no output")?;
        match wait_for_address(stdout) {
            Ok((output, url)) => {
                let programs = programs.clone();
                Ok(Self { programs, child, _output: output, url, token, data })
            }
            Err(error) => {
                end(&mut child);
                let log = fs::read_to_string(log).unwrap_or_default();
                Err(error.context(format!("the hub did not start; its log:\n{log}")))
            }
        }
    }

    /// Its process.
    pub(crate) fn process(&self) -> Process {
        Process(self.child.id())
    }

    /// `hub-client`, told where the hub is.
    pub(crate) fn client(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.programs.client);
        command.env("FLISTHUB_URL", &self.url).env("FLISTHUB_TOKEN", &self.token);
        command.arg("--json").args(words);
        command
    }

    /// Waits until the hub has had nothing to do for a moment, so that what it still does in the
    /// background is neither measured with others nor forgotten.
    pub(crate) fn settle(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        let mut before = self.process().cpu()?;
        while began.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(200));
            let now = self.process().cpu()?;
            if now <= before {
                return Ok(());
            }
            before = now;
        }
        anyhow::bail!("the hub is still at work {} s after its answer", PATIENCE.as_secs())
    }

    /// Asks the hub to end, and waits for it.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        send(self.child.id(), Signal::TERM);
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                anyhow::ensure!(status.success(), "the hub ended with {status}");
                return Ok(());
            }
            thread::sleep(Duration::from_millis(20));
        }
        anyhow::bail!("the hub did not end within {} s of being asked", PATIENCE.as_secs())
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Reads the line that tells the address. A thread reads, so that a silent hub ends the wait.
fn wait_for_address(stdout: ChildStdout) -> anyhow::Result<(BufReader<ChildStdout>, String)> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut output = BufReader::new(stdout);
        let mut line = String::new();
        let read = output.read_line(&mut line).map(|_| (output, line));
        // Nobody waits any more: then nobody wants it.
        let _ = sender.send(read);
    });
    let (output, line) = receiver.recv_timeout(PATIENCE).context("it says nothing")??;
    let url = line.trim().strip_prefix("listening on ");
    let url = url.with_context(|| format!("it says {line:?}"))?.to_owned();
    Ok((output, url))
}

/// Kills every hub that runs: for the end of this program.
pub(crate) fn end_all() {
    for id in RUNNING.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        send(id, Signal::KILL);
    }
}

/// Kills a hub if it still runs.
fn end(child: &mut Child) {
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    running.retain(|id| *id != child.id());
    // Both fail only when it has ended already.
    let _ = child.kill();
    let _ = child.wait();
}

fn remember(id: u32) {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner).push(id);
}

fn send(id: u32, signal: Signal) {
    if let Some(id) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        // Fails only when it has ended already.
        let _ = kill_process(id, signal);
    }
}
