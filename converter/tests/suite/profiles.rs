//! The two ways to cut files, through archives and directories.

use flisthub_converter::{IngestOptions, Ingested, ingest_archive, ingest_directory};
use flisthub_flist::{Manifest, VerifyLimits, verify};
use flisthub_storage::{ChunkStore, MemoryStore, Profile};

use crate::build_tar::Tar;
use crate::sample::noise;
use crate::tools::write_out;

fn options(profile: Profile) -> IngestOptions {
    IngestOptions { profile, ..IngestOptions::default() }
}

fn ingest(content: &[u8], profile: Profile, store: &dyn ChunkStore) -> Ingested {
    let archive = Tar::new().file("f", content).end();
    ingest_archive(&archive[..], store, &options(profile)).unwrap()
}

#[test]
fn archives_and_directories_are_cut_alike_by_each_profile() {
    // Longer and shorter than what is held whole, and with a hole.
    let mut large = noise(3_000_000, 1);
    large.resize(4_000_000, 0);
    large.extend(noise(500_000, 2));
    let middle = noise(900_000, 3);
    let work = tempfile::tempdir().unwrap();
    for (name, content) in [("large", &large), ("middle", &middle)] {
        std::fs::write(work.path().join(name), content).unwrap();
    }
    let archive = crate::tools::shell("tar -cf - -C \"$1\" .", &[work.path()]);
    for profile in Profile::ALL {
        let store = MemoryStore::new();
        let one = ingest_archive(&archive[..], &store, &options(profile)).unwrap();
        let other = ingest_directory(work.path(), &store, &options(profile)).unwrap();
        assert_eq!(one.manifest.profile, profile.name());
        let shared = |ingested: &Ingested| {
            let manifest = &ingested.manifest;
            (manifest.profile.clone(), manifest.totals, ingested.report.chunks)
        };
        assert_eq!(shared(&one), shared(&other));
        assert_eq!((other.report.new_chunks, other.report.files), (0, 2), "{profile:?}");
    }
}

#[test]
fn both_profiles_live_in_one_store_and_come_back() {
    let content = noise(5_000_000, 4);
    let store = MemoryStore::new();
    let [standard, fine] = Profile::ALL.map(|profile| ingest(&content, profile, &store));
    assert_ne!(standard.manifest.root, fine.manifest.root);
    assert!(fine.report.chunks > 3 * standard.report.chunks, "{:?}", fine.report);
    let work = tempfile::tempdir().unwrap();
    for flist in [standard, fine] {
        let to = work.path().join(flist.flist.to_string());
        write_out(&store, &flist, &to);
        assert!(std::fs::read(to.join("f")).unwrap() == content);
    }
}

#[test]
fn small_files_are_the_same_chunks_and_only_the_manifest_differs() {
    let store = MemoryStore::new();
    let content = noise(128 << 10, 5);
    let [standard, fine] = Profile::ALL.map(|profile| ingest(&content, profile, &store));
    assert_ne!(standard.flist, fine.flist);
    assert_eq!((fine.report.new_chunks, fine.report.new_objects), (0, 1));
    let name = standard.manifest.profile.clone();
    assert_eq!(Manifest { profile: name, ..fine.manifest }, standard.manifest);
}

#[test]
fn a_change_of_one_byte_costs_less_by_the_fine_profile() {
    let before = noise(10_000_000, 6);
    let mut after = before.clone();
    (0..10).for_each(|change| after[change * 1_000_000 + 500_000] ^= 1);
    let [standard, fine] = Profile::ALL.map(|profile| {
        let store = MemoryStore::new();
        ingest(&before, profile, &store);
        ingest(&after, profile, &store).report.stored_bytes
    });
    assert!(3 * fine < standard, "{fine} {standard}");
}

/// What a later program may write.
#[test]
fn a_profile_that_is_not_known_is_no_obstacle_to_reading() {
    let store = MemoryStore::new();
    let mut flist = ingest(b"content", Profile::default(), &store);
    flist.manifest.profile = "rabin-2031/1k".to_owned();
    let manifest = flist.manifest.to_chunk().unwrap();
    flist.flist = manifest.id();
    let frame = flisthub_storage::Compressor::new(1).unwrap().compress(&manifest).unwrap();
    store.put(&[frame]).unwrap();
    verify(&store, flist.flist, &VerifyLimits::default(), &[]).unwrap();
    let work = tempfile::tempdir().unwrap();
    let to = work.path().join("to");
    write_out(&store, &flist, &to);
    assert_eq!(std::fs::read(to.join("f")).unwrap(), b"content");
}
