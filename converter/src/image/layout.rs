//! An OCI image layout (OCI image specification, `image-layout.md`), in a directory or in a tar archive.
//!
//! Names of files come only from digests that were parsed. In a directory they are opened by handles
//! from the layout's root, and no symbolic link is followed.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, open, openat};
use rustix::io::Errno;
use serde::Deserialize;

use super::config::MAX_CONFIG;
use super::pick::{ambiguous, pick};
use super::spool::TarFile;
use super::{
    Blob, Candidate, Digest, Document, Image, ImageError, MAX_DOCUMENT, Parts, Platform, choose,
    read_document,
};
use crate::beneath::DIRECTORY;

/// Indexes within indexes.
const MAX_DEPTH: usize = 4;

/// Says that this is a layout, and of which version.
pub(super) const MARK: &str = "oci-layout";

const VERSION: &str = "1.0.0";

/// A layout, and which of its images is meant.
pub(super) struct Layout {
    files: Files,
    candidates: Vec<Candidate>,
    /// Whether the image was asked for by name.
    chosen: bool,
    reference: String,
    place: String,
}

/// Where the files of a layout are.
pub(super) enum Files {
    /// Below a directory.
    Directory { root: OwnedFd, path: PathBuf },
    /// In an archive.
    Tar(TarFile),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mark {
    image_layout_version: String,
}

impl Layout {
    /// Finds the image `wanted`, or the only one. `place` is the layout's name in messages.
    pub(super) fn new(files: Files, wanted: Option<&str>, place: &str) -> Result<Self, ImageError> {
        let mark = files.document(MARK, MAX_DOCUMENT)?;
        let mark: Mark = serde_json::from_slice(&mark).map_err(|error| bad(error.to_string()))?;
        if mark.image_layout_version != VERSION {
            let version: String = mark.image_layout_version.chars().take(50).collect();
            return Err(bad(format!("{place} is of version {version:?}; {VERSION} is read")));
        }
        let index = files.document("index.json", MAX_DOCUMENT)?;
        let Document::Index(all) = read_document(&index, None)? else {
            return Err(bad("index.json is no index"));
        };
        if all.is_empty() {
            return Err(bad(format!("{place} names no image")));
        }
        let names: Vec<Vec<&str>> =
            all.iter().map(|candidate| candidate.name.as_deref().into_iter().collect()).collect();
        let picked = pick(&names, wanted, place)?;
        let candidates: Vec<Candidate> =
            picked.iter().filter_map(|index| all.get(*index)).cloned().collect();
        // The layout's own name for it, which may be less than what was asked for: only the tag.
        let own = candidates.first().and_then(|candidate| candidate.name.as_deref());
        let tag = wanted.map_or_else(String::new, |wanted| format!(":{}", own.unwrap_or(wanted)));
        let (chosen, place) = (wanted.is_some(), place.to_owned());
        Ok(Self { files, candidates, chosen, reference: format!("oci:{place}{tag}"), place })
    }

    /// What the image is called here.
    pub(super) fn name(&self) -> Option<&str> {
        self.candidates.first()?.name.as_deref()
    }

    /// The image for a platform.
    pub(super) fn image(&self, platform: &Platform) -> Result<Image, ImageError> {
        let (blob, parts) = self.manifest(platform)?;
        let config = self.verified("the configuration", parts.config, MAX_CONFIG)?;
        Image::of_manifest(self.reference.clone(), blob.digest, &parts, config, platform)
    }

    /// Goes from the top down to the manifest for the platform.
    fn manifest(&self, platform: &Platform) -> Result<(Blob, Parts), ImageError> {
        let mut candidates = self.distinct();
        let fits = |candidate: &&Candidate| {
            candidate.platform.as_ref().is_none_or(|found| platform.accepts(found))
        };
        if !self.chosen && candidates.iter().filter(fits).count() > 1 {
            let names: Vec<Vec<&str>> =
                candidates.iter().map(|one| one.name.as_deref().into_iter().collect()).collect();
            return ambiguous(&names, &self.place);
        }
        for _ in 0..=MAX_DEPTH {
            let chosen = choose(&candidates, platform)?;
            let bytes = self.verified("the manifest", chosen.blob, MAX_DOCUMENT)?;
            match read_document(&bytes, None)? {
                Document::Manifest(parts) => return Ok((chosen.blob, parts)),
                Document::Index(inner) => candidates = inner,
            }
        }
        Err(bad(format!("indexes stand within one another more than {MAX_DEPTH} deep")))
    }

    /// The images that may be meant. One that is listed twice is one.
    fn distinct(&self) -> Vec<Candidate> {
        let mut distinct: Vec<Candidate> = Vec::new();
        for candidate in &self.candidates {
            if !distinct.iter().any(|other| other.blob.digest == candidate.blob.digest) {
                distinct.push(candidate.clone());
            }
        }
        distinct
    }

    /// A document that has the length and the digest it should have.
    fn verified(&self, what: &str, blob: Blob, most: usize) -> Result<Vec<u8>, ImageError> {
        let bytes = self.files.document(&blob_name(&blob.digest), most)?;
        let what = format!("{what} in {}", self.place);
        if bytes.len() as u64 != blob.size {
            let found = bytes.len().to_string();
            return Err(ImageError::SizeMismatch { what, expected: blob.size, found });
        }
        let found = Digest::of(&bytes);
        if found != blob.digest {
            return Err(ImageError::DigestMismatch { what, expected: blob.digest, found });
        }
        Ok(bytes)
    }

    /// The bytes of a layer.
    pub(super) fn layer(&self, blob: &Blob) -> Result<Box<dyn Read + Send>, ImageError> {
        self.files.reader(&blob_name(&blob.digest))
    }
}

fn blob_name(digest: &Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

impl Files {
    /// The files below a directory.
    pub(super) fn below(path: &Path) -> Result<Self, ImageError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = open(path, flags, Mode::empty()).map_err(|errno| ImageError::File {
            path: path.to_owned(),
            doing: "cannot open the directory",
            source: errno.into(),
        })?;
        Ok(Self::Directory { root, path: path.to_owned() })
    }

    /// A whole small file.
    fn document(&self, name: &str, most: usize) -> Result<Vec<u8>, ImageError> {
        let (file, path) = match self {
            Self::Tar(tar) => return tar.document(found(name, tar.find(name))?, most),
            Self::Directory { root, path } => (beneath(root, path, name)?, path),
        };
        let mut bytes = Vec::new();
        file.take(most as u64 + 1).read_to_end(&mut bytes).map_err(failed(path, name))?;
        if bytes.len() > most {
            let message =
                format!("{name} has more than {most} bytes, which is the most that is read");
            return Err(ImageError::TooLarge(message));
        }
        Ok(bytes)
    }

    fn reader(&self, name: &str) -> Result<Box<dyn Read + Send>, ImageError> {
        match self {
            Self::Tar(tar) => Ok(tar.reader(found(name, tar.find(name))?)),
            Self::Directory { root, path } => Ok(Box::new(beneath(root, path, name)?)),
        }
    }
}

/// Opens a regular file by names that follow one another from `root`, none of them a link.
fn beneath(root: &OwnedFd, path: &Path, name: &str) -> Result<File, ImageError> {
    let error = |errno: Errno| match errno {
        Errno::NOENT | Errno::NOTDIR => bad(format!("{name} is not there")),
        Errno::LOOP => bad(format!("{name} is a symbolic link, which is not followed")),
        errno => failed(path, name)(errno.into()),
    };
    let mut names: Vec<&str> = name.split('/').collect();
    let last = names.pop().unwrap_or_default();
    let mut directory = root.as_fd().try_clone_to_owned().map_err(failed(path, name))?;
    for name in names {
        directory = openat(&directory, name, DIRECTORY, Mode::empty()).map_err(error)?;
    }
    // Not waiting for a writer, should it be a pipe.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(openat(&directory, last, flags, Mode::empty()).map_err(error)?);
    if file.metadata().map_err(failed(path, name))?.is_file() {
        Ok(file)
    } else {
        Err(bad(format!("{name} is no file")))
    }
}

fn failed(path: &Path, name: &str) -> impl Fn(std::io::Error) -> ImageError {
    let path = path.join(name);
    move |source| ImageError::File { path: path.clone(), doing: "cannot read it", source }
}

fn found<T>(name: &str, found: Result<T, &'static str>) -> Result<T, ImageError> {
    found.map_err(|reason| bad(format!("{name} {reason}")))
}

fn bad(reason: impl AsRef<str>) -> ImageError {
    ImageError::bad("the OCI layout", reason.as_ref())
}
