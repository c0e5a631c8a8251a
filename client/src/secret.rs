//! Asking for what nobody else is to see: at the terminal without showing it, or a line of standard input.
//! Never from the command line, which others can read.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};

use anyhow::Context as _;

use crate::failure::usage;

/// The longest line that is read, in bytes.
const LONGEST: u64 = 8_192;

/// Asks for a secret. `what` names it in messages.
pub(crate) fn ask(prompt: &str, what: &str) -> anyhow::Result<String> {
    let line = if io::stdin().is_terminal() {
        rpassword::prompt_password(format!("{prompt}: "))
            .with_context(|| format!("cannot ask for the {what}"))?
    } else {
        let mut line = String::new();
        let read = io::stdin().lock().take(LONGEST).read_line(&mut line);
        read.with_context(|| format!("cannot read the {what} from standard input"))?;
        line
    };
    // The line's end is not part of it; blanks may be.
    let secret = line.trim_end_matches(['\r', '\n']);
    if secret.trim().is_empty() {
        return Err(usage(format!("no {what}: give it on standard input, one line")));
    }
    Ok(secret.to_owned())
}

/// Asks for a new secret; at the terminal twice, because nobody sees what they type.
pub(crate) fn ask_twice(prompt: &str, what: &str) -> anyhow::Result<String> {
    let secret = ask(prompt, what)?;
    if io::stdin().is_terminal() && ask(&format!("{prompt} again"), what)? != secret {
        return Err(usage(format!("that is another {what}; nothing was changed")));
    }
    Ok(secret)
}
