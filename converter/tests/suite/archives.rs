//! What the archive says is what the tree holds: every form that GNU tar writes, and the rules for
//! paths that come twice, links and implied parents.

use flisthub_converter::{IngestOptions, ingest_archive};
use flisthub_flist::{Content, Device, Entry, Metadata, TreePath};
use flisthub_storage::MemoryStore;

use crate::build_tar::{Header, Tar};
use crate::extraction::FULL_TAR;
use crate::sample::{self, Extent, make, make_sparse, noise};
use crate::tools::{entries, entries_of, entry, has, ingest, is_root, scan, shell, skip};

/// The chunks of a file, put together again.
fn content(archive: &[u8], path: &str) -> Vec<u8> {
    let store = MemoryStore::new();
    let ingested = ingest(archive, &store).unwrap();
    let (_, entry) = entries_of(&store, &ingested)
        .into_iter()
        .find(|(at, _)| at.as_bytes() == path.as_bytes())
        .unwrap();
    let Content::File { pieces, size } = &entry.content else { panic!("{entry:?}") };
    let store: &dyn flisthub_storage::ChunkStore = &store;
    let mut content = Vec::new();
    for piece in flisthub_flist::pieces(store, pieces) {
        match piece.unwrap() {
            flisthub_flist::Piece::Chunk { id, .. } => {
                content.extend_from_slice(store.get(&[id]).unwrap()[0].as_ref().unwrap().bytes());
            }
            flisthub_flist::Piece::Hole { length } => {
                content.resize(content.len() + usize::try_from(length).unwrap(), 0);
            }
        }
    }
    assert_eq!(content.len() as u64, *size);
    content
}

#[test]
fn an_archive_and_its_directory_are_one_flist() {
    if !is_root() {
        return skip("making devices and owners needs root");
    }
    let work = tempfile::tempdir().unwrap();
    let root = work.path().join("root");
    make(&root, Extent::WithoutSocket);
    let store = MemoryStore::new();
    let from_directory = scan(&root, &store);
    // In the order of the names, and in the opposite one: every directory after what it holds.
    for order in ["", "-r"] {
        let names = format!("(cd \"$1\" && find . -print0 | LC_ALL=C sort -z {order}) | ");
        let listed = "-C \"$1\" --no-recursion --null -T -";
        let script = names + &FULL_TAR.replace("-C \"$1\" .", listed);
        let from_archive = ingest(&shell(&script, &[&root]), &store).unwrap();
        assert_eq!(from_archive.manifest, from_directory.manifest);
        assert_eq!(from_archive.flist, from_directory.flist);
        assert_eq!(from_archive.counts, from_directory.counts);
        assert_eq!(from_archive.report.new_chunks, 0);
    }
}

#[test]
fn every_format_of_gnu_tar_holds_the_same_content() {
    let work = tempfile::tempdir().unwrap();
    let root = work.path().join("root");
    std::fs::create_dir_all(root.join("a/b")).unwrap();
    std::fs::write(root.join("a/b/f"), noise(700_000, 3)).unwrap();
    std::fs::hard_link(root.join("a/b/f"), root.join("z")).unwrap();
    std::os::unix::fs::symlink("f", root.join("a/b/s")).unwrap();
    for path in ["a/b/f", "a/b/s", "a/b", "a", "."] {
        sample::time(&root.join(path), 1_500_000_000, 0);
    }
    let store = MemoryStore::new();
    let expected = scan(&root, &store).flist;
    for format in ["gnu", "oldgnu", "posix", "ustar", "v7"] {
        let script = format!("tar --format={format} --numeric-owner -cf - -C \"$1\" .");
        let found = ingest(&shell(&script, &[&root]), &store).unwrap();
        assert_eq!(found.flist, expected, "{format}");
    }
    let prefixed = shell("cd \"$1\"; tar --format=gnu -P -cf - \"$1\" | cat", &[&root]);
    let inside = root.strip_prefix("/").unwrap().join("a/b/f");
    assert!(
        entries(&prefixed)
            .iter()
            .any(|(path, _)| path.as_bytes() == inside.as_os_str().as_encoded_bytes())
    );
}

#[test]
fn sparse_files_of_every_form_are_read() {
    let work = tempfile::tempdir().unwrap();
    // Enough runs for several continuation blocks of the old form.
    let mut file = vec![0; 64 << 20];
    for run in 0..100 {
        let at = run * 600_000;
        file[at..at + 5000].copy_from_slice(&noise(5000, run as u64 + 1));
    }
    let root = work.path();
    make_sparse(&root.join("s"), &file);
    make_sparse(&root.join("small"), &[&[1; 10][..], &vec![0; 200_000], &[2; 10]].concat());
    make_sparse(&root.join("hole"), &vec![0; 100_000]);
    for form in [
        "gnu",
        "posix --sparse-version=0.0",
        "posix --sparse-version=0.1",
        "posix --sparse-version=1.0",
    ] {
        let script = format!("tar --format={form} --sparse -cf - -C \"$1\" s small hole");
        let archive = shell(&script, &[root]);
        assert!(archive.len() < 2 << 20, "{form}: not sparse");
        assert!(content(&archive, "s") == file, "{form}");
        assert_eq!(content(&archive, "small").len(), 200_020, "{form}");
        assert_eq!(content(&archive, "hole"), vec![0; 100_000], "{form}");
        let plain = shell("tar -cf - -C \"$1\" s small hole", &[root]);
        assert_eq!(entry(&archive, "s").content, entry(&plain, "s").content, "{form}");
    }
}

#[test]
fn long_names_and_links_are_read() {
    let work = tempfile::tempdir().unwrap();
    let name = "x".repeat(120);
    let path = format!("{name}/{name}/{name}");
    std::fs::create_dir_all(work.path().join(&path).parent().unwrap()).unwrap();
    std::fs::write(work.path().join(&path), "a").unwrap();
    let target = "y".repeat(300);
    std::os::unix::fs::symlink(&target, work.path().join("link")).unwrap();
    std::fs::hard_link(work.path().join(&path), work.path().join("zhard")).unwrap();
    for format in ["gnu", "posix"] {
        let script = format!("tar --format={format} -cf - -C \"$1\" .");
        let archive = shell(&script, &[work.path()]);
        assert_eq!(content(&archive, &path), b"a", "{format}");
        assert_eq!(content(&archive, "zhard"), b"a", "{format}");
        let expected = Content::Symlink { target: target.clone().into_bytes() };
        assert_eq!(entry(&archive, "link").content, expected, "{format}");
    }
}

#[test]
fn the_last_of_two_entries_wins() {
    let mut tar = Tar::new();
    tar.file("a", b"first").file("d/x", b"x").link(b'2', "d/y", "x").file("a", b"second");
    let archive = tar.end();
    assert_eq!(content(&archive, "a"), b"second");
    // A directory that comes again keeps what stands in it; a file in its place does not.
    tar.header(&Header::new(b'5', "d/", 0));
    assert_eq!(content(&tar.end(), "d/x"), b"x");
    let paths: Vec<_> = entries(tar.file("d", b"now a file").end().as_slice())
        .into_iter()
        .map(|(path, _)| path.to_string())
        .collect();
    assert_eq!(paths, ["a", "d"]);
}

#[test]
fn a_hard_link_keeps_what_stood_at_its_target() {
    let mut tar = Tar::new();
    tar.file("a", b"first").link(b'1', "b", "./a").file("a", b"second");
    let archive = tar.end();
    assert_eq!(content(&archive, "b"), b"first");
    assert_eq!(content(&archive, "a"), b"second");
    assert_eq!(links_of(&archive), Vec::<Vec<TreePath>>::new());
    let archive = Tar::new().file("a", b"1").link(b'1', "c", "/a").link(b'1', "b", "c").end();
    let paths = ["a", "b", "c"].map(|path| TreePath::parse(path.as_bytes()).unwrap());
    assert_eq!(links_of(&archive), [paths.to_vec()]);
}

fn links_of(archive: &[u8]) -> Vec<Vec<TreePath>> {
    let store = MemoryStore::new();
    let manifest = ingest(archive, &store).unwrap().manifest;
    let store: &dyn flisthub_storage::ChunkStore = &store;
    manifest.links.map(|id| flisthub_flist::links(store, id, u64::MAX).unwrap()).unwrap_or_default()
}

#[test]
fn data_after_a_hard_link_are_skipped() {
    // As an extended header says, with data that look like a member.
    let inner = Tar::new().file("intruder", b"").end();
    let mut tar = Tar::new();
    tar.file("a", b"a").pax(b'x', &[("size", inner.len().to_string().as_bytes())]);
    tar.link(b'1', "b", "a").data(&inner).file("c", b"c");
    let paths: Vec<_> = entries(&tar.end()).into_iter().map(|(path, _)| path.to_string()).collect();
    assert_eq!(paths, ["a", "b", "c"]);
    // As the plain header says, with data and without.
    for data in [&b"some data"[..], b""] {
        let mut tar = Tar::new();
        tar.file("a", b"a").header(Header::new(b'1', "b", 9).link("a")).data(data).file("c", b"c");
        assert_eq!(entries(&tar.end()).len(), 3);
    }
}

#[test]
fn paths_have_one_form_and_parents_are_implied() {
    let archive = Tar::new().file("./a//b/./c", b"1").file("/abs/d", b"2").end();
    let found = entries(&archive);
    let paths: Vec<_> = found.iter().map(|(path, _)| path.to_string()).collect();
    assert_eq!(paths, ["a", "a/b", "a/b/c", "abs", "abs/d"]);
    assert_eq!(found[0].1.metadata, Metadata::implied_directory());
}

#[test]
fn extended_headers_win_over_plain_ones() {
    let records: [(&str, &[u8]); 8] = [
        ("path", b"long"),
        ("uid", b"4294967294"),
        ("gid", b"7"),
        ("mtime", b"-1.25"),
        ("size", b"5"),
        ("comment", b"dropped"),
        ("SCHILY.xattr.user.k", b"v=\n\0"),
        ("SCHILY.xattr.security.selinux", b"label"),
    ];
    let mut tar = Tar::new();
    tar.pax(b'g', &[("gid", b"9"), ("uid", b"9")]);
    tar.member(b'L', "././@LongLink", b"gnu's\0").pax(b'x', &records);
    tar.header(&Header::new(b'0', "short", 0)).data(b"hello");
    tar.file("next", b"");
    let archive = tar.end();
    let expected = Metadata {
        mode: 0o644,
        uid: u32::MAX - 1,
        gid: 7,
        mtime: -2,
        mtime_nanos: 750_000_000,
        xattrs: [(b"user.k".to_vec(), b"v=\n\0".to_vec())].into(),
    };
    assert_eq!(entry(&archive, "long").metadata, expected);
    assert_eq!(content(&archive, "long"), b"hello");
    let next = entry(&archive, "next").metadata;
    assert_eq!((next.uid, next.gid, next.mtime), (9, 9, 1000));
    let options = IngestOptions { keep_machine_xattrs: true, ..IngestOptions::default() };
    let store = MemoryStore::new();
    let kept = ingest_archive(&archive[..], &store, &options).unwrap();
    let long = &entries_of(&store, &kept)[0].1;
    assert_eq!(long.metadata.xattrs[&b"security.selinux"[..]], b"label");
}

#[test]
fn every_kind_of_entry_is_read() {
    let mut device = Header::new(b'3', "c", 0);
    device.field(329, b"0007777\0").field(337, b"3777777\0");
    let mut tar = Tar::new();
    tar.header(&device).header(device.field(0, b"b").field(156, b"4"));
    tar.header(&Header::new(b'6', "p", 0)).link(b'2', "s", "to").member(b'7', "contiguous", b"x");
    tar.member(b'V', "a volume label", b"")
        .member(b'\0', "old", b"y")
        .member(b'\0', "old-dir/", b"");
    tar.member(b'D', "dumped/", b"Yname\0\0").member(b'5', "with-size/", b"skipped");
    let archive = tar.end();
    let number = Device { major: 4095, minor: 1_048_575 };
    let found: Vec<(String, Entry)> =
        entries(&archive).into_iter().map(|(path, entry)| (path.to_string(), entry)).collect();
    let content_of = |path: &str| &found.iter().find(|(at, _)| at == path).unwrap().1.content;
    assert_eq!(content_of("c"), &Content::CharDevice(number));
    assert_eq!(content_of("b"), &Content::BlockDevice(number));
    assert_eq!(content_of("p"), &Content::Fifo);
    assert!(matches!(content_of("contiguous"), Content::File { size: 1, .. }));
    assert!(matches!(content_of("old"), Content::File { size: 1, .. }));
    for directory in ["old-dir", "dumped", "with-size"] {
        assert!(matches!(content_of(directory), Content::Directory { .. }), "{directory}");
    }
    assert_eq!(found.len(), 9);
    assert_eq!(entry(&archive, "s").metadata.mode, 0o777);
}

#[test]
fn access_lists_in_words_are_kept() {
    if !has("setfacl") {
        return skip("setfacl is not installed");
    }
    let work = tempfile::tempdir().unwrap();
    let root = work.path().join("r");
    std::fs::create_dir_all(root.join("d")).unwrap();
    std::fs::write(root.join("f"), "x").unwrap();
    shell("setfacl -m u:1234:r,g:54321:rw \"$1\"/f; setfacl -d -m u:1234:rwx \"$1\"/d", &[&root]);
    let store = MemoryStore::new();
    let expected = scan(&root, &store).flist;
    // With the lists as text alone.
    let script = "tar --format=posix --acls --numeric-owner -cf - -C \"$1\" .";
    assert_eq!(ingest(&shell(script, &[&root]), &store).unwrap().flist, expected);
}

#[test]
fn an_archive_of_nothing_is_an_empty_tree() {
    let store = MemoryStore::new();
    let nothing = ingest(&shell("tar -cf - -T /dev/null", &[]), &store).unwrap();
    assert_eq!(nothing.manifest.totals, flisthub_flist::Totals::default());
    assert_eq!(nothing.manifest.metadata, Metadata::implied_directory());
}
