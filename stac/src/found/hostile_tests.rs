//! Files that are broken, or made to do harm: each is a warning that names it, and the item is there.

use flisthub_flist::TreePath;
use serde_json::{Value, json};

use crate::compose_tests::{composed, planted, rendered};

const A: &[u8] = include_bytes!("../../tests/fixtures/geodata/a.tif");

/// The raster with another value of a tag.
fn with_tag(tag: u16, value: u32) -> Vec<u8> {
    let mut file = A.to_vec();
    let at = u32::from_le_bytes(file[4..8].try_into().unwrap()) as usize;
    let count = u16::from_le_bytes(file[at..at + 2].try_into().unwrap()) as usize;
    for entry in (0..count).map(|entry| at + 2 + entry * 12) {
        if file[entry..entry + 2] == tag.to_le_bytes() {
            // As a whole number of 32 bits.
            file[entry + 2..entry + 4].copy_from_slice(&4_u16.to_le_bytes());
            file[entry + 8..entry + 12].copy_from_slice(&value.to_le_bytes());
            return file;
        }
    }
    panic!("there is no tag {tag}");
}

fn told(name: &str, bytes: &[u8]) -> (Vec<String>, Value) {
    let files: [(&str, &[u8]); 2] = [(name, bytes), ("good.tif", A)];
    let told = composed(&files, Some(&json!({ "category": "dataset" }))).unwrap();
    let found = rendered(&told);
    (told.warnings.clone(), found)
}

#[test]
fn a_broken_file_is_a_warning_and_the_others_count() {
    let lying = with_tag(256, 4_000_000_000);
    let mut cut = A.to_vec();
    cut.truncate(300);
    let mut circle = A.to_vec();
    circle[4..8].copy_from_slice(&4_u32.to_le_bytes());
    let deep = format!("{{\"type\": \"Feature\", \"geometry\": {}", "[".repeat(100_000));
    let huge = [&b"PAR1"[..], &[0; 20], &0x7fff_ffff_u32.to_le_bytes(), b"PAR1"].concat();
    for (name, bytes) in [
        ("lying.tif", lying.as_slice()),
        ("text.tif", b"hello"),
        ("empty.tif", b""),
        ("cut.tif", &cut),
        ("circle.tif", &circle),
        ("deep.geojson", deep.as_bytes()),
        ("huge.geoparquet", &huge),
        ("wrong.fgb", b"fgb\x03fgb\x01\xff\xff\xff\xff"),
        ("wrong.shp", &[0, 0, 0x27, 0x0a, 1, 2, 3]),
    ] {
        let (warnings, found) = told(name, bytes);
        assert_eq!(warnings.len(), 1, "{name}: {warnings:?}");
        assert!(warnings[0].starts_with(&format!("{name}: ")), "{warnings:?}");
        assert!(warnings[0].len() > name.len() + 12, "{warnings:?}");
        assert_eq!(found["properties"]["flisthub:warnings"], json!(warnings));
        assert_eq!(found["properties"]["flisthub:origins"]["geometry"], json!(["good.tif"]));
    }
}

#[test]
fn a_raster_that_lies_is_told_of() {
    let mut circle = A.to_vec();
    let first: [u8; 4] = circle[4..8].try_into().unwrap();
    let at = u32::from_le_bytes(first) as usize;
    let count = u16::from_le_bytes(circle[at..at + 2].try_into().unwrap()) as usize;
    circle[at + 2 + count * 12..][..4].copy_from_slice(&first);
    for (name, bytes, said) in [
        (
            "short.tif",
            with_tag(259, 1),
            "the file says 60 x 40 pixels of 24 bits, but its strips hold only 261 of 7200 bytes",
        ),
        (
            "high.tif",
            with_tag(257, 60),
            "an image of 60 x 60 pixels needs 2 strips or tiles, and it has 1",
        ),
        ("circle.tif", circle, "its directories of tags go in a circle"),
    ] {
        let (warnings, found) = told(name, &bytes);
        assert_eq!(warnings, [format!("{name}: {said}")]);
        assert_eq!(found["properties"]["flisthub:warnings"], json!(warnings));
    }
}

#[test]
fn warnings_about_files_leave_room_for_others() {
    let names: Vec<String> = (0..60).map(|at| format!("{at}.tif")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"no"[..])).collect();
    let api = json!({ "category": "dataset", "extent": { "spatial": "nowhere" } });
    let told = composed(&files, Some(&api)).unwrap();
    assert_eq!(told.warnings.len(), 22, "{:?}", told.warnings);
    assert!(told.warnings.iter().any(|one| one.contains("there are more warnings")));
    assert!(told.warnings.iter().any(|one| one.starts_with("extent.spatial")));
}

#[test]
fn at_most_so_many_files_are_read() {
    let names: Vec<String> = (0..103).map(|at| format!("{at:03}.tif")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), A)).collect();
    let api = json!({ "category": "dataset", "assets": ["*.tif"] });
    let told = composed(&files, Some(&api)).unwrap();
    let found = rendered(&told);
    assert_eq!(told.warnings, ["assets: only the first 100 files of geodata are read"]);
    let assets = found["assets"].as_object().unwrap();
    let with = assets.values().filter(|asset| asset.get("proj:shape").is_some()).count();
    assert_eq!((assets.len(), with), (106, 100));
    let from = found["properties"]["flisthub:origins"]["geometry"].as_array().unwrap();
    assert_eq!((from.len(), &from[20]), (21, &json!("and 80 more")));
    let told = composed(&files, Some(&json!({ "category": "dataset" }))).unwrap();
    assert_eq!(rendered(&told)["assets"].as_object().unwrap().len(), 103);
}

#[test]
fn files_that_are_no_geodata_leave_room_for_others() {
    let names: Vec<String> = (0..150).map(|at| format!("{at:03}.json")).collect();
    let mut files: Vec<(&str, &[u8])> =
        names.iter().map(|name| (name.as_str(), &b"{\"a\": 1}"[..])).collect();
    files.push(("z.tif", A));
    let api = json!({ "category": "dataset", "assets": ["*"] });
    let told = composed(&files, Some(&api)).unwrap();
    assert_eq!(told.warnings, [""; 0]);
    assert!(rendered(&told)["assets"]["z.tif"].get("proj:shape").is_some());
}

#[test]
fn at_most_so_many_files_are_looked_at() {
    use crate::found::{Declared, Findings, MAX_LOOKED_AT};
    use crate::members::Members;
    use crate::tree_files::TreeFiles;
    use crate::warnings::Warnings;

    let planted = planted(&[("a.json", b"{}"), ("z.tif", A)]);
    let files = TreeFiles::open(&planted.store, planted.manifest).unwrap();
    let mut findings = Findings::new(Declared::default(), true, true);
    let mut warnings = Warnings::default();
    let mut describe = |name: &str| {
        let path = TreePath::parse(name.as_bytes()).unwrap();
        let file = files.file(&path).unwrap().unwrap();
        let about = (name, &mut Members::default());
        findings.describe(&files, (&path, &file), about, &mut warnings).unwrap()
    };
    for _ in 1..MAX_LOOKED_AT {
        assert_eq!(describe("a.json"), 0);
    }
    assert!(describe("z.tif") > 0);
    assert_eq!(describe("z.tif"), 0);
    assert_eq!(warnings.all(), ["assets: only the first 1000 files are looked at for geodata"]);
}

#[test]
fn large_trees_are_not_searched_to_their_end() {
    let names: Vec<String> = (0..20_010).map(|at| format!("m{at:05}")).collect();
    let mut files: Vec<(&str, &[u8])> =
        names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    files.extend([("a.tif", A), ("z.tif", A)]);
    let told = composed(&files, Some(&json!({ "category": "dataset" }))).unwrap();
    let found = rendered(&told);
    assert!(found["assets"].get("a.tif").is_some() && found["assets"].get("z.tif").is_none());
    let said = "assets: files of geodata are looked for among the first 20000 entries of the flist";
    assert_eq!(told.warnings, [said]);
}
