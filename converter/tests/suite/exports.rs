//! Tars of flists: whole and in part, in every compression, back through the crate's own reader and
//! through other programs.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use flisthub_converter::image::Digest;
use flisthub_converter::{
    Compression, ExportError, ExportOptions, Exported, IngestOptions, Ingested, export_tar,
    ingest_archive, measure,
};
use flisthub_flist::TreePath;
use flisthub_storage::{ChunkId, ChunkStore, MemoryStore};

use crate::build_tar::{Header, Tar};
use crate::compare::{assert_same, snapshot};
use crate::sample::{Extent, make, noise};
use crate::tools::{entries_of, has, ingest, is_root, scan, shell, skip, whole};

pub(crate) const ALL: [Compression; 3] = [Compression::None, Compression::Gzip, Compression::Zstd];

pub(crate) fn try_export(
    store: &dyn ChunkStore,
    flist: ChunkId,
    compression: Compression,
    options: &ExportOptions,
) -> Result<(Vec<u8>, Exported), ExportError> {
    let mut out = Vec::new();
    let exported = export_tar(store, flist, compression, options, &mut out)?;
    assert_eq!(exported.bytes, out.len() as u64);
    assert_eq!(exported.digest, Some(Digest::of(&out).to_string()));
    Ok((out, exported))
}

pub(crate) fn export(store: &dyn ChunkStore, flist: &Ingested) -> Vec<u8> {
    let options = ExportOptions::default();
    try_export(store, flist.flist, Compression::None, &options).unwrap().0
}

fn at(path: &[u8]) -> ExportOptions {
    ExportOptions { path: TreePath::parse(path).unwrap(), ..ExportOptions::default() }
}

/// An archive with every sort of member and of number, made header by header.
pub(crate) fn sample() -> Vec<u8> {
    let mut tar = Tar::new();
    let mut root = Header::new(b'5', "./", 0);
    root.field(100, b"0000711\0").field(108, b"0001750\0");
    tar.pax(b'x', &[("mtime", b"1.5"), ("SCHILY.xattr.user.root", b"r")]).header(&root);
    tar.file("empty", b"").file("a-b", b"before a/ in bytes, after it in the walk");
    tar.member(b'5', "a", b"").file("a/first", b"content").link(b'1', "linked", "a/first");
    tar.pax(b'x', &[("mtime", b"-1.000000001"), ("uid", b"4294967294"), ("gid", b"2097152")]);
    tar.file("large", &noise(3_000_000, 7));
    tar.file("holes", &[&[1; 5000][..], &vec![0; 3 << 20], &[2; 5000]].concat());
    tar.pax(b'x', &[("mtime", b"8589934592")]).file("late", b"");
    tar.pax(b'x', &[("path", "n\u{fc}n/\u{20ac}".as_bytes())]).file("x", b"utf-8");
    tar.pax(b'x', &[("path", b"not/\xff\xfe utf-8\n")]).file("x", b"bytes");
    let long = ["p".repeat(60), "q".repeat(60), "r".repeat(60)].join("/");
    tar.file(&long, b"in the prefix").file(&"s".repeat(200), b"in a record");
    tar.pax(b'x', &[("linkpath", "t/".repeat(2000).as_bytes())]).link(b'2', "long-link", "x");
    tar.link(b'2', "link", "a/first").link(b'1', "link-to-link", "link");
    tar.pax(b'x', &[("linkpath", "s".repeat(200).as_bytes())]).link(b'1', "to-long", "x");
    let capability = b"\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    tar.pax(
        b'x',
        &[
            ("SCHILY.xattr.security.capability", capability),
            ("SCHILY.xattr.user.a%3Db%25c", b"=%\n\0"),
            ("SCHILY.xattr.user.empty", b""),
            ("SCHILY.xattr.system.posix_acl_access", &[2; 44]),
        ],
    );
    tar.file("attributes", b"x");
    tar.member(b'6', "pipe", b"");
    let mut device = Header::new(b'3', "null", 0);
    device.field(329, b"0000001\0").field(337, b"0000003\0");
    tar.header(&device);
    let mut device = Header::new(b'4', "disk", 0);
    device.field(329, b"0007777\0").field(337, b"3777777\0");
    tar.header(&device);
    tar.end()
}

#[test]
fn what_is_exported_comes_back_as_the_same_flist() {
    let store = MemoryStore::new();
    let flist = ingest(&sample(), &store).unwrap();
    assert!(flist.manifest.links.is_some() && flist.manifest.metadata.mode == 0o711);
    let plain = export(&store, &flist);
    let measured = measure(&store, flist.flist, &ExportOptions::default()).unwrap();
    assert_eq!(measured.bytes, plain.len() as u64);
    assert_eq!(measured.entries, flist.report.entries);
    for compression in ALL {
        let options = ExportOptions { workers: 1, ..ExportOptions::default() };
        let (one, report) = try_export(&store, flist.flist, compression, &options).unwrap();
        let options = ExportOptions { workers: 5, ..ExportOptions::default() };
        let (five, _) = try_export(&store, flist.flist, compression, &options).unwrap();
        assert!(one == five, "{compression}: threads change what is written");
        let elsewhere = MemoryStore::new();
        let again = ingest(&one, &elsewhere).unwrap();
        assert_eq!(entries_of(&elsewhere, &again), entries_of(&store, &flist), "{compression}");
        assert_eq!(again.flist, flist.flist, "{compression}");
        assert!(export(&elsewhere, &again) == plain, "{compression}");
        if compression != Compression::Zstd {
            assert_eq!(report.diff_id, Some(Digest::of(&plain).to_string()), "{compression}");
        }
    }
}

/// What the tar of a tree is, is promised. If this digest changes, every layer that was ever exported
/// has another name: do not adapt it, find out what changed.
#[test]
fn the_tar_is_frozen() {
    let store = MemoryStore::new();
    let flist = ingest(&sample(), &store).unwrap();
    let digest = Digest::of(&export(&store, &flist)).to_string();
    assert_eq!(digest, "sha256:f0cd7fed1f959f2e9e2542d005d249ceaee80eec148fc23de6cf925feafaf42a");
}

#[test]
fn a_directory_survives_an_export_and_gnu_tar() {
    if !is_root() {
        return skip("making devices and owners needs root");
    }
    let work = tempfile::tempdir().unwrap();
    let (from, to) = (work.path().join("from"), work.path().join("to"));
    make(&from, Extent::WithoutSocket);
    let store = MemoryStore::new();
    let flist = scan(&from, &store);
    let tar = export(&store, &flist);
    assert_eq!(ingest(&tar, &MemoryStore::new()).unwrap().flist, flist.flist);
    let archive = work.path().join("x.tar");
    std::fs::write(&archive, &tar).unwrap();
    std::fs::create_dir(&to).unwrap();
    let listed = shell("LC_ALL=C tar --numeric-owner -tvf \"$1\" 2>&1", &[&archive]);
    let listed = String::from_utf8_lossy(&listed).into_owned();
    assert_eq!(listed.lines().count() as u64, flist.report.entries + 1, "{listed}");
    shell("tar --xattrs --xattrs-include='*' -xpf \"$1\" -C \"$2\"", &[&archive, &to]);
    let (mut before, mut after) = (snapshot(&from), snapshot(&to));
    // Where the tar has zeros, GNU tar makes no holes.
    before.values_mut().chain(after.values_mut()).for_each(|seen| seen.holes.clear());
    assert_same(&before, &after);
}

#[test]
fn other_programs_read_it() {
    let store = MemoryStore::new();
    let flist = ingest(&sample(), &store).unwrap();
    let work = tempfile::tempdir().unwrap();
    let plain = export(&store, &flist);
    for (compression, program) in [(Compression::Gzip, "gzip"), (Compression::Zstd, "zstd")] {
        if !has(program) {
            skip(&format!("{program} is not installed"));
            continue;
        }
        let options = ExportOptions::default();
        let (packed, _) = try_export(&store, flist.flist, compression, &options).unwrap();
        let file = work.path().join("packed");
        std::fs::write(&file, packed).unwrap();
        let unpacked = shell(&format!("{program} -dc < \"$1\""), &[&file]);
        assert!(unpacked == plain, "{program}");
    }
    if !has("python3") {
        return skip("python3 is not installed");
    }
    let file = work.path().join("plain");
    std::fs::write(&file, &plain).unwrap();
    let script = "python3 -c 'import sys, tarfile
for m in tarfile.open(sys.argv[1], errors=\"surrogateescape\"):
    print(len(m.name), m.size, m.type, m.linkname[:10])' \"$1\"";
    let read = String::from_utf8(shell(script, &[&file])).unwrap();
    assert_eq!(read.lines().count() as u64, flist.report.entries + 1, "{read}");
}

/// The stored frames are what the compressed tar is made of.
#[test]
fn zstd_keeps_the_stored_frames() {
    let store = MemoryStore::new();
    let options = IngestOptions { level: 15, ..IngestOptions::default() };
    let text = "stored once, at a level of its own\n".repeat(40_000);
    let archive = Tar::new().file("text", text.as_bytes()).file("more", &noise(100_000, 3)).end();
    let flist = ingest_archive(&archive[..], &store, &options).unwrap();
    let options = ExportOptions::default();
    let (packed, report) = try_export(&store, flist.flist, Compression::Zstd, &options).unwrap();
    assert_eq!(report.diff_id, None);
    let mut found = 0;
    for (_, entry) in entries_of(&store, &flist) {
        let flisthub_flist::Content::File { pieces, .. } = entry.content else { continue };
        for piece in flisthub_flist::pieces(&store, &pieces) {
            let flisthub_flist::Piece::Chunk { id, .. } = piece.unwrap() else { continue };
            let frame = store.get_frames(&[id]).unwrap().remove(0).unwrap();
            assert!(packed.windows(frame.bytes().len()).any(|part| part == frame.bytes()));
            found += 1;
        }
    }
    assert!(found >= 2);
}

#[test]
fn a_part_of_a_tree_is_exported_as_a_tree() {
    let store = MemoryStore::new();
    let mut tar = Tar::new();
    tar.header(Header::new(b'5', "top/d/", 0).field(100, b"0001777\0"));
    tar.file("top/d/one", b"1").link(b'1', "top/d/two", "top/d/one");
    tar.link(b'1', "outside", "top/d/one").link(b'1', "top/da", "top/d/one");
    tar.file("top/d/x/y", b"deep").link(b'2', "top/d/link", "x");
    let flist = ingest(&tar.end(), &store).unwrap();
    let (part, _) = try_export(&store, flist.flist, Compression::None, &at(b"/top//d/")).unwrap();
    let mut same = Tar::new();
    same.header(Header::new(b'5', "./", 0).field(100, b"0001777\0"));
    same.file("one", b"1").link(b'1', "two", "one").file("x/y", b"deep").link(b'2', "link", "x");
    let elsewhere = MemoryStore::new();
    let expected = ingest(&same.end(), &elsewhere).unwrap();
    assert_eq!(ingest(&part, &MemoryStore::new()).unwrap().flist, expected.flist);
    // One file, link and all, is a tar of one member; a linked one stays whole.
    for (path, kind) in [(&b"top/d/two"[..], b'0'), (b"outside", b'0'), (b"top/d/link", b'2')] {
        let (one, report) = try_export(&store, flist.flist, Compression::None, &at(path)).unwrap();
        assert_eq!((report.tar.entries, one[156]), (1, kind));
        assert_eq!(one.len(), if kind == b'0' { 2048 } else { 1536 });
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap();
        assert!(one.starts_with(name) && one[name.len()] == 0);
    }
    for path in [&b"nothing"[..], b"top/d/one/more", b"top/d/link/y", b"to"] {
        let error = try_export(&store, flist.flist, Compression::None, &at(path)).unwrap_err();
        assert!(matches!(&error, ExportError::NoSuchPath(_)) && error.is_bad_request(), "{error}");
    }
}

#[test]
fn sockets_are_refused_or_left_out() {
    let work = tempfile::tempdir().unwrap();
    let from = work.path().join("from");
    make(&from, Extent::Ordinary);
    std::fs::remove_file(from.join("socket")).unwrap();
    let store = MemoryStore::new();
    let without = scan(&from, &store);
    drop(std::os::unix::net::UnixListener::bind(from.join("dir/socket")).unwrap());
    let with = scan(&from, &store);
    let options = ExportOptions::default();
    let error = try_export(&store, with.flist, Compression::None, &options).unwrap_err();
    assert!(whole(&error).starts_with("dir/socket: a socket cannot stand"), "{error}");
    let options = ExportOptions { skip_sockets: true, ..options };
    let (tar, report) = try_export(&store, with.flist, Compression::None, &options).unwrap();
    let sockets = report.tar.sockets.unwrap();
    assert_eq!((sockets.count, sockets.example.as_bytes()), (1, &b"dir/socket"[..]));
    let found = ingest(&tar, &MemoryStore::new()).unwrap();
    assert_eq!(found.counts, without.counts);
}

#[test]
fn a_cancelled_export_stops() {
    let store = MemoryStore::new();
    let flist = ingest(&sample(), &store).unwrap();
    let cancel = Some(Arc::new(AtomicBool::new(true)));
    for compression in ALL {
        let options = ExportOptions { cancel: cancel.clone(), ..ExportOptions::default() };
        let ended = try_export(&store, flist.flist, compression, &options);
        assert!(matches!(ended, Err(ExportError::Cancelled)), "{compression}");
    }
}

/// Takes so many bytes and then fails.
struct Full(usize);

impl std::io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(std::io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_output_that_fails_ends_the_export() {
    let store = MemoryStore::new();
    let archive = Tar::new().file("large", &noise(20 << 20, 3)).end();
    let flist = ingest(&archive, &store).unwrap();
    for compression in ALL {
        let options = ExportOptions::default();
        let error = export_tar(&store, flist.flist, compression, &options, &mut Full(1 << 20));
        assert!(matches!(error, Err(ExportError::Output(_))), "{compression}");
    }
}
