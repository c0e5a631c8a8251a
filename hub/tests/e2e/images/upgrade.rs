//! `app:1`, then `app:2` with one small layer more: only that layer travels, and only what is new is stored.

use super::hubs::{answer, convert, hub};
use super::part::with_parts;
use super::registry::Registry;
use super::stage::stage;

#[test]
fn the_next_version_costs_its_own_layer() {
    if !with_parts("upgrade::the_next_version_costs_its_own_layer") {
        return;
    }
    let registry = Registry::open();
    let hub = hub(&[&registry], "");
    for tag in ["1", "2"] {
        registry.take(&stage().image(tag), &format!("demo/app:{tag}"));
    }
    let convert = |tag: &str| {
        let before = registry.fetched().len();
        let image = format!("{}/demo/app:{tag}", registry.address);
        let report = answer(&mut convert(&hub, &[&image, "--name", &format!("app-{tag}")]));
        (report, registry.fetched().split_off(before))
    };
    let blobs = |tag: &str, from: usize| {
        let manifest = stage().manifest(tag);
        let layers = manifest["layers"].as_array().unwrap().iter().skip(from);
        let mut digests: Vec<String> = layers
            .chain([&manifest["config"]])
            .map(|blob| blob["digest"].as_str().unwrap().to_owned())
            .collect();
        digests.sort();
        digests
    };
    let (first, mut fetched) = convert("1");
    fetched.sort();
    assert_eq!(fetched, blobs("1", 0));
    let (second, mut fetched) = convert("2");
    fetched.sort();
    let known = stage().manifest("1")["layers"].as_array().unwrap().len();
    assert_eq!(fetched, blobs("2", known));
    // One small file.
    assert_eq!(second["new_chunks"], 1, "{second}");
    assert!(first["new_chunks"].as_u64().unwrap() > 1000, "{first}");
    assert!(second["stored_bytes"].as_u64().unwrap() < 100_000, "{second}");
    super::hubs::assert_pulls(&hub, "app-2", &stage().tree("2"));
    // Once more: nothing but the manifest is asked for, or the configuration.
    let (third, fetched) = convert("2");
    assert_eq!(third["flist"], second["flist"]);
    assert_eq!(third["new_chunks"], 0, "{third}");
    assert!(fetched.len() <= 1, "{fetched:?}");
}
