//! `hub-client merge TARGET SOURCE...`

use std::str::FromStr;

use clap::{Args, ValueEnum};
use flisthub_client::HubClient;
use flisthub_flist::wire::{MergeConflict, MergeDifference, MergeRequest, MergeRule, MergedFlist};

use crate::cli::Session;
use crate::name::{FlistName, Own};
use crate::precondition::Precondition;
use crate::progress::Progress;
use crate::text;

/// How many conflicts are shown to people.
const SHOWN: usize = 10;

/// Lay flists over one another and publish the result under a name. The hub does the work; no content
/// travels.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The result: REPOSITORY/NAME, or NAME alone in your own repository.
    #[arg(value_name = "TARGET")]
    target: FlistName,

    /// What to merge: 2 to 100 names.
    #[arg(value_name = "SOURCE", required = true, num_args = 2..=100)]
    sources: Vec<FlistName>,

    /// Who wins where two sources have something at one path that cannot both stand there.
    #[arg(long, value_enum, default_value_t = Rule::FirstWins)]
    rule: Rule,

    /// The source whose image configuration the result gets, or `none`. Default: the first one.
    #[arg(long, value_name = "SOURCE|none")]
    image_config: Option<ConfigFrom>,

    /// Only say what would be, and where the sources clash.
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    precondition: Precondition,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Rule {
    /// The first source.
    FirstWins,
    /// The last source.
    LastWins,
    /// None: the merge fails.
    Refuse,
}

#[derive(Debug, Clone)]
enum ConfigFrom {
    Nowhere,
    Source(FlistName),
}

impl FromStr for ConfigFrom {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" { Ok(Self::Nowhere) } else { text.parse().map(Self::Source) }
    }
}

pub(crate) fn run(arguments: &Arguments, session: &Session) -> anyhow::Result<()> {
    let Session { hub, runtime, output } = session;
    let spinner = Progress::spinner(*output, "the hub merges");
    let merged = runtime.block_on(merge(arguments, hub));
    drop(spinner);
    let merged = merged?;
    output.result(&merged, &summary(&merged, arguments.dry_run))
}

async fn merge(arguments: &Arguments, hub: &HubClient) -> anyhow::Result<MergedFlist> {
    let Arguments { target, sources, rule, image_config, dry_run, precondition } = arguments;
    let config = match image_config {
        Some(ConfigFrom::Source(name)) => Some(name),
        _ => None,
    };
    let own = Own::of(hub, [target].into_iter().chain(sources).chain(config)).await?;
    let full = |name: &FlistName| own.full(name).to_string();
    let request = MergeRequest {
        sources: sources.iter().map(full).collect(),
        rule: match rule {
            Rule::FirstWins => MergeRule::FirstWins,
            Rule::LastWins => MergeRule::LastWins,
            Rule::Refuse => MergeRule::Refuse,
        },
        image_config: image_config.as_ref().map(|from| match from {
            ConfigFrom::Nowhere => "none".to_owned(),
            ConfigFrom::Source(name) => full(name),
        }),
        dry_run: *dry_run,
    };
    Ok(hub.merge(own.full(target).pair(), &request, precondition.condition()).await?)
}

fn summary(merged: &MergedFlist, dry_run: bool) -> String {
    let MergedFlist { flist, merge } = merged;
    let verb = if dry_run { "would merge" } else { "merged" };
    let done = format!(
        "{verb} {}/{} from {} flists\n  flist      {}\n  tree       {} entries, {}\n  merged     {} directories; {} new objects, stored {}\n  conflicts  {}; directories that differ in metadata only: {}",
        flist.repository,
        flist.name,
        merge.sources.len(),
        flist.flist,
        flist.entries,
        text::size(flist.bytes),
        merge.merged_directories,
        merge.new_objects,
        text::size(merge.stored_bytes),
        merge.conflict_count,
        merge.metadata_only,
    );
    let mut lines = vec![done];
    let shown = merge.conflicts.iter().take(SHOWN);
    lines.extend(shown.map(|conflict| format!("    {}", line(conflict))));
    let more = merge.conflict_count.saturating_sub(SHOWN as u64);
    if more > 0 {
        lines.push(format!("    and {more} more; --json tells the first 1,000"));
    }
    text::harmless(&lines.join("\n"))
}

fn line(conflict: &MergeConflict) -> String {
    let what = match conflict.difference {
        MergeDifference::Metadata => "metadata differs",
        MergeDifference::Content => "content differs",
        MergeDifference::Directory => "a directory and none",
    };
    let path = text::shown(conflict.path.as_bytes());
    format!("{path}: {what}; {} won over {}", conflict.winner, conflict.losers.join(", "))
}
