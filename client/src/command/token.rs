//! `hub-client token list`, `token create` and `token revoke`

use clap::{Args, Subcommand};
use flisthub_flist::wire::{TokenInfo, TokenRequest};
use serde::Serialize;

use crate::cli::Session;
use crate::failure::usage;
use crate::text;

/// Your tokens: list them, make one, revoke one.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List your tokens, newest first, revoked ones too.
    List,
    /// Make a token. It is shown this once, alone on the last line.
    Create(Create),
    /// Revoke a token: from then on it is worth nothing.
    Revoke {
        /// The token's number, as `token list` shows it.
        #[arg(value_name = "ID")]
        id: String,
    },
}

#[derive(Debug, Args)]
struct Create {
    /// What it is for.
    #[arg(long, value_name = "TEXT", default_value = "")]
    label: String,
    /// What it allows: read, write or admin; each includes those before it.
    #[arg(long, value_name = "SCOPE", default_value = "write", value_parser = ["read", "write", "admin"])]
    scope: String,
    /// A repository that it is limited to; may be given several times. Without it, it reaches as far as you do.
    #[arg(long, value_name = "REPOSITORY")]
    repository: Vec<String>,
    /// How long it lives: a number with s, m, h or d. Without it, as long as what it is made with allows.
    #[arg(long, value_name = "LIFE")]
    expires: Option<String>,
}

#[derive(Serialize)]
struct Revoked<'a> {
    revoked: &'a str,
}

pub(crate) fn run(arguments: &Arguments, session: &Session) -> anyhow::Result<()> {
    match &arguments.what {
        What::List => list(session),
        What::Create(asked) => create(asked, session),
        What::Revoke { id } => revoke(id, session),
    }
}

fn list(session: &Session) -> anyhow::Result<()> {
    let tokens = session.runtime.block_on(async {
        let (mut pages, mut tokens) = (session.hub.tokens(), Vec::new());
        while let Some(page) = pages.next().await? {
            tokens.extend(page);
        }
        anyhow::Ok(tokens)
    })?;
    let lines: Vec<String> = tokens.iter().map(line).collect();
    let shown = if lines.is_empty() { "no tokens".to_owned() } else { lines.join("\n") };
    session.output.result(&tokens, &shown)
}

fn create(asked: &Create, session: &Session) -> anyhow::Result<()> {
    let expires_in = asked.expires.as_deref().map(seconds).transpose()?;
    let repositories = Some(asked.repository.clone()).filter(|names| !names.is_empty());
    let (label, scope) = (asked.label.clone(), asked.scope.clone());
    let request = TokenRequest { label, scope, repositories, expires_in };
    let made = session.runtime.block_on(session.hub.create_token(&request))?;
    session.output.note(&format!("token {}: keep it, it is not shown again", made.info.id));
    session.output.result(&made, &text::harmless(&made.token))
}

fn revoke(id: &str, session: &Session) -> anyhow::Result<()> {
    session.runtime.block_on(session.hub.revoke_token(id))?;
    session.output.result(&Revoked { revoked: id }, &format!("revoked token {id}"))
}

/// A token in one line.
fn line(token: &TokenInfo) -> String {
    let time = |at: u64| text::time(i64::try_from(at).unwrap_or(i64::MAX));
    let end = match (token.revoked, token.expires) {
        (Some(at), _) => format!("revoked {}", time(at)),
        (None, Some(at)) => format!("until {}", time(at)),
        (None, None) => "for ever".to_owned(),
    };
    let limits = match &token.repositories {
        None => String::new(),
        Some(names) => format!("  only {}", names.join(", ")),
    };
    let (id, kind, scope) = (&token.id, &token.kind, &token.scope);
    let line = format!("{id:>19}  {kind:<5}  {scope:<5}  {end}{limits}  {}", token.label);
    text::harmless(line.trim_end()).replace('\n', " ")
}

/// The seconds of a whole number above 0 with a unit.
pub(super) fn seconds(life: &str) -> anyhow::Result<u64> {
    let parsed = || {
        let (digits, unit) = life.split_at_checked(life.len().checked_sub(1)?)?;
        let unit = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return None,
        };
        let digits = Some(digits).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
        digits.parse::<u64>().ok()?.checked_mul(unit).filter(|seconds| *seconds > 0)
    };
    parsed().ok_or_else(|| {
        usage(format!("{life:?} is no span of time: a whole number above 0 with s, m, h or d"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lives_are_read_and_absurd_ones_refused() {
        for (life, expected) in [("1s", 1), ("90m", 5_400), ("12h", 43_200), ("30d", 2_592_000)] {
            assert_eq!(seconds(life).unwrap(), expected);
        }
        for bad in ["", "d", "0d", "-1d", "+1d", "1", "1w", "never", "é", "99999999999999999999d"]
        {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_token_is_a_line() {
        let token = TokenInfo {
            id: "17".to_owned(),
            user: "alice".to_owned(),
            kind: "api".to_owned(),
            label: "ci\u{1b}[2J".to_owned(),
            scope: "read".to_owned(),
            repositories: Some(vec!["a".to_owned(), "b".to_owned()]),
            created: 0,
            expires: Some(86_400),
            revoked: None,
        };
        assert_eq!(
            line(&token),
            "                 17  api    read   until 1970-01-02 00:00  only a, b  ci\\u{1b}[2J"
        );
        let revoked = TokenInfo { revoked: Some(0), repositories: None, ..token };
        assert!(line(&revoked).contains("revoked 1970-01-01 00:00  ci"));
    }
}
