//! Prints what files say of themselves, a line of JSON for each: `geodata_facts a.tif b.shp`.
//!
//! With `--points`, it reads lines `EPSG x y` instead and writes `lon lat` for each, or `none` and why: so
//! `scripts/compare_footprints.py` holds each reference system against PROJ.

use std::fs::File;
use std::io::{self, BufRead};
use std::os::unix::fs::FileExt;

use flisthub_geodata::{
    Counted, Crs, Facts, Kind, Limits, Source, read, read_shapefile, thumbnail,
};
use serde_json::{Map, Value, json};

/// A file, whose size does not change.
struct OnDisk(File, u64);

impl Source for OnDisk {
    fn size(&self) -> u64 {
        self.1
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(into, offset)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1).peekable();
    if words.next_if(|word| word == "--points").is_some() {
        return points();
    }
    let pictures = words.next_if(|word| word == "--thumbnails").is_some();
    for path in words {
        let found = facts(&path)?;
        println!("{found}");
        if pictures {
            let picture = thumbnail(&open(&path)?, 256, &Limits::default())?;
            std::fs::write(format!("{path}.png"), picture)?;
        }
    }
    Ok(())
}

fn open(path: &str) -> io::Result<OnDisk> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    Ok(OnDisk(file, size))
}

fn facts(path: &str) -> Result<Value, Box<dyn std::error::Error>> {
    let source = open(path)?;
    let mut head = vec![0; usize::try_from(source.size().min(4096))?];
    source.read_at(0, &mut head)?;
    let Some(kind) = Kind::of(path, &head) else { return Ok(json!({"error": "of no kind"})) };
    let (source, limits) = (Counted::new(source), Limits::default());
    let found = if kind == Kind::Shapefile {
        let prj = std::fs::read_to_string(path.replace(".shp", ".prj")).ok();
        read_shapefile(&source, prj.as_deref(), &limits)
    } else {
        read(kind, &source, &limits)
    };
    let mut written = match found {
        Ok(facts) => written(&facts),
        Err(error) => Map::from_iter([("error".to_owned(), json!(error.to_string()))]),
    };
    written.insert("bytes_read".to_owned(), json!(source.bytes()));
    written.insert("reads".to_owned(), json!(source.reads()));
    Ok(Value::Object(written))
}

fn written(facts: &Facts) -> Map<String, Value> {
    let geometry = facts.footprint.as_ref().map(|found| found.value.geometry());
    let members = [
        ("bbox", json!(facts.bbox())),
        ("geometry", json!(geometry)),
        ("properties", Value::Object(facts.properties())),
        ("extensions", json!(facts.extensions())),
        ("features", json!(facts.features.as_ref().map(|found| found.value))),
        ("geometry_types", json!(facts.geometry_types.as_ref().map(|found| &found.value))),
        (
            "origins",
            facts
                .origins()
                .into_iter()
                .map(|(name, text)| (name.to_owned(), json!(text)))
                .collect(),
        ),
        ("warnings", json!(facts.warnings())),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn points() -> Result<(), Box<dyn std::error::Error>> {
    for line in io::stdin().lock().lines() {
        let line = line?;
        let mut words = line.split_ascii_whitespace();
        let mut word = || words.next().ok_or("a line is not 'EPSG x y'");
        let (code, x, y) = (word()?.parse()?, word()?.parse()?, word()?.parse()?);
        match Crs::epsg(code) {
            Ok(crs) => match crs.to_lonlat([x, y]) {
                Some([lon, lat]) => println!("{lon} {lat} {}", crs.doubt().unwrap_or("")),
                None => println!("none outside"),
            },
            Err(why) => println!("none {why}"),
        }
    }
    Ok(())
}
