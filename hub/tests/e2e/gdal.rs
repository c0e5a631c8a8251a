//! A `GeoTIFF` inside an uploaded tarball is read in place by GDAL, by HTTP ranges and no more of it than is
//! needed.

use std::fs::File;
use std::io::{Read, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::support::Hub;

/// The repository's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn python(arguments: &[&str]) -> String {
    let output = Command::new(root().join(".venv/bin/python"))
        .arg("-B")
        .arg(root().join("hub/tests/gdal/window.py"))
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Whether GDAL is there. Where it cannot be installed it is said, and nothing is proved.
fn has_gdal() -> bool {
    let found =
        Command::new(root().join(".venv/bin/python")).args(["-c", "import rasterio"]).output();
    found.is_ok_and(|output| output.status.success())
}

/// Stands before a hub and counts the bytes that it answers.
fn counting(hub: &str) -> (String, Arc<AtomicU64>) {
    let hub = hub.strip_prefix("http://").unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let counted = Arc::new(AtomicU64::new(0));
    let answered = Arc::clone(&counted);
    thread::spawn(move || {
        for near in listener.incoming() {
            let (near, far) = (near.unwrap(), TcpStream::connect(&hub).unwrap());
            let (back, forth) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            let answered = Arc::clone(&answered);
            thread::spawn(move || pump(near, forth, &AtomicU64::new(0)));
            thread::spawn(move || pump(far, back, &answered));
        }
    });
    (url, counted)
}

fn pump(mut from: TcpStream, mut to: TcpStream, counted: &AtomicU64) {
    let mut bytes = [0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        counted.fetch_add(read as u64, Ordering::SeqCst);
        if to.write_all(&bytes[..read]).is_err() {
            break;
        }
    }
    // Either side may be gone already.
    let _ = to.shutdown(Shutdown::Write);
}

#[test]
fn gdal_reads_a_window_out_of_an_uploaded_tarball() {
    if !has_gdal() {
        eprintln!("SKIPPED: no rasterio in .venv; scripts/setup test installs it");
        return;
    }
    let hub = Hub::start();
    let (image, tarball) = (hub.path("scene.tif"), hub.path("dataset.tar"));
    python(&["make", image.to_str().unwrap()]);
    let mut archive = tar::Builder::new(File::create(&tarball).unwrap());
    archive.append_path_with_name(&image, "2026/11/scene.tif").unwrap();
    archive.into_inner().unwrap();
    hub.upload(&tarball);
    let (url, answered) = counting(&hub.url);
    let url = format!("{url}/api/v1/flists/alice/dataset/files/2026/11/scene.tif");
    let size: u64 = python(&["check", image.to_str().unwrap(), &url]).trim().parse().unwrap();
    let answered = answered.load(Ordering::SeqCst);
    assert!(size > 30_000_000, "{size}");
    assert!(answered < size / 10, "{answered} bytes were fetched of {size}");
    assert!(hub.log().contains("status=206"), "no part of it was asked for");
}
