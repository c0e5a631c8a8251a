//! Damaged archives: no input panics, hangs or is taken for what it is not.

use flisthub_converter::{IngestOptions, Limits, ingest_archive};
use flisthub_storage::MemoryStore;
use proptest::prelude::*;

use crate::build_tar::{Header, Tar};
use crate::sample::noise;

fn seed() -> Vec<u8> {
    let mut tar = Tar::new();
    tar.pax(b'g', &[("comment", b"x")]).file("a", &noise(1000, 1));
    tar.pax(b'x', &[("mtime", b"1.5"), ("SCHILY.xattr.user.a", b"b"), ("size", b"3")])
        .file("b", b"bcd");
    tar.pax(
        b'x',
        &[
            ("GNU.sparse.major", b"1"),
            ("GNU.sparse.minor", b"0"),
            ("GNU.sparse.name", b"s"),
            ("GNU.sparse.realsize", b"100000"),
        ],
    );
    tar.file("sparse", &[&b"1\n50000\n4\n"[..], &[0; 502], b"data"].concat());
    let mut old = Header::new(b'S', "old-sparse", 4);
    old.field(386, b"00000001000\0")
        .field(398, b"00000000004\0")
        .field(482, b"\x01")
        .field(483, b"00000010000\0");
    tar.header(&old).data(&[0; 512]).data(b"data");
    tar.link(b'1', "hard", "a").link(b'2', "soft", "a").member(b'5', "d/", b"");
    tar.header(&Header::new(b'3', "device", 0)).file(&"long/".repeat(40), b"");
    tar.end()
}

/// Makes every checksum right again, so that the change gets past it.
fn mend(archive: &mut [u8]) {
    for block in archive.chunks_exact_mut(512) {
        if block[257..262] == *b"ustar" {
            let mut header = tar::Header::new_old();
            header.as_mut_bytes().copy_from_slice(block);
            header.set_cksum();
            block.copy_from_slice(header.as_bytes());
        }
    }
}

fn survives(archive: &[u8]) {
    let limits = Limits { file_bytes: 1 << 30, archive_bytes: 64 << 20, ..Limits::default() };
    let options = IngestOptions { limits, ..IngestOptions::default() };
    drop(ingest_archive(archive, &MemoryStore::new(), &options));
}

#[test]
fn the_seed_is_good() {
    crate::tools::ingest(&seed(), &MemoryStore::new()).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_never_panic(changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..8), mended: bool) {
        let mut archive = seed();
        for (at, byte) in changes {
            let at = at % archive.len();
            archive[at] = byte;
        }
        if mended {
            mend(&mut archive);
        }
        survives(&archive);
    }

    #[test]
    fn moved_blocks_never_panic(order in proptest::collection::vec(0..64usize, 1..40)) {
        let seed = seed();
        let blocks: Vec<&[u8]> = seed.chunks_exact(512).collect();
        let archive: Vec<u8> =
            order.iter().flat_map(|at| blocks[at % blocks.len()]).copied().collect();
        survives(&archive);
    }

    #[test]
    fn changed_compressed_bytes_never_panic(at: usize, byte: u8, which in 0..2usize) {
        let seed = seed();
        let mut packed = match which {
            0 => zstd::bulk::compress(&seed, 1).unwrap(),
            _ => gzip(&seed),
        };
        let at = at % packed.len();
        packed[at] = byte;
        survives(&packed);
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Read;
    let mut packed = Vec::new();
    flate2::bufread::GzEncoder::new(bytes, flate2::Compression::fast())
        .read_to_end(&mut packed)
        .unwrap();
    packed
}
