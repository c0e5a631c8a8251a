//! Damage to the files of a store: bytes flipped, files cut short, files gone.
//!
//! Whatever happens to a file, the store says so (it is not opened, or the object's id is named, or
//! the engine's error is passed on), or it is whole again once the same objects are put again. Wrong
//! bytes are never served. What nothing notices is counted too: see the tests of the log and the books.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flisthub_storage::{
    Chunk, ChunkId, ChunkStore as _, Frame, Kind, Maintain as _, RocksOptions, RocksStore, Silent,
    StoreError, scrub,
};
use tempfile::TempDir;

use crate::support::{Fixed, frame, noise};

/// Positions of one file at which a byte is flipped, beside those at its ends.
const FLIPS: u64 = 16;
/// Positions at each end of a file.
const AT_ENDS: u64 = 4;

/// What became of a store after one damage. Ordered: the worst counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// Everything reads back.
    Sound,
    /// Some reads failed and said so; putting the same objects again healed that.
    Healed,
    /// Some reads fail and say so, also after everything was put again.
    Failing,
    /// It was not opened, with its path and what to do.
    Refused,
    /// An object that a barrier had covered is absent, and nothing says so. Putting it again heals
    /// that.
    Vanished,
}
use Outcome::{Failing, Healed, Refused, Sound, Vanished};

/// A store's files as a crash leaves them, and what a barrier covered.
struct Wreck {
    directory: TempDir,
    frames: Vec<Frame>,
    chunks: Vec<Chunk>,
}

/// Files of each sort, by the names the test uses.
#[derive(Debug, Clone, Copy)]
enum Sort {
    Blob,
    Presence,
    Payload,
    Log,
    Manifest,
    Current,
    Options,
    Identity,
}

fn options() -> RocksOptions {
    RocksOptions { block_cache: 1 << 20, chunk_cache: 0, ..RocksOptions::default() }
}

fn open(path: &Path) -> Result<RocksStore, StoreError> {
    RocksStore::open(path, &options(), Arc::new(Fixed(7)))
}

fn copy(from: &Path, to: &Path) {
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

fn ending(name: &str, wanted: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending == wanted)
}

impl Wreck {
    /// A store with objects of all sizes: two thirds of them in files of their own, in two
    /// generations, the rest in the log alone; all covered by a barrier.
    fn new() -> Self {
        Self::of(true)
    }

    /// The same with everything in files of its own: nothing is in the log.
    fn closed() -> Self {
        Self::of(false)
    }

    fn of(open_at_the_end: bool) -> Self {
        let sizes = [1, 30, 600, 3_000, 5_000, 20_000, 70_000];
        let chunk = |index: usize| {
            let bytes = noise(index as u64, sizes[index % sizes.len()] + index);
            Chunk::new(Kind::ALL[index % Kind::ALL.len()], bytes).unwrap()
        };
        let mut chunks: Vec<Chunk> = (0..41).map(chunk).collect();
        // One that shrinks to almost nothing, one of the full size.
        chunks.push(Chunk::new(Kind::Content, vec![0; 1 << 20]).unwrap());
        chunks.push(Chunk::new(Kind::Content, noise(99, 1 << 20)).unwrap());
        let frames: Vec<Frame> = chunks.iter().map(frame).collect();
        let live = tempfile::tempdir().unwrap();
        let third = frames.len() / 3;
        for generation in frames[third..].chunks(third) {
            let store = open(live.path()).unwrap();
            store.put(generation).unwrap();
            store.flush().unwrap();
        }
        let store = open(live.path()).unwrap();
        // In pieces, so that the log has many records.
        for part in frames[..third].chunks(2) {
            store.put(part).unwrap();
        }
        store.flush().unwrap();
        let store = open_at_the_end.then_some(store);
        let directory = tempfile::tempdir().unwrap();
        copy(live.path(), directory.path());
        drop(store);
        Self { directory, frames, chunks }
    }

    fn ids(&self) -> Vec<ChunkId> {
        self.frames.iter().map(Frame::id).collect()
    }

    /// The largest file of a sort.
    fn file(&self, sort: Sort) -> PathBuf {
        let tables = |family: &str| -> Vec<String> {
            let families = ["default", "presence", "payload", "sessions", "quarantine", "members"];
            let path = self.directory.path();
            let options = rocksdb::Options::default();
            let db = rocksdb::DB::open_cf_for_read_only(&options, path, families, false).unwrap();
            let files = db.live_files().unwrap().into_iter();
            let files = files.filter(|file| file.column_family_name == family);
            files.map(|file| file.name.trim_start_matches('/').to_owned()).collect()
        };
        let wanted: Box<dyn Fn(&str) -> bool> = match sort {
            Sort::Blob => Box::new(|name| ending(name, "blob")),
            Sort::Presence | Sort::Payload => {
                let family = if matches!(sort, Sort::Presence) { "presence" } else { "payload" };
                let tables = tables(family);
                Box::new(move |name| tables.iter().any(|table| table == name))
            }
            Sort::Log => Box::new(|name| ending(name, "log")),
            Sort::Manifest => Box::new(|name| name.starts_with("MANIFEST-")),
            Sort::Current => Box::new(|name| name == "CURRENT"),
            Sort::Options => Box::new(|name| name.starts_with("OPTIONS-")),
            Sort::Identity => Box::new(|name| name == "IDENTITY"),
        };
        let files = fs::read_dir(self.directory.path()).unwrap().map(|file| file.unwrap().path());
        files
            .filter(|path| wanted(path.file_name().unwrap().to_str().unwrap()))
            .max_by_key(|path| fs::metadata(path).unwrap().len())
            .unwrap()
    }

    /// Does `damage` to one file of a copy and looks what became of the store.
    fn after(&self, file: &Path, damage: &Damage) -> Outcome {
        let directory = tempfile::tempdir().unwrap();
        copy(self.directory.path(), directory.path());
        damage.to(&directory.path().join(file.file_name().unwrap()));
        let store = match open(directory.path()) {
            Ok(store) => store,
            Err(error) => {
                refused(directory.path(), &error);
                // The first try must not have made a sound empty store of it.
                let again = open(directory.path()).err().expect("it is refused again");
                return refused(directory.path(), &again);
            }
        };
        let first = self.read(&store);
        // Neither may panic or give anything wrong; both may find the store beyond help.
        let scrubbed = scrub(&store, None, &Silent);
        let put = store.put(&self.frames).and_then(|_| store.flush());
        let second = self.read(&store);
        if put.is_ok() {
            assert_ne!(second, Vanished, "what was just put is absent; scrub: {scrubbed:?}");
        }
        drop(store);
        let third = match open(directory.path()) {
            Ok(store) => self.read(&store),
            Err(error) => refused(directory.path(), &error),
        };
        match (first, second.max(third)) {
            (Sound, Sound) => Sound,
            (Failing, Sound) => Healed,
            (Vanished, _) => Vanished,
            (_, rest) => rest,
        }
    }

    /// Reads each object in every way there is.
    fn read(&self, store: &RocksStore) -> Outcome {
        let mut worst = Sound;
        let aside: Vec<ChunkId> =
            store.quarantined().unwrap_or_default().iter().map(|aside| aside.id).collect();
        for (frame, chunk) in self.frames.iter().zip(&self.chunks) {
            let id = frame.id();
            let stat = store.stat(&[id]).map(|mut found| {
                let stat = found.remove(0)?;
                assert_eq!((stat.kind, stat.length), (frame.kind(), frame.length()));
                Some(())
            });
            let get = store.get(&[id]).map(|mut found| {
                let found = found.remove(0)?;
                assert!(found == *chunk, "{id}: wrong bytes are served");
                Some(())
            });
            let get_frames = store.get_frames(&[id]).map(|mut found| {
                let found = found.remove(0)?;
                assert!(found == *frame, "{id}: a wrong frame is served");
                Some(())
            });
            for answer in [stat, get, get_frames] {
                let outcome = match judged(id, answer) {
                    // It is known to be lost.
                    Vanished if aside.contains(&id) => Failing,
                    outcome => outcome,
                };
                worst = worst.max(outcome);
            }
        }
        let all = self.ids();
        if let Ok(rows) = store.rows(None, 1000) {
            assert!(rows.iter().all(|row| all.contains(&row.id)), "a row that was never written");
        }
        worst
    }
}

fn judged(asked: ChunkId, answer: Result<Option<()>, StoreError>) -> Outcome {
    match answer {
        Ok(Some(())) => Sound,
        Ok(None) => Vanished,
        Err(StoreError::Corrupt { id, .. }) => {
            assert_eq!(id, asked, "the error names another object");
            Failing
        }
        Err(StoreError::Backend(_) | StoreError::Unwritable(_)) => Failing,
        Err(error) => panic!("{error} after damage"),
    }
}

fn refused(directory: &Path, error: &StoreError) -> Outcome {
    let StoreError::Unusable { path, reason } = error else {
        panic!("opening is refused without a path: {error:?}")
    };
    assert_eq!(path, directory);
    assert!(reason.contains("from a backup"), "no advice: {reason}");
    Refused
}

#[derive(Debug)]
enum Damage {
    Flip(u64, u8),
    Cut(u64),
    Delete,
}

impl Damage {
    fn to(&self, file: &Path) {
        let mut bytes = fs::read(file).unwrap();
        match *self {
            Self::Delete => return fs::remove_file(file).unwrap(),
            Self::Cut(length) => bytes.truncate(usize::try_from(length).unwrap()),
            Self::Flip(at, with) => bytes[usize::try_from(at).unwrap()] ^= with,
        }
        fs::write(file, bytes).unwrap();
    }

    /// Damages to a file of that length: at its ends, all over it, and all of it.
    fn all(length: u64) -> Vec<Self> {
        let random = noise(length, 3 * usize::try_from(FLIPS).unwrap());
        let inside = random.chunks(3).zip(0..FLIPS).map(|(random, part)| {
            let within = u64::from(u16::from_le_bytes([random[0], random[1]]));
            let at = (part * length + within * length / (1 << 16)) / FLIPS;
            Self::Flip(at, random[2].max(1))
        });
        let ends = (0..AT_ENDS)
            .flat_map(|index| [2 * index, (length - 1).saturating_sub(5 * index)])
            .filter(|at| *at < length)
            .map(|at| Self::Flip(at, 0x41));
        let cuts = [0, 1, length / 4, length / 2, length * 3 / 4, length - 1].map(Self::Cut);
        inside.chain(ends).chain(cuts).chain([Self::Delete]).collect()
    }
}

/// Does every damage to a file of each sort, and compares what happened with what may happen.
fn damage(wreck: &Wreck, sort: Sort, allowed: fn(&Damage, Outcome) -> bool) {
    let file = wreck.file(sort);
    let mut counted: BTreeMap<(&str, Outcome), u32> = BTreeMap::new();
    let mut wrong = Vec::new();
    for damage in Damage::all(fs::metadata(&file).unwrap().len()) {
        let outcome = wreck.after(&file, &damage);
        let how = match damage {
            Damage::Flip(..) => "flip",
            Damage::Cut(_) => "cut",
            Damage::Delete => "delete",
        };
        *counted.entry((how, outcome)).or_default() += 1;
        if !allowed(&damage, outcome) {
            wrong.push((damage, outcome));
        }
    }
    println!("{sort:?}: {counted:?}");
    assert!(wrong.is_empty(), "{sort:?}: {wrong:?}");
}

#[test]
fn an_undamaged_copy_is_whole() {
    let wreck = Wreck::new();
    assert_eq!(wreck.after(&wreck.file(Sort::Blob), &Damage::Flip(0, 0)), Sound);
}

#[test]
fn damaged_frames_are_named_and_healed() {
    damage(&Wreck::new(), Sort::Blob, |_, outcome| matches!(outcome, Sound | Healed));
}

#[test]
fn damaged_tables_are_noticed() {
    let wreck = Wreck::new();
    for sort in [Sort::Presence, Sort::Payload] {
        damage(&wreck, sort, |_, outcome| outcome != Vanished);
    }
}

/// RocksDB cannot tell a log that was damaged after its sync from one whose end was never synced, and
/// reads it up to there: what came later is absent (not wrong), which scrub tells for whatever a flist
/// needs, and pushing it again heals.
#[test]
fn a_damaged_log_is_read_up_to_the_damage() {
    damage(&Wreck::new(), Sort::Log, |_, outcome| matches!(outcome, Sound | Vanished | Refused));
}

#[test]
fn damaged_books_of_the_engine_are_noticed() {
    for wreck in [Wreck::new(), Wreck::closed()] {
        // Cut between two of its records, the book is a shorter sound one.
        damage(&wreck, Sort::Manifest, |damage, outcome| match damage {
            Damage::Cut(_) => matches!(outcome, Sound | Refused | Vanished),
            _ => outcome == Refused,
        });
        damage(&wreck, Sort::Current, |_, outcome| matches!(outcome, Sound | Refused));
    }
    // What is in these is not needed to read the store.
    let wreck = Wreck::closed();
    damage(&wreck, Sort::Options, |_, outcome| outcome == Sound);
    damage(&wreck, Sort::Identity, |_, outcome| outcome == Sound);
}
