//! Exports from a hub that answers as asked: what is written, what is refused, what stays.

use std::path::Path;

use flisthub_flist::{Content, FileBuilder, Piece};
use flisthub_flist::{FlistWriter, Manifest, Metadata, TreeBuilder, TreePath};
use flisthub_storage::wire::{read_ids, write_record};
use flisthub_storage::{
    Chunk, ChunkId, ChunkStore, Compressor, DEFAULT_LEVEL, Kind, MemoryStore, Profile,
};

use crate::fake::{FakeHub, Reply};
use crate::program::{failure, hub_client, run};

fn keep(store: &MemoryStore, chunk: &Chunk) -> ChunkId {
    let frame = Compressor::new(DEFAULT_LEVEL).unwrap().compress(chunk).unwrap();
    store.put(&[frame]).unwrap();
    chunk.id()
}

/// A hub with `alice/base`: `dir/file` with `content`, and a socket. Chunks come as `chunks` makes them.
fn hub(chunks: impl Fn(Vec<u8>) -> Reply + Send + Sync + 'static) -> FakeHub {
    let store = MemoryStore::new();
    let chunk = Chunk::new(Kind::Content, "content").unwrap();
    let id = keep(&store, &chunk);
    let mut emit = |chunk: Chunk| {
        keep(&store, &chunk);
        Ok(())
    };
    let mut file = FileBuilder::new();
    file.push(Piece::Chunk { id, length: chunk.length() }, &mut emit).unwrap();
    let file = file.finish(&mut emit).unwrap();
    let mut tree = TreeBuilder::new();
    let path = |text: &str| TreePath::parse(text.as_bytes()).unwrap();
    tree.add(&path("dir/file"), Metadata { mode: 0o644, ..Metadata::default() }, file).unwrap();
    tree.add(&path("socket"), Metadata::default(), Content::Socket).unwrap();
    let tree = tree.finish(&mut emit).unwrap();
    let flist = keep(&store, &Manifest::of(&tree, Profile::default()).to_chunk().unwrap());
    let file: Vec<u8> = FlistWriter::new(&store, flist).flat_map(|part| part.unwrap()).collect();
    let info = format!(
        r#"{{"repository":"alice","name":"base","flist":"{flist}","entries":3,"bytes":7,"updated":1,"revision":1}}"#
    );
    FakeHub::new(move |_, request| match request.line.as_str() {
        "GET /api/v1/flists/alice/base" => Reply::json(&info),
        "GET /alice/base.flist" => Reply::new(200, file.clone()),
        "POST /api/v1/repositories/alice/chunks" => {
            let mut body = bytes::BytesMut::new();
            for frame in store.get_frames(&read_ids(&request.body).unwrap()).unwrap() {
                write_record(&frame.unwrap(), &mut body);
            }
            chunks(body.to_vec())
        }
        other => panic!("{other}"),
    })
}

fn honest(body: Vec<u8>) -> Reply {
    Reply::new(200, body)
}

/// Exports without the socket; the report.
fn export(hub: &FakeHub, to: &str, more: &[&str]) -> serde_json::Value {
    let start = ["--json", "export", "alice/base", "--skip-sockets", "--to", to];
    let output = run(&hub.url, &[&start[..], more].concat());
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn at(directory: &Path, format: &str, name: &str) -> String {
    format!("{format}:{}", directory.join(name).display())
}

#[test]
fn each_format_is_written() {
    let (hub, work) = (hub(honest), tempfile::tempdir().unwrap());
    let report = export(&hub, &at(work.path(), "tar", "x.tar"), &[]);
    let tar = std::fs::read(work.path().join("x.tar")).unwrap();
    assert_eq!((report["bytes"].as_u64(), report["entries"].as_u64()), (Some(3072), Some(2)));
    assert_eq!((tar.len(), &tar[1536..1543]), (3072, &b"content"[..]));
    assert_eq!(report["skipped_sockets"], 1);
    assert_eq!(report["digest"], report["diff_id"]);
    let diff_id = report["diff_id"].clone();
    let report = export(&hub, &at(work.path(), "tar", "x.tar.gz"), &[]);
    assert_eq!((&report["compression"], &report["diff_id"]), (&"gzip".into(), &diff_id));
    let report = export(&hub, &at(work.path(), "tar", "x.tar.zst"), &[]);
    assert_eq!((&report["compression"], &report["diff_id"]), (&"zstd".into(), &().into()));
    for (format, name) in [("oci", "l:v1"), ("oci-archive", "l.tar"), ("docker-archive", "d.tar")] {
        let report = export(&hub, &at(work.path(), format, name), &[]);
        assert_eq!(report["diff_id"], diff_id, "{format}");
    }
    assert!(work.path().join("l/index.json").exists());
    let part = export(&hub, &at(work.path(), "tar", "part"), &["--path", "dir"]);
    assert_eq!(part["entries"], 1);
    let names: Vec<_> = std::fs::read_dir(work.path()).unwrap().map(Result::unwrap).collect();
    assert_eq!(names.len(), 7, "nothing temporary stays: {names:?}");
}

#[test]
fn standard_output_is_the_archive_and_nothing_else() {
    let (hub, work) = (hub(honest), tempfile::tempdir().unwrap());
    export(&hub, &at(work.path(), "tar", "x"), &[]);
    let arguments = ["--json", "export", "alice/base", "--skip-sockets", "--to", "tar:-"];
    let output = run(&hub.url, &arguments);
    assert_eq!(output.stdout, std::fs::read(work.path().join("x")).unwrap());
    assert!(String::from_utf8(output.stderr).unwrap().contains("1 sockets were left out"));
}

#[test]
fn what_is_there_is_replaced_only_when_asked() {
    let (hub, work) = (hub(honest), tempfile::tempdir().unwrap());
    let file = work.path().join("x");
    std::fs::write(&file, "mine").unwrap();
    let to = at(work.path(), "tar", "x");
    let arguments = ["--json", "export", "alice/base", "--skip-sockets", "--to", &to];
    let (exit, code, _) = failure(&run(&hub.url, &arguments));
    assert_eq!((exit, code.as_str()), (6, "wrong_kind"));
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
    export(&hub, &to, &["--force"]);
    assert_eq!(std::fs::read(&file).unwrap().len(), 3072);
    let to = at(work.path(), "oci", "l:v1");
    export(&hub, &to, &[]);
    let arguments = ["--json", "export", "alice/base", "--skip-sockets", "--to", &to];
    assert_eq!(failure(&run(&hub.url, &arguments)).0, 6);
    export(&hub, &to, &["--force"]);
}

/// A rename would put a file in the place of a device, for whoever may.
#[test]
fn only_files_are_replaced() {
    let (hub, work) = (hub(honest), tempfile::tempdir().unwrap());
    let socket = std::os::unix::net::UnixListener::bind(work.path().join("socket")).unwrap();
    std::fs::create_dir(work.path().join("directory")).unwrap();
    for (format, name) in [("tar", "socket"), ("docker-archive", "socket"), ("tar", "directory")] {
        let to = at(work.path(), format, name);
        let output = run(&hub.url, &["--json", "export", "alice/base", "--force", "--to", &to]);
        let (exit, code, line) = failure(&output);
        assert_eq!((exit, code.as_str()), (6, "wrong_kind"), "{line}");
    }
    assert!(hub.requests().is_empty(), "nothing is fetched for it");
    drop(socket);
    std::os::unix::fs::symlink("/nowhere", work.path().join("link")).unwrap();
    export(&hub, &at(work.path(), "tar", "link"), &["--force"]);
    assert_eq!(std::fs::read(work.path().join("link")).unwrap().len(), 3072);
}

#[test]
fn a_docker_archive_is_named_as_skopeo_names_it() {
    let (hub, work) = (hub(honest), tempfile::tempdir().unwrap());
    export(&hub, &at(work.path(), "docker-archive", "x.tar:app:1"), &[]);
    let archive = std::fs::read(work.path().join("x.tar")).unwrap();
    let tags = b"\"RepoTags\":[\"app:1\"]";
    assert!(archive.windows(tags.len()).any(|part| part == tags));
}

/// What was fetched until then is much, and nobody would find it.
#[test]
fn an_interrupted_export_leaves_no_temporary_file() {
    for (format, name, most) in [("tar", "x", 0), ("docker-archive", "x", 0), ("oci", "l", 2)] {
        let work = tempfile::tempdir().unwrap();
        let (asked, waiting) = std::sync::mpsc::channel();
        let hub = hub(move |_| {
            asked.send(()).unwrap();
            Reply::Silence
        });
        let to = at(work.path(), format, name);
        let child = hub_client(work.path())
            .args(["--json", "--url", &hub.url, "export", "alice/base", "--skip-sockets"])
            .args(["--to", &to])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        waiting.recv().unwrap();
        let directory = if format == "oci" { work.path().join(name) } else { work.path().into() };
        let left = || {
            let names = std::fs::read_dir(&directory).unwrap();
            let names = names.map(|name| name.unwrap().file_name().into_string().unwrap());
            names.filter(|name| name.starts_with(".export-")).count()
        };
        assert_eq!(left(), 1, "{format}");
        let id = child.id().to_string();
        let killed = std::process::Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(killed.success());
        let (exit, code, line) = failure(&child.wait_with_output().unwrap());
        assert_eq!((exit, code.as_str()), (130, "interrupted"), "{line}");
        assert_eq!(left(), 0, "{format}");
        assert!(std::fs::read_dir(&directory).unwrap().count() <= most, "{format}");
        assert!(line.contains(name), "{line}");
    }
}

#[test]
fn what_cannot_be_exported_leaves_nothing() {
    let work = tempfile::tempdir().unwrap();
    let damaged = hub(|mut body| {
        *body.last_mut().unwrap() ^= 1;
        Reply::new(200, body)
    });
    let honest = hub(honest);
    let to = at(work.path(), "tar", "x");
    for (hub, more, exit, code) in [
        (&honest, &[][..], 6, "cannot_export"),
        (&honest, &["--path", "nothing"], 3, "not_found"),
        (&honest, &["--path", "../x"], 2, "usage"),
        (&honest, &["--tag", "x"], 2, "usage"),
        (&honest, &["--compression", "xz"], 2, "usage"),
        (&honest, &["--to", "tar:x.tar.xz"], 2, "usage"),
        (&damaged, &["--skip-sockets"], 1, "bad_chunks"),
    ] {
        let to = if more.contains(&"--to") { &[][..] } else { &["--to", &to] };
        let arguments = [&["--json", "export", "alice/base"][..], to, more].concat();
        let (found, told, line) = failure(&run(&hub.url, &arguments));
        assert_eq!((found, told.as_str()), (exit, code), "{line}");
        assert_eq!(std::fs::read_dir(work.path()).unwrap().count(), 0, "{more:?}");
    }
    let home = tempfile::tempdir().unwrap();
    let help = hub_client(home.path()).args(["export", "--help"]).output().unwrap();
    assert!(String::from_utf8(help.stdout).unwrap().contains("docker-archive:PATH"));
}
