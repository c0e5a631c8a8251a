//! The sweep, on every store, over objects of a format of its own: the kinds and ids they name.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use flisthub_storage::{
    Chunk, ChunkId, Kind, Maintain, MemoryStore, Monitor, Progress, Reference, RocksOptions,
    RocksStore, Roots, Session, SessionId, Silent, SweepError, SweepOptions, SweepReport, sweep,
};

use crate::rocks::damage;
use crate::support::{Hand, chunk, frame};

const GRACE: u64 = 100;
/// When everything is put, unless a test says otherwise.
const OLD: u64 = 1_000;
/// When it is swept.
const NOW: u64 = OLD + GRACE + 1;

/// An object that names others.
fn object(kind: Kind, names: &[&Chunk]) -> Chunk {
    let mut bytes = Vec::new();
    for name in names {
        bytes.push(name.kind().code());
        bytes.extend(name.id().as_bytes());
    }
    Chunk::new(kind, bytes).unwrap()
}

fn references(object: &Chunk) -> Vec<Reference> {
    let one = |bytes: &[u8]| Reference {
        kind: Kind::from_code(bytes[0]).unwrap(),
        id: ChunkId::from_slice(&bytes[1..]).unwrap(),
    };
    object.bytes().chunks(33).map(one).collect()
}

type Meanwhile = Box<dyn Fn(&Names) + Sync + Send>;

/// Names that are published while the sweep runs, at a moment of the test's choosing.
#[derive(Default)]
struct Names {
    roots: Vec<ChunkId>,
    committed: Mutex<Vec<ChunkId>>,
    /// Called before each exclusive section.
    before: Option<Meanwhile>,
    removals: Mutex<u32>,
}

impl Roots for Names {
    fn begin(&self) -> Result<Vec<ChunkId>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.roots.clone())
    }

    fn committed(&self) -> Vec<ChunkId> {
        std::mem::take(&mut *self.committed.lock().unwrap())
    }

    fn exclusively(
        &self,
        work: &mut dyn FnMut() -> Result<(), SweepError>,
    ) -> Result<(), SweepError> {
        if let Some(before) = &self.before {
            before(self);
        }
        *self.removals.lock().unwrap() += 1;
        work()
    }

    fn end(&self) {}
}

struct Case {
    store: Arc<dyn Maintain>,
    hand: Arc<Hand>,
}

impl Case {
    fn put(&self, objects: &[&Chunk]) {
        for object in objects {
            self.store.put(&[frame(object)]).unwrap();
        }
    }

    fn sweep_with(&self, names: &Names, dry_run: bool) -> Result<SweepReport, SweepError> {
        self.hand.set(NOW);
        let options = SweepOptions { now: NOW, grace: GRACE, dry_run };
        let references = |object: &Chunk| Ok(references(object));
        sweep(&*self.store, names, &references, &options, &Silent)
    }

    fn sweep(&self, roots: &[&Chunk]) -> SweepReport {
        let roots = roots.iter().map(|root| root.id()).collect();
        self.sweep_with(&Names { roots, ..Names::default() }, false).unwrap()
    }

    fn present(&self, objects: &[&Chunk]) -> Vec<bool> {
        let ids: Vec<ChunkId> = objects.iter().map(|object| object.id()).collect();
        self.store.stat(&ids).unwrap().iter().map(Option::is_some).collect()
    }
}

/// Runs a test on each store.
fn on_each(test: impl Fn(&Case)) {
    let hand = Arc::new(Hand::default());
    hand.set(OLD);
    let store = Arc::new(MemoryStore::with_clock(hand.clone(), GRACE));
    test(&Case { store, hand: hand.clone() });
    hand.set(OLD);
    let directory = tempfile::tempdir().unwrap();
    let options = RocksOptions { grace: GRACE, ..RocksOptions::default() };
    let store = Arc::new(RocksStore::open(directory.path(), &options, hand.clone()).unwrap());
    test(&Case { store, hand });
}

#[test]
fn what_no_root_reaches_goes_and_the_rest_stays() {
    on_each(|case| {
        let (one, two, lone) = (chunk("one"), chunk("two"), chunk("lone"));
        let list = object(Kind::List, &[&two]);
        let below = object(Kind::Directory, &[&one, &list]);
        let top = object(Kind::Directory, &[&below, &one]);
        let links = object(Kind::Links, &[]);
        let kept = object(Kind::Manifest, &[&top, &links]);
        let dead_list = object(Kind::List, &[&lone, &two]);
        let dead_top = object(Kind::Directory, &[&below, &dead_list]);
        let dead = object(Kind::Manifest, &[&dead_top]);
        let live = [&one, &two, &list, &below, &top, &links, &kept];
        let garbage = [&lone, &dead_list, &dead_top, &dead];
        case.put(&live);
        case.put(&garbage);
        let plan = case.sweep_with(&Names { roots: vec![kept.id()], ..Names::default() }, true);
        assert_eq!(case.present(&garbage), [true; 4], "a dry run removes nothing");
        let report = case.sweep(&[&kept]);
        assert_eq!(case.present(&live), [true; 7]);
        assert_eq!(case.present(&garbage), [false; 4]);
        for report in [plan.unwrap(), report] {
            assert_eq!((report.roots, report.kept.objects, report.young.objects), (1, 7, 0));
            assert_eq!((report.garbage_chunks.objects, report.garbage_objects.objects), (1, 3));
            assert_eq!(report.garbage_chunks.bytes, 4);
        }
        assert_eq!((report.removed.objects, report.spared), (4, 0));
        assert_eq!(case.sweep(&[&kept]).removed.objects, 0, "nothing is left to do");
        assert_eq!(case.sweep(&[]).removed.objects, 7);
    });
}

#[test]
fn the_young_stay_and_keep_what_is_below_them() {
    on_each(|case| {
        let (old, lone) = (chunk("old"), chunk("lone"));
        let (below, young) = (object(Kind::Directory, &[&old]), chunk("young"));
        let absent = chunk("absent");
        let top = object(Kind::Directory, &[&below, &absent]);
        case.put(&[&old, &lone, &below]);
        case.hand.set(OLD + 1);
        case.put(&[&young, &top]);
        let report = case.sweep(&[]);
        assert_eq!(
            case.present(&[&old, &below, &young, &top, &lone]),
            [true, true, true, true, false]
        );
        assert_eq!((report.young.objects, report.removed.objects), (4, 1));
    });
}

#[test]
fn what_a_live_session_sent_stays_with_what_is_below_it() {
    on_each(|case| {
        let old = chunk("old");
        let sent = object(Kind::Directory, &[&old]);
        case.put(&[&old, &sent]);
        let id = SessionId::random().unwrap();
        let session = Session { id, owner: "bo".into(), repository: "bo".into(), expires: NOW + 1 };
        case.store.open_session(&session).unwrap();
        case.store.put_in(&id, &[frame(&sent)]).unwrap();
        assert_eq!(case.sweep(&[]).removed.objects, 0);
        case.store.close_session(&id).unwrap();
        assert_eq!(case.sweep(&[]).removed.objects, 2);
    });
}

#[test]
fn what_is_published_meanwhile_stays() {
    on_each(|case| {
        let (one, two) = (chunk("one"), chunk("two"));
        let directory = object(Kind::Directory, &[&one]);
        let manifest = object(Kind::Manifest, &[&directory]);
        case.put(&[&one, &two, &directory, &manifest]);
        let id = manifest.id();
        let publish = move |names: &Names| {
            if *names.removals.lock().unwrap() == 0 {
                names.committed.lock().unwrap().push(id);
            }
        };
        let names = Names { before: Some(Box::new(publish)), ..Names::default() };
        let report = case.sweep_with(&names, false).unwrap();
        assert_eq!((report.garbage_objects.objects, report.garbage_chunks.objects), (2, 2));
        assert_eq!((report.removed.objects, report.spared), (1, 2));
        assert_eq!(case.present(&[&manifest, &directory, &one, &two]), [true, true, true, false]);
    });
}

#[test]
fn what_is_asked_for_meanwhile_stays_with_what_is_below_it() {
    on_each(|case| {
        let (one, two) = (chunk("one"), chunk("two"));
        let below = object(Kind::Directory, &[&one]);
        let asked = object(Kind::Directory, &[&below]);
        let above = object(Kind::Directory, &[&asked]);
        case.put(&[&one, &two, &below, &asked, &above]);
        let (store, id) = (case.store.clone(), asked.id());
        let ask = move |_: &Names| assert_eq!(store.claim(&[id]).unwrap(), []);
        let names = Names { before: Some(Box::new(ask)), ..Names::default() };
        // `above` goes, in a batch of its own, before `asked` is looked at again.
        case.sweep_with(&names, false).unwrap();
        assert_eq!(
            case.present(&[&above, &asked, &below, &one, &two]),
            [false, true, true, true, false]
        );
    });
}

#[test]
fn an_object_in_use_that_cannot_be_read_ends_the_sweep() {
    on_each(|case| {
        let (one, lost) = (chunk("one"), object(Kind::Directory, &[]));
        let top = object(Kind::Directory, &[&lost, &chunk("lost content")]);
        let manifest = object(Kind::Manifest, &[&top]);
        case.put(&[&one, &top, &manifest]);
        let names = Names { roots: vec![manifest.id()], ..Names::default() };
        let error = case.sweep_with(&names, false).unwrap_err();
        assert!(matches!(error, SweepError::Unreadable { id, .. } if id == lost.id()), "{error}");
        assert_eq!(case.present(&[&one]), [true]);
        // A chunk that is lost keeps nothing, so that nothing is in doubt.
        case.put(&[&lost]);
        assert_eq!(case.sweep(&[&manifest]).removed.objects, 1);
    });
}

#[test]
fn who_held_what_was_set_aside_is_forgotten_once_nothing_needs_it() {
    let hand = Arc::new(Hand::default());
    hand.set(OLD);
    let directory = tempfile::tempdir().unwrap();
    let options = RocksOptions { grace: GRACE, ..RocksOptions::default() };
    let open = || Arc::new(RocksStore::open(directory.path(), &options, hand.clone()).unwrap());
    let (one, needed) = (chunk("one"), chunk("needed"));
    let dead = object(Kind::Directory, &[&one]);
    let top = object(Kind::Directory, &[&needed]);
    let kept = object(Kind::Manifest, &[&top]);
    let case = Case { store: open(), hand: hand.clone() };
    case.put(&[&one, &needed, &dead, &top, &kept]);
    drop(case);
    damage(directory.path(), &frame(&dead), &frame(&needed));
    let case = Case { store: open(), hand: hand.clone() };
    assert!([&dead, &needed].iter().all(|lost| case.store.quarantine(&lost.id()).unwrap()));
    let held = [&one, &dead, &needed].map(Chunk::id);
    case.store.hold(7, &held).unwrap();
    case.sweep(&[&kept]);
    // Who pushes the same tree again holds all of it anew: no row says that what is below is held.
    assert_eq!(case.store.held(7, &held).unwrap(), [false, false, true]);
    let aside: Vec<ChunkId> = case.store.quarantined().unwrap().iter().map(|one| one.id).collect();
    assert_eq!(aside, [needed.id()]);
}

/// At each removal: nothing is there while something below it is not.
#[test]
fn who_refers_goes_before_who_is_referred_to() {
    on_each(|case| {
        // A ladder of directories with a chunk each; batches are far smaller than it.
        let mut rungs: Vec<Chunk> = Vec::new();
        let mut chunks = Vec::new();
        for number in 0..40_u32 {
            let content = chunk(number.to_le_bytes());
            let mut names: Vec<&Chunk> = rungs.iter().rev().take(2).collect();
            names.push(&content);
            let rung = object(Kind::Directory, &names);
            case.put(&[&content, &rung]);
            chunks.push(content);
            rungs.push(rung);
        }
        let (store, all) = (case.store.clone(), rungs.clone());
        let check = move |_: &Names| {
            for rung in &all {
                if store.stat(&[rung.id()]).unwrap()[0].is_some() {
                    let below: Vec<ChunkId> = references(rung).iter().map(|one| one.id).collect();
                    assert_eq!(store.missing(&below).unwrap(), []);
                }
            }
        };
        let names = Names { before: Some(Box::new(check)), ..Names::default() };
        assert_eq!(case.sweep_with(&names, false).unwrap().removed.objects, 80);
        assert!(*names.removals.lock().unwrap() > 40, "a rung at a time");
    });
}

/// Cancels at the first word of a phase.
struct CancelAt(&'static str, Mutex<BTreeSet<&'static str>>);

impl Monitor for CancelAt {
    fn progress(&self, progress: Progress) {
        self.1.lock().unwrap().insert(progress.phase);
    }

    fn note(&self, _: String) {}

    fn cancelled(&self) -> bool {
        self.1.lock().unwrap().contains(self.0)
    }
}

#[test]
fn it_can_be_cancelled_and_run_again() {
    on_each(|case| {
        let kept = object(Kind::Manifest, &[&object(Kind::Directory, &[])]);
        let (root, lone) = (object(Kind::Directory, &[]), chunk("lone"));
        case.put(&[&kept, &root, &lone, &object(Kind::Manifest, &[])]);
        let names = Names { roots: vec![kept.id()], ..Names::default() };
        case.hand.set(NOW);
        let options = SweepOptions { now: NOW, grace: GRACE, dry_run: false };
        let references = |object: &Chunk| Ok(references(object));
        for phase in ["mark", "look", "plan", "delete"] {
            let monitor = CancelAt(phase, Mutex::default());
            let error = sweep(&*case.store, &names, &references, &options, &monitor).unwrap_err();
            assert!(matches!(error, SweepError::Cancelled), "{phase}: {error}");
        }
        assert_eq!(case.sweep(&[&kept]).garbage_chunks.objects, 1);
        assert_eq!(case.present(&[&kept, &root, &lone]), [true, true, false]);
    });
}
