//! What is known of layers, in files: a cache. Everything in it can be made again, so a file that is
//! damaged, of another version or gone is nothing but a layer that must be fetched once more. It keeps
//! nothing alive: whether the content is still in the store is asked before each use, by `known`.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flisthub_converter::image::Digest;
use flisthub_flist::Layer;
use flisthub_storage::Profile;

use crate::data;

/// Starts each file; the last byte is the version.
const MAGIC: &[u8; 8] = b"flhlayr\x01";
const HASH: usize = 32;

/// The cache's directory.
#[derive(Debug, Clone)]
pub struct LayerFiles {
    directory: PathBuf,
    most_bytes: u64,
    now: SystemTime,
}

impl LayerFiles {
    /// The cache in `directory`, of at most about `most_bytes` bytes, as it is used at `now` (seconds since
    /// the Unix epoch). Nothing is made yet.
    pub fn new(directory: PathBuf, most_bytes: u64, now: u64) -> Self {
        let now = UNIX_EPOCH.checked_add(Duration::from_secs(now)).unwrap_or(UNIX_EPOCH);
        Self { directory, most_bytes, now }
    }

    fn path(&self, diff_id: &Digest, profile: Profile) -> PathBuf {
        self.directory.join(format!("{}-{}", diff_id.hex(), profile.word()))
    }

    /// What is known of a layer whose files are cut by `profile`.
    pub fn get(&self, diff_id: &Digest, profile: Profile) -> Option<Layer> {
        let path = self.path(diff_id, profile);
        let bytes = fs::read(&path).ok()?;
        let layer = read(&bytes);
        match layer {
            // What was used last is removed last.
            Some(_) => drop(self.touch(&path)),
            None => self.remove(diff_id, profile),
        }
        layer
    }

    /// Keeps a layer, and removes what was not used for longest where that makes too much.
    pub fn put(&self, diff_id: &Digest, profile: Profile, layer: &Layer) -> io::Result<()> {
        let encoded = layer.encode();
        let length = (MAGIC.len() + encoded.len() + HASH) as u64;
        if length > self.most_bytes {
            return Ok(());
        }
        data::make(&self.directory)?;
        self.make_room(length)?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(MAGIC).update(&encoded);
        let mut file = tempfile::NamedTempFile::new_in(&self.directory)?;
        file.write_all(MAGIC)?;
        file.write_all(&encoded)?;
        file.write_all(hasher.finalize().as_bytes())?;
        file.as_file().set_modified(self.now)?;
        // Not synced: a file that a crash left torn is found out by its hash.
        file.persist(self.path(diff_id, profile)).map_err(|error| error.error)?;
        Ok(())
    }

    /// Forgets a layer.
    pub fn remove(&self, diff_id: &Digest, profile: Profile) {
        // It may be gone already.
        let _ = fs::remove_file(self.path(diff_id, profile));
    }

    fn touch(&self, path: &Path) -> io::Result<()> {
        File::options().append(true).open(path)?.set_modified(self.now)
    }

    /// Removes files, the one that was not used for longest first, until `length` bytes more fit.
    fn make_room(&self, length: u64) -> io::Result<()> {
        let mut files: Vec<(SystemTime, u64, OsString)> = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            // Another thread may have removed it.
            let Ok(metadata) = entry.metadata() else { continue };
            files.push((metadata.modified()?, metadata.len(), entry.file_name()));
        }
        files.sort_unstable();
        let mut held = files.iter().fold(0_u64, |sum, (_, length, _)| sum.saturating_add(*length));
        for (_, one, name) in files {
            if held.saturating_add(length) <= self.most_bytes {
                break;
            }
            let _ = fs::remove_file(self.directory.join(name));
            held = held.saturating_sub(one);
        }
        Ok(())
    }
}

/// The layer in a file; `None` unless it is whole.
fn read(bytes: &[u8]) -> Option<Layer> {
    let (content, hash) = bytes.split_last_chunk::<HASH>()?;
    let encoded = content.strip_prefix(MAGIC)?;
    if blake3::hash(content).as_bytes() != hash {
        return None;
    }
    Layer::decode(encoded).ok()
}

#[cfg(test)]
mod tests {
    use flisthub_flist::{LayerStep, TreePath};

    use super::*;

    fn layer(text: &str) -> Layer {
        Layer { steps: vec![LayerStep::Whiteout(TreePath::parse(text.as_bytes()).unwrap())] }
    }

    fn digest(text: &str) -> Digest {
        Digest::of(text.as_bytes())
    }

    const PROFILE: Profile = Profile::Standard;

    #[test]
    fn a_layer_is_found_again_and_damage_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let files = LayerFiles::new(directory.path().join("layers"), 1 << 20, 100);
        assert_eq!(files.get(&digest("a"), PROFILE), None);
        files.put(&digest("a"), PROFILE, &layer("x")).unwrap();
        assert_eq!(files.get(&digest("a"), PROFILE), Some(layer("x")));
        assert_eq!(files.get(&digest("a"), Profile::Fine), None);
        let path = files.path(&digest("a"), PROFILE);
        let whole = fs::read(&path).unwrap();
        for index in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[index] ^= 1;
            fs::write(&path, damaged).unwrap();
            assert_eq!(files.get(&digest("a"), PROFILE), None, "byte {index}");
            assert!(!path.exists());
        }
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert_eq!(files.get(&digest("a"), PROFILE), None);
    }

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let directory = tempfile::tempdir().unwrap();
        let one = (MAGIC.len() + layer("x").encode().len() + HASH) as u64;
        let at = |now| LayerFiles::new(directory.path().to_owned(), 2 * one, now);
        at(100).put(&digest("a"), PROFILE, &layer("x")).unwrap();
        at(200).put(&digest("b"), PROFILE, &layer("x")).unwrap();
        let files = at(300);
        assert!(files.get(&digest("a"), PROFILE).is_some(), "and with that used");
        files.put(&digest("c"), PROFILE, &layer("x")).unwrap();
        let left = ["a", "b", "c"].map(|name| files.get(&digest(name), PROFILE).is_some());
        assert_eq!(left, [true, false, true]);
        let none = LayerFiles::new(directory.path().join("none"), 0, 100);
        none.put(&digest("a"), PROFILE, &layer("x")).unwrap();
        assert!(!directory.path().join("none").exists());
    }
}
