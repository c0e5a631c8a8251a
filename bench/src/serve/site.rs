//! What is served: a tree in the hub, and the same bytes as files for nginx.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tokio::runtime::Handle;

use super::{Sort, Thing};
use crate::generate::Bytes;
use crate::hub::{Hub, USER};
use crate::upload;

const SEED: u64 = 20_261_121;
/// Bytes of the small file.
const SMALL: usize = 8 << 10;
/// Bytes of each large one.
const LARGE: usize = 100 << 20;
/// Names in the repository that is listed, and files in the directory.
const NAMES: usize = 40;

/// The files for nginx.
pub(crate) struct Site {
    pub(crate) root: PathBuf,
}

impl Site {
    /// Makes the files, uploads them as a tree, and keeps what the hub answers where answers are made.
    pub(crate) fn prepare(hub: &Hub, directory: &Path, handle: &Handle) -> anyhow::Result<Self> {
        let root = directory.join("www");
        fs::create_dir_all(root.join("d"))?;
        let mut maker = Bytes::new(SEED);
        let (mut small, mut random, mut text) = (Vec::new(), Vec::new(), Vec::new());
        maker.text(&mut small, SMALL);
        maker.random(&mut random, LARGE);
        maker.text(&mut text, LARGE);
        fs::write(root.join("small.bin"), small)?;
        fs::write(root.join("random.bin"), random)?;
        fs::write(root.join("text.bin"), text)?;
        for index in 0..NAMES {
            fs::write(root.join(format!("d/{index}")), index.to_string())?;
        }
        let mut archive = tar::Builder::new(Vec::new());
        archive.append_dir_all(".", &root)?;
        let archive = archive.into_inner()?;
        upload::upload(hub, "site.tar", Cursor::new(archive), handle)?;
        for index in 1..NAMES {
            let mut archive = tar::Builder::new(Vec::new());
            archive.append_path_with_name(root.join("d/0"), index.to_string())?;
            let archive = archive.into_inner()?;
            upload::upload(hub, &format!("name-{index}.tar"), Cursor::new(archive), handle)?;
        }
        for thing in things() {
            let file = root.join(thing.theirs.trim_start_matches('/'));
            if !file.exists() {
                let body = handle.block_on(get(&format!("{}{}", hub.url, thing.ours)))?;
                fs::write(file, body)?;
            }
        }
        Ok(Self { root })
    }

    /// Bytes of a thing's content.
    pub(crate) fn length(&self, thing: &Thing) -> anyhow::Result<u64> {
        let file = self.root.join(thing.theirs.trim_start_matches('/'));
        Ok(fs::metadata(&file).with_context(|| file.display().to_string())?.len())
    }
}

async fn get(url: &str) -> anyhow::Result<Vec<u8>> {
    let response = reqwest::get(url).await?.error_for_status()?;
    Ok(response.bytes().await?.to_vec())
}

/// Everything that is asked for.
pub(crate) fn things() -> Vec<Thing> {
    let file = |path: &str| format!("/api/v1/flists/{USER}/site/files/{path}");
    let small = |title, ours, theirs| Thing {
        title,
        sort: Sort::Small,
        ours,
        theirs,
        part: None,
        zstd: false,
        aimed: true,
    };
    let large =
        |title, path: &str, theirs| Thing { sort: Sort::Large, ..small(title, file(path), theirs) };
    vec![
        small("a file of 8 KiB", file("small.bin"), "/small.bin"),
        small("names of a repository", format!("/api/v1/flists/{USER}"), "/names.json"),
        small("`light`", format!("/api/flist/{USER}/site.flist/light"), "/light.json"),
        Thing { aimed: false, ..small("a directory of 40 files", file("d"), "/page.json") },
        Thing {
            part: Some(16 << 10),
            aimed: false,
            ..small("random 16 KiB of a file of 100 MiB", file("random.bin"), "/random.bin")
        },
        large("a file of 100 MiB that does not compress", "random.bin", "/random.bin"),
        large("a file of 100 MiB of text", "text.bin", "/text.bin"),
        Thing {
            zstd: true,
            aimed: false,
            ..large("the text, the hub's as zstd", "text.bin", "/text.bin")
        },
    ]
}
