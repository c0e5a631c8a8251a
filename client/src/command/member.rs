//! `hub-client member list`, `member set` and `member remove`

use clap::{Args, Subcommand};
use flisthub_flist::wire::MemberInfo;
use serde::Serialize;

use crate::cli::Session;
use crate::text;

/// The members of a repository: list them, make one, remove one.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the members. Takes an owner.
    List {
        /// The repository.
        #[arg(value_name = "REPOSITORY")]
        repository: String,
    },
    /// Make a user a member, or change what a member may do. Takes an owner.
    Set {
        /// The repository.
        #[arg(value_name = "REPOSITORY")]
        repository: String,
        /// The user.
        #[arg(value_name = "USER")]
        user: String,
        /// guest (sees the names), reader (reads), contributor (changes) or owner (says who may what).
        #[arg(value_name = "LEVEL", value_parser = ["guest", "reader", "contributor", "owner"])]
        level: String,
    },
    /// Remove a member, or leave by yourself. The last owner stays.
    Remove {
        /// The repository.
        #[arg(value_name = "REPOSITORY")]
        repository: String,
        /// The user.
        #[arg(value_name = "USER")]
        user: String,
    },
}

#[derive(Serialize)]
struct Removed<'a> {
    repository: &'a str,
    removed: &'a str,
}

pub(crate) fn run(arguments: &Arguments, session: &Session) -> anyhow::Result<()> {
    let Session { hub, runtime, output } = session;
    match &arguments.what {
        What::List { repository } => {
            let members = runtime.block_on(hub.members(repository))?.members;
            let lines: Vec<String> = members.iter().map(line).collect();
            output.result(&members, &lines.join("\n"))
        }
        What::Set { repository, user, level } => {
            let member = runtime.block_on(hub.set_member(repository, user, level))?;
            output.result(&member, &line(&member))
        }
        What::Remove { repository, user } => {
            runtime.block_on(hub.remove_member(repository, user))?;
            let text = text::harmless(&format!("removed {user} from {repository}"));
            output.result(&Removed { repository, removed: user }, &text)
        }
    }
}

/// A member in one line.
fn line(member: &MemberInfo) -> String {
    let added = text::time(i64::try_from(member.added).unwrap_or(i64::MAX));
    text::harmless(&format!("{:<11}  {}  since {added}", member.level, member.user))
}
