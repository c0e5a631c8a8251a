//! Compressed archives: found out from their bytes, read to their end, and never taken for whole when
//! they are not.

use flisthub_converter::{IngestOptions, Limits};
use flisthub_storage::MemoryStore;

use crate::build_tar::Tar;
use crate::sample::noise;
use crate::tools::{ingest, refusal, refusal_with, shell};

fn archive() -> Vec<u8> {
    Tar::new().file("a", &noise(300_000, 1)).file("b", &vec![b'b'; 200_000]).end()
}

/// Compresses through a program, the archive given in a file.
fn through(program: &str, archive: &[u8]) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), archive).unwrap();
    shell(&format!("{program} < \"$1\""), &[file.path()])
}

const PROGRAMS: [&str; 6] = [
    "gzip -c",
    "zstd -q -c",
    "zstd -q -c -T2 -B64K --rsyncable",
    "xz -c",
    "xz -T2 --block-size=65536 -c",
    "bzip2 -c",
];

#[test]
fn every_compression_is_found_from_its_bytes() {
    let (archive, store) = (archive(), MemoryStore::new());
    let expected = ingest(&archive, &store).unwrap().flist;
    for program in PROGRAMS {
        let packed = through(program, &archive);
        assert_eq!(ingest(&packed, &store).unwrap().flist, expected, "{program}");
    }
}

#[test]
fn members_and_frames_one_after_another_are_one_stream() {
    let (archive, store) = (archive(), MemoryStore::new());
    let expected = ingest(&archive, &store).unwrap().flist;
    // Not at a block's border.
    let (head, tail) = archive.split_at(100_001);
    for program in PROGRAMS {
        let both = [through(program, head), through(program, tail)].concat();
        assert_eq!(ingest(&both, &store).unwrap().flist, expected, "{program}");
    }
    // Parallel compressors put a skippable frame first.
    let skippable =
        [&[0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9], &through("zstd -q -c", &archive)[..]]
            .concat();
    assert_eq!(ingest(&skippable, &store).unwrap().flist, expected);
}

#[test]
fn compressed_data_that_are_cut_or_changed_are_refused() {
    let archive = archive();
    for program in PROGRAMS {
        let packed = through(program, &archive);
        for cut in [packed.len() - 1, packed.len() - 4, packed.len() / 2, 40] {
            let told = refusal(&packed[..cut]);
            assert!(told.contains("damaged or cut short"), "{program}, {cut}: {told}");
        }
        let told = refusal(&packed[..packed.len() - 200]);
        assert!(told.starts_with("entry \"") || program.starts_with("bzip2"), "{told}");
        // The checksum at the end, where the content itself is whole; zstd has none by default
        // from a pipe of unknown size, so that its flip lies in the data.
        let mut flipped = packed.clone();
        let at = if program.starts_with("zstd") { packed.len() / 2 } else { packed.len() - 6 };
        flipped[at] ^= 0x10;
        refusal(&flipped);
        let garbage = [&packed[..], b"garbage after the end"].concat();
        let told = refusal(&garbage);
        assert!(told.contains("damaged or cut short"), "{program}: {told}");
    }
}

#[test]
fn the_end_is_read_also_after_the_archive() {
    // The archive is whole after the first member; the second is damaged.
    let mut packed = through("gzip -c", &archive());
    let mut second = through("gzip -c", &[0; 10240]);
    let last = second.len() - 5;
    second[last] ^= 1;
    packed.extend(second);
    assert!(refusal(&packed).contains("gzip data are damaged"));
    let inside = [archive(), b"trailing garbage".to_vec()].concat();
    assert!(refusal(&through("gzip -c", &inside)).contains("data follow the end of the archive"));
}

#[test]
fn what_is_no_archive_is_told_apart() {
    for (bytes, told) in [
        (Vec::new(), "the input is empty"),
        (b"hello".to_vec(), "not a tar archive, but fewer bytes than one tar block"),
        (vec![b'x'; 5000], "not a tar archive, but something else"),
        (b"PK\x03\x04".repeat(300), "not a tar archive, but a ZIP archive"),
        (through("gzip -c", &vec![b'x'; 5000]), "not a tar archive, but gzip of something else"),
        (through("gzip -c", b""), "not a tar archive, but gzip of nothing"),
        (through("gzip -c", &through("gzip -c", &archive())), "but gzip of gzip data"),
        (through("zstd -q -c", b"text"), "but zstd of fewer bytes than one tar block"),
        (through("xz -c", &vec![0xff; 1000]), "but xz of something else"),
    ] {
        let found = refusal(&bytes);
        assert!(found.contains(told), "{found}");
    }
}

#[test]
fn decoders_that_ask_for_much_memory_are_refused() {
    let limits = Limits { decoder_memory: 1 << 20, ..Limits::default() };
    let options = IngestOptions { limits, ..IngestOptions::default() };
    let archive = Tar::new().file("a", &noise(6 << 20, 1)).end();
    for program in ["zstd -q -c --ultra -22", "xz -9 -c"] {
        let told = refusal_with(&through(program, &archive), &options);
        assert!(told.contains("more than 1048576 bytes of memory"), "{program}: {told}");
    }
}

#[test]
fn bombs_are_stopped() {
    let bomb = through("gzip -c", &Tar::new().file("zeros", &vec![0; 20 << 20]).end());
    assert!(bomb.len() < 100_000);
    let limits = Limits { expansion_floor: 1 << 20, expansion: 100, ..Limits::default() };
    let options = IngestOptions { limits, ..IngestOptions::default() };
    let told = refusal_with(&bomb, &options);
    assert!(told.contains("more than 100 times its compressed size"), "{told}");
    // Zeros after the end of the archive cost as much.
    let tail = through("gzip -c", &vec![0; 20 << 20]);
    assert!(refusal_with(&tail, &options).contains("more than 100 times"));
    let limits = Limits { archive_bytes: 1 << 20, ..Limits::default() };
    let options = IngestOptions { limits, ..IngestOptions::default() };
    assert!(refusal_with(&bomb, &options).contains("the archive has more than 1048576 bytes"));
}
