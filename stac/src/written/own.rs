//! What of an item is the hub's own, and is made anew each time: a client that writes back what it read sends it along.
//! Addresses of the item's files become paths, so that they are right under another name, too.

use serde_json::{Value, json};

use super::super::asset::THUMBNAIL;
use super::super::item_json::OWN_LINKS;
use super::super::members::{self, Members};
use super::super::one_key::WHOLE;
use super::super::properties::OWN;
use super::Target;

/// Takes it out of an item.
pub(super) fn strip(item: &mut Members, target: Target<'_>) {
    for key in ["id", "collection"] {
        item.take(key);
    }
    let addresses = Addresses::of(target);
    let spdx = item.raw("properties").and_then(Members::read).and_then(|own| spdx(&own));
    within(item, "properties", |properties| {
        for key in OWN {
            properties.take(key);
        }
        providers(properties, &addresses);
    });
    within(item, "assets", |assets| {
        for (key, address) in WHOLE.iter().zip([&addresses.flist, &addresses.archive]) {
            let asset = assets.raw(key).and_then(Members::read);
            if asset.is_some_and(|asset| asset.value("href") == Some(json!(address))) {
                assets.take(key);
            }
        }
        let of_raster = assets.raw(THUMBNAIL).and_then(Members::read);
        if of_raster.is_some_and(|asset| addresses.is_thumbnail(&asset)) {
            assets.take(THUMBNAIL);
        }
        let keys: Vec<String> = assets.iter().map(|(key, _)| key.clone()).collect();
        for key in &keys {
            within(assets, key, |asset| addresses.relative(asset));
        }
    });
    links(item, &addresses, spdx.as_deref());
}

/// Changes a member that is an object.
fn within(item: &mut Members, key: &str, change: impl FnOnce(&mut Members)) {
    if let Some(mut inner) = item.raw(key).and_then(Members::read) {
        change(&mut inner);
        item.made(key, inner.object(""));
    }
}

/// Where the text of the license of an item is that is one of SPDX's: the hub links to it.
fn spdx(properties: &Members) -> Option<String> {
    let license = properties.value("license")?;
    Some(format!("https://spdx.org/licenses/{}.html", license.as_str()?))
}

/// Leaves those links out that follow from where the item is, and from its license.
fn links(item: &mut Members, addresses: &Addresses, spdx: Option<&str>) {
    let Some(listed) = item.raw("links").and_then(members::list) else { return };
    let is_own = |link: &Members| {
        let [rel, href] = ["rel", "href"].map(|key| link.value(key).unwrap_or_default());
        let of_license = rel == "license" && spdx.is_some_and(|address| href == address);
        let is_made = rel.as_str().is_some_and(|rel| OWN_LINKS.contains(&rel));
        is_made || of_license || addresses.is_thumbnail(link)
    };
    let kept = listed.into_iter().filter_map(|raw| match Members::read(&raw) {
        Some(link) if is_own(&link) => None,
        Some(mut link) => {
            addresses.relative(&mut link);
            Some(link.object(""))
        }
        None => Some(raw),
    });
    let kept: Vec<String> = kept.collect();
    item.made("links", format!("[{}]", kept.join(",")));
}

/// Leaves those providers out that the hub adds.
fn providers(properties: &mut Members, addresses: &Addresses) {
    let Some(listed) = properties.raw("providers").and_then(members::list) else { return };
    let is_own = |raw: &String| {
        let provider: Value = serde_json::from_str(raw).unwrap_or_default();
        addresses.providers.contains(&provider)
    };
    let kept: Vec<String> = listed.into_iter().filter(|raw| !is_own(raw)).collect();
    if kept.is_empty() {
        properties.take("providers");
    } else {
        properties.made("providers", format!("[{}]", kept.join(",")));
    }
}

/// Addresses of the hub that an item has in it.
struct Addresses {
    /// Where its files are, with a `/` at its end.
    files: String,
    /// Where thumbnails of them are made.
    thumbnails: String,
    flist: String,
    archive: String,
    /// The hub as who has it, and the repository as who made it.
    providers: [Value; 2],
}

impl Addresses {
    fn of(target: Target<'_>) -> Self {
        let (base, id, repository) = (target.base, target.id(), target.repository);
        let api = format!("{base}/api/v1");
        Self {
            files: format!("{api}/flists/{id}/files/"),
            thumbnails: format!("{api}/flists/{id}/thumbnail/"),
            flist: format!("{base}/{id}.flist"),
            archive: format!("{api}/flists/{id}/export?format=tar.zst"),
            providers: [
                json!({
                    "name": "Flisthub", "roles": ["host"], "url": format!("{api}/flists/{id}"),
                }),
                json!({
                    "name": repository, "roles": ["producer"],
                    "url": format!("{api}/repositories/{repository}"),
                }),
            ],
        }
    }

    /// Whether an asset or a link leads to a thumbnail that the hub makes.
    fn is_thumbnail(&self, made: &Members) -> bool {
        let href = made.value("href").unwrap_or_default();
        href.as_str().is_some_and(|href| href.starts_with(&self.thumbnails))
    }

    /// Makes the address of a file of the item a path in its tree. That of a file at a revision stays.
    fn relative(&self, made: &mut Members) {
        let href = made.value("href");
        let path = href.as_ref().and_then(Value::as_str).and_then(|href| {
            href.strip_prefix(&self.files).filter(|path| !path.contains(['?', '#']))
        });
        if let Some(path) = path {
            made.set("href", &json!(format!("/{path}")));
            // The file says it, whatever it will be by then.
            made.take("file:size");
            made.take("file:checksum");
        }
    }
}
