//! The manifest: what a flist says beside its tree. Its id is the flist's id.

use std::collections::BTreeMap;

use flisthub_storage::{Chunk, ChunkId, Kind, Profile, StoreError};

use crate::build::BuiltTree;
use crate::cbor::{DecodeError, Reader, Writer};
use crate::entry::{Metadata, Totals};
use crate::entry_codec::{read_metadata, read_totals, write_metadata, write_totals};
use crate::object::{Directories, LoadError, chunk_of, load_one};

/// The version of everything `docs/flist-format.md` describes.
pub const FORMAT_VERSION: u64 = 1;

/// What a flist says beside its tree. It holds no clock and no provenance, so the same tree has the
/// same manifest everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Id of the root directory object.
    pub root: ChunkId,
    /// The root directory's own metadata.
    pub metadata: Metadata,
    /// What stands below the root.
    pub totals: Totals,
    /// Name of the profile that cut the files. Any text: readers do not cut, and a later program may
    /// know other profiles.
    pub profile: String,
    /// Id of the links object, if there are hard links.
    pub links: Option<ChunkId>,
    /// The image's configuration as OCI writes it (JSON), if the flist was made from an image.
    pub image_config: Option<Vec<u8>>,
    /// Free values by key.
    pub values: BTreeMap<String, String>,
}

impl Manifest {
    /// The manifest of a tree that was just built of files cut by `profile`, with nothing optional in
    /// it.
    pub fn of(tree: &BuiltTree, profile: Profile) -> Self {
        Self {
            root: tree.root,
            metadata: tree.metadata.clone(),
            totals: tree.totals,
            profile: profile.name().to_owned(),
            links: tree.links,
            image_config: None,
            values: BTreeMap::new(),
        }
    }

    /// The manifest as an object. Fails if free values and image configuration make it larger than
    /// 1 MiB.
    pub fn to_chunk(&self) -> Result<Chunk, StoreError> {
        let mut out = Writer::default();
        out.array(8).uint(FORMAT_VERSION).bytes(self.root.as_bytes());
        write_metadata(&self.metadata, &mut out);
        write_totals(self.totals, &mut out);
        out.text(&self.profile);
        out.array(usize::from(self.links.is_some()));
        if let Some(links) = &self.links {
            out.bytes(links.as_bytes());
        }
        out.array(usize::from(self.image_config.is_some()));
        if let Some(config) = &self.image_config {
            out.bytes(config);
        }
        out.array(self.values.len());
        for (key, value) in &self.values {
            out.array(2).text(key).text(value);
        }
        chunk_of(Kind::Manifest, out.finish())
    }

    /// Reads a manifest. Strict: what decodes encodes to the same bytes again.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        reader.array_of(8)?;
        let version = reader.uint()?;
        reader.rule(version == FORMAT_VERSION, "this program knows version 1 of the format")?;
        let root = reader.id()?;
        let metadata = read_metadata(&mut reader)?;
        let totals = read_totals(&mut reader)?;
        let profile = reader.text()?.to_owned();
        let links = optional(&mut reader)?.then(|| reader.id()).transpose()?;
        let image_config =
            optional(&mut reader)?.then(|| reader.bytes().map(<[u8]>::to_vec)).transpose()?;
        let values = read_values(&mut reader)?;
        reader.finish()?;
        Ok(Self { root, metadata, totals, profile, links, image_config, values })
    }

    /// Loads and reads the manifest of that id.
    pub fn load(directories: &(impl Directories + ?Sized), id: ChunkId) -> Result<Self, LoadError> {
        load_one(directories, Kind::Manifest, id, Self::decode)
    }
}

/// Whether an optional value follows: it stands in an array of one, its absence is an empty array.
fn optional(reader: &mut Reader<'_>) -> Result<bool, DecodeError> {
    let length = reader.array()?;
    reader.rule(length <= 1, "an optional value is there once or not at all")?;
    Ok(length == 1)
}

fn read_values(reader: &mut Reader<'_>) -> Result<BTreeMap<String, String>, DecodeError> {
    let mut values = BTreeMap::new();
    for _ in 0..reader.array()? {
        reader.array_of(2)?;
        let key = reader.text()?;
        let sorted =
            values.last_key_value().is_none_or(|(last, _): (&String, _)| last.as_str() < key);
        reader.rule(sorted, "values are sorted by key and each is there once")?;
        values.insert(key.to_owned(), reader.text()?.to_owned());
    }
    Ok(values)
}
