//! Merging: laying the trees of several flists over one another, by rule, into a new flist.
//!
//! Pure and lazy. Directories that are the same object in all sources, or that only one source has, are
//! taken over by id without being loaded, so the work grows with the directories that differ. What stands
//! where is decided in `decide`, directories are read side by side in `rows`, `walk` goes through those that
//! differ, `linked` keeps the hard links. Where names point is no matter of this module.

mod decide;
mod error;
mod linked;
mod options;
mod report;
mod rows;
mod walk;

use std::collections::BTreeMap;

use flisthub_storage::ChunkId;

use crate::links::build_links;
use crate::manifest::Manifest;
use crate::object::{Directories, Emit};
pub use error::MergeError;
use linked::Linked;
pub use options::{ImageConfig, MAX_SOURCES, MIN_SOURCES, MergeOptions, Rule};
pub use report::{Conflict, Difference, MAX_CONFLICTS, MergeReport};
use walk::Walk;

/// A merged flist whose new objects, the manifest too, have all been emitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// Its id.
    pub flist: ChunkId,
    /// Its manifest.
    pub manifest: Manifest,
    /// What clashed, and how much there was to do.
    pub report: MergeReport,
}

/// Merges the flists whose manifests are `sources`, 2 to 100 of them, by the rule of `options`.
///
/// Beside the tree, the new manifest takes the profile of the first source, the image configuration that
/// `options` asks for, and each free value from the first source that has its key. Of each group of hard
/// links it keeps the paths that came from the source whose group it is.
///
/// What is told of trees in manifests and entries is taken as said: the sources must have been verified,
/// and the result is to be verified before it is published, like any other flist.
pub fn merge(
    directories: &(impl Directories + ?Sized),
    sources: &[ChunkId],
    options: &MergeOptions,
    emit: &mut Emit<'_>,
) -> Result<Merged, MergeError> {
    let manifests = load(directories, sources, options)?;
    let mut linked = Linked::read(directories, sources, &manifests, options.max_entries)?;
    let walk = Walk::new(directories, options, &mut linked);
    let (tree, report) = walk.run(&manifests, emit)?;
    if options.rule == Rule::Refuse && report.conflict_count > 0 {
        return Err(MergeError::Conflicts(Box::new(report)));
    }
    let links = build_links(linked.into_groups(), emit)?;
    let manifest = Manifest {
        root: tree.root,
        metadata: tree.metadata,
        totals: tree.totals,
        profile: manifests.first().map(|first| first.profile.clone()).unwrap_or_default(),
        links,
        image_config: image_config(&manifests, options.image_config),
        values: values(manifests),
    };
    let object = manifest.to_chunk().map_err(|_| MergeError::ManifestTooLarge)?;
    let flist = object.id();
    emit(object)?;
    Ok(Merged { flist, manifest, report })
}

fn load(
    directories: &(impl Directories + ?Sized),
    sources: &[ChunkId],
    options: &MergeOptions,
) -> Result<Vec<Manifest>, MergeError> {
    let count = sources.len();
    if !(MIN_SOURCES..=MAX_SOURCES).contains(&count) {
        return Err(MergeError::Sources(count));
    }
    if let ImageConfig::Of(index) = options.image_config
        && index >= count
    {
        return Err(MergeError::NoSuchSource { index, count });
    }
    let load = |id: &ChunkId| {
        Manifest::load(directories, *id).map_err(|error| MergeError::of_source(*id, error))
    };
    sources.iter().map(load).collect()
}

fn image_config(manifests: &[Manifest], from: ImageConfig) -> Option<Vec<u8>> {
    let index = match from {
        ImageConfig::First => 0,
        ImageConfig::Of(index) => index,
        ImageConfig::None => return None,
    };
    manifests.get(index)?.image_config.clone()
}

/// The free values of all sources; of those with one key, the first source's.
fn values(manifests: Vec<Manifest>) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for (key, value) in manifests.into_iter().flat_map(|manifest| manifest.values) {
        values.entry(key).or_insert(value);
    }
    values
}
