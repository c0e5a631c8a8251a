//! Asking the person at the terminal.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anyhow::Context as _;

/// Asks a question that yes answers. Where nobody can be asked, the answer is yes: a script that calls
/// the command means it.
pub(crate) fn confirm(question: &str) -> anyhow::Result<bool> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(true);
    }
    let mut line = String::new();
    write!(io::stderr(), "{question} [y/N] ")
        .and_then(|()| io::stderr().flush())
        .and_then(|()| io::stdin().lock().read_line(&mut line))
        .context("cannot ask at the terminal")?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}
