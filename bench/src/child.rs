//! Tasks that run in a process of their own: this program again with a hidden argument, so that each
//! has peak memory of its own and begins with empty caches.

use std::fmt::Debug;
use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::Context as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::store::Task;

/// The hidden option that the task stands behind, as JSON.
pub(crate) const OPTION: &str = "child";

/// Runs a task in a new process and gives its answer.
pub(crate) fn ask<T: DeserializeOwned>(task: &Task) -> anyhow::Result<T> {
    let this = std::env::current_exe().context("this program's own path")?;
    let task_text = serde_json::to_string(task)?;
    let done = Command::new(this)
        .arg(format!("--{OPTION}={task_text}"))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{task:?} cannot be started"))?;
    anyhow::ensure!(done.status.success(), "{task:?}: {}", done.status);
    if done.stdout.len() < 1000 {
        // Long work may be ended before the tables are printed.
        eprint!("  {}", String::from_utf8_lossy(&done.stdout));
    }
    let answer: Wire = serde_json::from_slice(&done.stdout).context("the answer of a child")?;
    Ok(serde_json::from_value(answer.answer)?)
}

/// What a child prints: nothing else may.
#[derive(Debug, Serialize, Deserialize)]
struct Wire {
    answer: serde_json::Value,
}

/// Runs the task of this process and prints the answer. Ends with whoever asked.
pub(crate) fn answer(task: &str) -> anyhow::Result<()> {
    let parent_gone = Some(rustix::process::Signal::KILL);
    rustix::process::set_parent_process_death_signal(parent_gone)?;
    let task: Task = serde_json::from_str(task).context("the task of a child")?;
    let answer = task.run().with_context(|| format!("{task:?}"))?;
    let mut out = std::io::stdout();
    serde_json::to_writer(&mut out, &Wire { answer })?;
    writeln!(out)?;
    Ok(())
}
