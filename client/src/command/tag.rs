//! `hub-client tag TAG [MEMBER TARGET]` and `hub-client untag TAG MEMBER`

use clap::Args;
use flisthub_client::Change;
use flisthub_flist::wire::TagInfo;
use serde::Serialize;

use crate::cli::Session;
use crate::failure::usage;
use crate::name::{FlistName, OneName, Own};
use crate::precondition::{AtRevision, Precondition};
use crate::text;

/// Make a member of a tag point at a name, or show the members of a tag. The tag is made with its first
/// member.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// REPOSITORY/TAG, or TAG alone in your own repository.
    #[arg(value_name = "TAG")]
    tag: FlistName,

    /// The member to set; without one, all are shown.
    #[arg(value_name = "MEMBER", requires = "target")]
    member: Option<OneName>,

    /// The name that the member points at.
    #[arg(value_name = "TARGET")]
    target: Option<FlistName>,

    /// Only say what would be.
    #[arg(long, requires = "target")]
    dry_run: bool,

    #[command(flatten)]
    precondition: Precondition,
}

/// Remove a member of a tag. The last one takes the tag along.
#[derive(Debug, Args)]
pub(crate) struct UntagArguments {
    /// REPOSITORY/TAG, or TAG alone in your own repository.
    #[arg(value_name = "TAG")]
    tag: FlistName,

    /// The member to remove.
    #[arg(value_name = "MEMBER")]
    member: OneName,

    #[command(flatten)]
    precondition: AtRevision,
}

#[derive(Serialize)]
struct Removed {
    removed: String,
}

pub(crate) fn tag(arguments: &Arguments, session: &Session) -> anyhow::Result<()> {
    let Session { hub, runtime, output } = session;
    let named = [&arguments.tag].into_iter().chain(&arguments.target);
    let own = runtime.block_on(Own::of(hub, named))?;
    let tag = own.full(&arguments.tag);
    let (Some(OneName(member)), Some(target)) = (&arguments.member, &arguments.target) else {
        if arguments.precondition.is_given() {
            return Err(usage("a condition is for a change: name a member and its target"));
        }
        let info = runtime.block_on(hub.tag(&tag.repository, &tag.name))?;
        return output.result(&info, &text::harmless(&members(&info)));
    };
    let target = own.full(target).to_string();
    let change =
        Change { condition: arguments.precondition.condition(), dry_run: arguments.dry_run };
    let info = runtime.block_on(hub.tag_member(tag.pair(), member, &target, change))?;
    let done = if arguments.dry_run { "would tag" } else { "tagged" };
    let text = format!("{done} {target} as {member}\n{}", members(&info));
    output.result(&info, &text::harmless(&text))
}

pub(crate) fn untag(arguments: &UntagArguments, session: &Session) -> anyhow::Result<()> {
    let Session { hub, runtime, output } = session;
    let UntagArguments { tag, member: OneName(member), precondition } = arguments;
    let repository = runtime.block_on(tag.repository(hub))?;
    let untag = hub.untag_member((&repository, &tag.name), member, precondition.condition());
    runtime.block_on(untag)?;
    let removed = format!("{repository}/{}/{member}", tag.name);
    let text = format!("removed {removed}");
    output.result(&Removed { removed }, &text)
}

/// The tag, and a line for each member.
fn members(tag: &TagInfo) -> String {
    let updated = text::time(i64::try_from(tag.updated).unwrap_or(i64::MAX));
    let (count, revision) = (tag.members.len(), tag.revision);
    let members = if count == 1 { "member" } else { "members" };
    let mut lines = vec![format!(
        "{}/{}: {count} {members}, revision {revision}, {updated}",
        tag.repository, tag.name
    )];
    lines.extend(tag.members.iter().map(|member| {
        let id = member.flist.as_ref().map_or("gone", |id| id.get(..10).unwrap_or(id));
        format!("  {id:10} {} -> {}", member.name, member.target)
    }));
    lines.join("\n")
}
