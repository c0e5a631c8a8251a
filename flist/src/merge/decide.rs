//! What stands at one path of the result, from what the sources have there. Knows nothing but the rule.

use flisthub_storage::ChunkId;

use super::options::Rule;
use super::report::Difference;
use crate::entry::{Content, Metadata};

/// What one party has at a path. A party is one or several sources whose directory above is the same.
pub(super) struct Side {
    /// The party, as its place among them.
    pub(super) party: usize,
    pub(super) metadata: Metadata,
    pub(super) content: Content,
}

/// What stands there.
pub(super) struct Decision {
    /// Whose it is. It is also this party's metadata that a merged directory has.
    pub(super) winner: usize,
    pub(super) metadata: Metadata,
    pub(super) outcome: Outcome,
    /// Parties whose entries do not stand there, and in what they differ.
    pub(super) conflict: Option<(Vec<usize>, Difference)>,
    /// Whether directories were joined whose own metadata differs.
    pub(super) metadata_only: bool,
}

pub(super) enum Outcome {
    /// The winner's entry as it is, with all below it.
    Whole(Content),
    /// Different directories, to be merged: each with the parties that have it, in order of precedence.
    Merge(Vec<(ChunkId, Vec<usize>)>),
}

/// Decides. `sides` come in order of precedence; `None` if there are none.
pub(super) fn decide(rule: Rule, sides: Vec<Side>) -> Option<Decision> {
    let mut sides = sides.into_iter();
    let first = sides.next()?;
    let Content::Directory { id, .. } = first.content else {
        let conflict = conflict_with(&first, sides);
        let Side { party: winner, metadata, content } = first;
        let outcome = Outcome::Whole(content);
        return Some(Decision { winner, metadata, outcome, conflict, metadata_only: false });
    };
    let mut joined = vec![(id, vec![first.party])];
    let (mut losers, mut metadata_only) = (Vec::new(), false);
    for side in sides {
        match side.content {
            // Under last-wins, something else that came later has replaced what came before it.
            Content::Directory { id, .. } if rule != Rule::LastWins || losers.is_empty() => {
                metadata_only |= side.metadata != first.metadata;
                match joined.iter_mut().find(|(known, _)| *known == id) {
                    Some((_, parties)) => parties.push(side.party),
                    None => joined.push((id, vec![side.party])),
                }
            }
            _ => losers.push(side.party),
        }
    }
    let conflict = (!losers.is_empty()).then_some((losers, Difference::Directory));
    let outcome =
        if joined.len() == 1 { Outcome::Whole(first.content) } else { Outcome::Merge(joined) };
    let (winner, metadata) = (first.party, first.metadata);
    Some(Decision { winner, metadata, outcome, conflict, metadata_only })
}

/// Who differs from a winner that is no directory, and in what.
fn conflict_with(
    winner: &Side,
    others: impl Iterator<Item = Side>,
) -> Option<(Vec<usize>, Difference)> {
    let (mut losers, mut most) = (Vec::new(), Difference::Metadata);
    for side in others {
        let difference = match &side.content {
            Content::Directory { .. } => Difference::Directory,
            content if *content != winner.content => Difference::Content,
            _ if side.metadata != winner.metadata => Difference::Metadata,
            _ => continue,
        };
        most = most.max(difference);
        losers.push(side.party);
    }
    (!losers.is_empty()).then_some((losers, most))
}
