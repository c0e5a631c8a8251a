//! The links of an item that do not follow from where it is: what the metadata lists, what it was made from, its
//! preview, its license, and the works it cites.

use flisthub_flist::LoadError;
use serde_json::{Map, Value, json};

use super::hrefs::{self, References, Target};
use super::item_json::OWN_LINKS;
use super::kinds;
use super::members::{Members, quoted};
use super::preview::Preview;
use super::said::Said;
use super::warnings::Warnings;

/// The most links of each kind.
const MAX_LINKS: usize = 200;

/// What links are made with.
pub(super) struct Links<'a> {
    /// The tree and the categories.
    pub(super) references: References<'a>,
    /// What was wrong.
    pub(super) warnings: &'a mut Warnings,
}

impl Links<'_> {
    /// All of them, each as JSON.
    pub(super) fn all(
        &mut self,
        said: &Said,
        preview: Option<&Preview>,
    ) -> Result<Vec<String>, LoadError> {
        let mut all = Vec::new();
        self.listed(said, &mut all)?;
        if said.given.links.len() > MAX_LINKS {
            self.warnings
                .add(said.given.path, &format!("only its first {MAX_LINKS} links are taken"));
        }
        let folder = said.given.folders.first().copied().unwrap_or_default();
        for (at, link) in said.given.links.iter().take(MAX_LINKS) {
            let about = format!("{}: links[{at}]", said.given.path);
            all.extend(self.resolved(link.clone(), folder, &about, true)?);
        }
        self.related(said, &mut all);
        if let Some(preview) = preview {
            let kind = preview.kind.map(|kind| json!(kind));
            all.push(link(
                "preview",
                &hrefs::href(&preview.target),
                kind.map(|kind| ("type", kind)),
            ));
        }
        self.license(said, &mut all);
        for cited in &said.readme.cited {
            let address = hrefs::href(&Target::Elsewhere(format!("https://doi.org/{}", cited.doi)));
            all.push(link("cite-as", &address, None));
        }
        Ok(all)
    }

    /// Those of the key `links`.
    fn listed(&mut self, said: &Said, all: &mut Vec<String>) -> Result<(), LoadError> {
        let Some(asked) = said.key("links") else { return Ok(()) };
        let Some(asked) = asked.as_array() else {
            self.warnings.add("links", "it is no list");
            return Ok(());
        };
        if asked.len() > MAX_LINKS {
            self.warnings.add("links", &format!("only the first {MAX_LINKS} are taken"));
        }
        for (at, asked) in asked.iter().take(MAX_LINKS).enumerate() {
            let about = format!("links[{at}]");
            let Some(object) = asked.as_object() else {
                self.warnings.add(&about, "it is no object");
                continue;
            };
            let mut made = Members::default();
            made.set("rel", &json!("related"));
            let said = object.iter().filter(|(_, value)| !value.is_null());
            said.for_each(|(key, value)| made.set(key, value));
            if object.get("rel").and_then(Value::as_str).is_some_and(|rel| OWN_LINKS.contains(&rel))
            {
                self.warnings.add(&about, "links of that `rel` are made by the hub");
                continue;
            }
            all.extend(self.resolved(made, "", &about, false)?);
        }
        Ok(())
    }

    /// A link with the address that is meant. One that leads nowhere stays as it was written where it is `kept`, as that
    /// of a publisher's own item is.
    fn resolved(
        &mut self,
        mut made: Members,
        folder: &str,
        about: &str,
        kept: bool,
    ) -> Result<Option<String>, LoadError> {
        let (href, rel) = (text_of(&made, "href"), text_of(&made, "rel"));
        let (Some(href), Some(_)) = (&href, rel) else {
            let missing = if href.is_none() { "href" } else { "rel" };
            self.warnings.add(about, &format!("it has no text `{missing}`"));
            return Ok(None);
        };
        kinds::of_link(&mut made, about, self.warnings);
        let found = self.references.find(href, &[folder])?;
        match self.warnings.hear(about, found) {
            Some((target, _)) => made.made("href", quoted(&hrefs::href(&target))),
            None if kept && hrefs::is_passed_on(href) => {}
            None => return Ok(None),
        }
        Ok(Some(made.object("")))
    }

    /// What it was made from: `related`, by category.
    fn related(&mut self, said: &Said, all: &mut Vec<String>) {
        let Some(asked) = said.key("related") else { return };
        let Some(asked) = asked.as_object() else {
            self.warnings.add("related", "it is no object: write `category: repository/name`");
            return;
        };
        let mut made = 0_usize;
        for (category, addresses) in asked.iter().take(MAX_LINKS) {
            let about = format!("related.{category}");
            if self.references.settings.category(category).is_none() {
                self.warnings.add(&about, "there is no such category");
                continue;
            }
            let addresses =
                addresses.as_array().map_or(std::slice::from_ref(addresses), Vec::as_slice);
            for address in addresses {
                made = made.saturating_add(1);
                if made > MAX_LINKS {
                    self.warnings.add("related", &format!("only the first {MAX_LINKS} are taken"));
                    return;
                }
                let item = address.as_str().ok_or_else(|| "it is no text".to_owned());
                let Some(item) = self.warnings.hear(&about, item.and_then(hrefs::item_of)) else {
                    continue;
                };
                let title = json!(format!("{category}: {item}"));
                let href = hrefs::href(&Target::Item(category.clone(), item));
                let more = [("type", json!("application/geo+json")), ("title", title)];
                all.push(link("derived_from", &href, more));
            }
        }
    }

    /// The text of the license, where it is known.
    fn license(&mut self, said: &Said, all: &mut Vec<String>) {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let is_given =
            said.given.links.iter().any(|(_, link)| link.raw("rel") == Some("\"license\""));
        let license = said.key("license").and_then(text);
        let license =
            license.or_else(|| said.given.properties.value("license").as_ref().and_then(text));
        if let Some(address) = said.key("license-url").and_then(text) {
            if hrefs::is_passed_on(&address) {
                all.push(link("license", &hrefs::href(&Target::Elsewhere(address)), None));
            } else {
                self.warnings.add("license-url", "addresses of that kind are not passed on");
            }
            return;
        }
        let spdx = license.filter(|id| {
            let plain = |char: char| char.is_ascii_alphanumeric() || ".-+".contains(char);
            let vague = ["other", "proprietary", "various"].contains(&id.as_str());
            !id.is_empty() && id.chars().all(plain) && !vague && !is_given
        });
        if let Some(spdx) = spdx {
            let address = format!("https://spdx.org/licenses/{spdx}.html");
            all.push(link("license", &hrefs::href(&Target::Elsewhere(address)), None));
        }
    }
}

/// A member that is text, and not blank.
fn text_of(made: &Members, key: &str) -> Option<String> {
    let value = made.value(key)?;
    value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

/// Whether the item's own links lead to a preview.
pub(super) fn has_preview(said: &Said) -> bool {
    said.given.links.iter().any(|(_, link)| link.raw("rel") == Some("\"preview\""))
}

/// The link to the thumbnail that the hub makes.
pub(super) fn to_thumbnail(address: &str) -> String {
    link("preview", address, [("type", json!("image/png"))])
}

/// A link as JSON. The address is the inside of a JSON string.
fn link(rel: &str, href: &str, more: impl IntoIterator<Item = (&'static str, Value)>) -> String {
    let mut made = Members::default();
    made.set("rel", &json!(rel));
    made.made("href", quoted(href));
    let more: Map<String, Value> =
        more.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    more.iter().for_each(|(key, value)| made.set(key, value));
    made.object("")
}
