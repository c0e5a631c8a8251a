//! Metadata from the data: what an item's geodata files say of themselves fills what nobody declared, with a note where
//! it comes from. What is read of which format is the crate `geodata`'s; here is which files are read and how much of
//! them. What becomes of it on an asset is in `asset`, on the item in `item`, and of footprints in `places`.

mod asset;
mod bytes;
mod declared;
mod item;
mod picture;
mod places;

#[cfg(test)]
mod damaged_tests;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod picture_tests;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use flisthub_flist::{File, LoadError, TreePath};
use flisthub_geodata::{Facts, Footprint, GeodataError, Kind, Limits, read, read_shapefile};

use self::bytes::{FileBytes, damage};
pub(super) use self::declared::Declared;
pub(super) use self::item::Origins;
use self::picture::Picture;
pub use self::picture::{SIDE, SIDES, ThumbnailError, thumbnail};
use crate::members::Members;
use crate::tree_files::TreeFiles;
use crate::warnings::Warnings;

/// The property, of items and of assets, that says where values come from that nobody declared.
pub(super) const ORIGINS: &str = "flisthub:origins";

/// The most files of an item that are read.
pub(super) const MAX_FILES: usize = 100;

/// The most files whose beginning is looked at: most JSON is none of geodata.
const MAX_LOOKED_AT: usize = 1_000;

/// The most bytes that are loaded from the store of one file, and of all files of an item.
const MAX_LOADED: u64 = 32 << 20;
const MAX_LOADED_OF_ALL: u64 = 128 << 20;

/// The most bytes of a `.prj`.
const MAX_PRJ: usize = 64 << 10;

/// The first bytes of a file that say its kind.
const HEAD: usize = 4096;

/// The most warnings about files: others shall have room, too.
const MAX_WARNINGS: usize = 20;

/// The most characters of a path in a warning.
const MAX_SHOWN: usize = 120;

/// Endings that no other files have: one of these that begins otherwise is broken.
const PLAIN: &[&str] = &["tif", "tiff", "gtiff", "geotiff", "geojson", "geoparquet", "fgb", "shp"];

/// Endings that other files have, too.
const SHARED: &[&str] = &["json", "parquet", "pq"];

/// How much of a file the readers take.
const LIMITS: Limits = Limits {
    bytes_read: 16 << 20,
    value_bytes: 4 << 20,
    positions: 2_000_000,
    bands: 300,
    decoded_bytes: 0,
};

/// What was found in the files of an item.
#[derive(Debug)]
pub(super) struct Findings {
    declared: Declared,
    /// Whether files are read at all.
    reads: bool,
    /// Files whose beginning was looked at, those of them that were read, and bytes that may still be loaded.
    looked_at: usize,
    files: usize,
    left: Cell<u64>,
    /// Bytes of what was found, in all assets.
    bytes: usize,
    /// How many warnings there were.
    warned: usize,
    /// By the keys of assets.
    places: Vec<(String, Footprint)>,
    times: Vec<(String, String)>,
    sizes: Vec<(String, f64)>,
    codes: Vec<(String, String)>,
    /// The raster of which a thumbnail is made.
    picture: Picture,
    /// Whether assets have members of the extensions.
    projection: bool,
    raster: bool,
}

/// Whether files of that name are geodata and nothing else.
pub(super) fn is_geodata(name: &str) -> bool {
    ends(name, PLAIN)
}

fn ends(name: &str, endings: &[&str]) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| {
        endings.iter().any(|known| known.eq_ignore_ascii_case(ending)) && !ending.is_empty()
    })
}

impl Findings {
    /// Nothing found yet. Of an item that was written whole nothing `reads` what files say; one that has a preview
    /// `lacks_picture` not.
    pub(super) fn new(declared: Declared, reads: bool, lacks_picture: bool) -> Self {
        Self {
            declared,
            reads,
            looked_at: 0,
            files: 0,
            left: Cell::new(MAX_LOADED_OF_ALL),
            bytes: 0,
            warned: 0,
            places: Vec::new(),
            times: Vec::new(),
            sizes: Vec::new(),
            codes: Vec::new(),
            picture: Picture::new(lacks_picture),
            projection: false,
            raster: false,
        }
    }

    /// Reads the file of an asset, if it is one of geodata, and adds to the asset what nobody declared. Answers how
    /// many bytes that are. Fails only where the store does.
    pub(super) fn describe(
        &mut self,
        files: &TreeFiles<'_>,
        (path, file): (&TreePath, &File),
        (key, asset): (&str, &mut Members),
        warnings: &mut Warnings,
    ) -> Result<usize, LoadError> {
        let name = path.to_string();
        if !self.reads {
            let source = FileBytes::new(files.store, file, MAX_LOADED, &self.left);
            self.picture.show(&source, path, &name);
            return source.into_failure().map_or(Ok(0), Err);
        }
        if !ends(&name, PLAIN) && !ends(&name, SHARED) {
            return Ok(0);
        }
        if self.looked_at >= MAX_LOOKED_AT {
            let what = format!("only the first {MAX_LOOKED_AT} files are looked at for geodata");
            warnings.add("assets", &what);
            return Ok(0);
        }
        self.looked_at += 1;
        let told = match self.read(files, (path, file), &name, warnings)? {
            Ok(Some(facts)) => {
                let told = facts.warnings().to_vec();
                let added = self.add(&facts, key, asset);
                self.tell(&name, &told, warnings);
                return Ok(added);
            }
            Ok(None) => return Ok(0),
            // Tables without geometries are none of these, and sound.
            Err(GeodataError::Unsupported(_)) if ends(&name, SHARED) => return Ok(0),
            Err(error) => error.to_string(),
        };
        self.tell(&name, &[told], warnings);
        Ok(0)
    }

    /// What a file says; `None`: it is of another kind than its name says, as most JSON is, or one too many.
    fn read(
        &mut self,
        files: &TreeFiles<'_>,
        (path, file): (&TreePath, &File),
        name: &str,
        warnings: &mut Warnings,
    ) -> Result<Result<Option<Facts>, GeodataError>, LoadError> {
        let prj = match beside(files, name) {
            Ok(prj) => prj,
            Err(failed) => {
                let (prj, error) = *failed;
                let Some(what) = damage(&error) else { return Err(error) };
                self.tell(&prj, &[what.to_owned()], warnings);
                None
            }
        };
        let source = FileBytes::new(files.store, file, MAX_LOADED, &self.left);
        let facts = match kind(&source, name) {
            Ok(Some(_)) if self.files >= MAX_FILES => {
                let what = format!("only the first {MAX_FILES} files of geodata are read");
                warnings.add("assets", &what);
                return Ok(Ok(None));
            }
            Ok(Some(kind)) => {
                self.files += 1;
                // Readers know what they are given, and it is a stranger's: where one fails, the others go on.
                let work = AssertUnwindSafe(|| facts(kind, &source, prj.as_deref()));
                let failed = |_| Err(GeodataError::Broken("the hub fails to read it".into()));
                let read = catch_unwind(work).unwrap_or_else(failed);
                if read.is_ok() {
                    self.picture.show(&source, path, name);
                }
                read.map(Some)
            }
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        source.into_failure().map_or(Ok(facts), Err)
    }

    fn tell(&mut self, name: &str, told: &[String], warnings: &mut Warnings) {
        let shown: String = name.chars().take(MAX_SHOWN).collect();
        for what in told {
            self.warned += 1;
            if self.warned <= MAX_WARNINGS {
                warnings.add(&shown, what);
            } else {
                warnings.add("assets", "there are more warnings about files of geodata");
            }
        }
    }
}

/// Which kind of file it is; `None`: of none, and its name may be one of another.
fn kind(source: &FileBytes<'_>, name: &str) -> Result<Option<Kind>, GeodataError> {
    match Kind::of(name, &source.head(HEAD)?) {
        None if !ends(name, SHARED) => {
            Err(GeodataError::Broken("it does not begin as files of its name do".into()))
        }
        kind => Ok(kind),
    }
}

fn facts(kind: Kind, source: &FileBytes<'_>, prj: Option<&str>) -> Result<Facts, GeodataError> {
    match kind {
        Kind::Shapefile => read_shapefile(source, prj, &LIMITS),
        kind => read(kind, source, &LIMITS),
    }
}

/// The text of the `.prj` beside a `.shp`; where it cannot be read, its name and why.
fn beside(files: &TreeFiles<'_>, name: &str) -> Result<Option<String>, Box<(String, LoadError)>> {
    let Some((stem, _)) = name.rsplit_once('.').filter(|_| ends(name, &["shp"])) else {
        return Ok(None);
    };
    for prj in ["prj", "PRJ"].map(|ending| format!("{stem}.{ending}")) {
        let read = files.read(&prj, MAX_PRJ).map_err(|error| Box::new((prj, error)))?;
        if let Some(read) = read.filter(|it| it.whole) {
            return Ok(Some(String::from_utf8_lossy(&read.bytes).into_owned()));
        }
    }
    Ok(None)
}
