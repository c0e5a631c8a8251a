//! Exports the tree of an archive, to look at and to measure: reads the archive into a RocksDB store
//! in a temporary directory, then writes each form and says how long it took.
//!
//! `cargo run --release -p flisthub-converter --example export -- ARCHIVE DIRECTORY [WHAT]`, where WHAT
//! is for instance `tar.zstd`; without it every form is written.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use flisthub_converter::{
    Compression, ExportOptions, ImageOptions, IngestOptions, export_docker_archive, export_layout,
    export_layout_tar, export_tar, ingest_archive,
};
use flisthub_storage::{ChunkStore as _, RocksOptions, RocksStore, SystemClock};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let archive = arguments.next().context("name an archive")?;
    let to = arguments.next().context("name a directory")?;
    let to = Path::new(&to);
    let only = arguments.next().map(|only| only.to_string_lossy().into_owned());
    let place = tempfile::tempdir_in(to)?;
    let store = RocksStore::open(place.path(), &RocksOptions::default(), Arc::new(SystemClock))?;
    let flist = ingest_archive(File::open(archive)?, &store, &IngestOptions::default())?;
    store.flush()?;
    let flist = flist.flist;
    let options = ExportOptions { digest: false, ..ExportOptions::default() };
    let image = ImageOptions { tag: Some("demo/app:1".to_owned()), ..ImageOptions::default() };
    let layout = ImageOptions { tag: Some("v1".to_owned()), ..ImageOptions::default() };
    let measured = flisthub_converter::measure(&store, flist, &options)?;
    println!("{} bytes of tar, {} entries", measured.bytes, measured.entries);
    let tell = |what: &str, (began, cpu): (Instant, f64), bytes: u64| {
        let cpu = cpu_seconds() - cpu;
        let seconds = began.elapsed().as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "shown with two digits")]
        let rate = measured.bytes as f64 / seconds / 1e6;
        println!(
            "{what:18} {seconds:7.3} s, {cpu:6.2} s of CPU, {rate:5.0} MB/s of tar, {bytes} bytes"
        );
    };
    let times = if only.is_some() { 5 } else { 1 };
    let forms = [Compression::None, Compression::Zstd, Compression::Gzip];
    for compression in forms.into_iter().flat_map(|form| std::iter::repeat_n(form, times)) {
        for what in ["tar", "docker", "layout", "layout.tar"] {
            let name = format!("{what}.{compression}");
            if only.as_ref().is_some_and(|only| *only != name) {
                continue;
            }
            let path = to.join(name);
            let began = (Instant::now(), cpu_seconds());
            let told = if what == "layout" {
                let place = (&*path, true);
                export_layout(&store, flist, compression, &layout, &options, place)?
            } else {
                let mut file = File::create(&path)?;
                match what {
                    "tar" => export_tar(&store, flist, compression, &options, &mut file)?,
                    "docker" => {
                        let file = &mut file;
                        export_docker_archive(&store, flist, compression, &image, &options, file)?
                    }
                    _ => {
                        let file = &mut file;
                        export_layout_tar(&store, flist, compression, &layout, &options, file)?
                    }
                }
            };
            tell(&format!("{what}, {compression}"), began, told.bytes);
        }
    }
    Ok(())
}

/// What this process has used, of all cores. Linux counts in hundredths of a second.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
