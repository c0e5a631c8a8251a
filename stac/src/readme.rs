//! What the text of a README says: the description, in which images that are files of the flist have their addresses;
//! which image is the preview; and works that are cited by a DOI.

use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Parser, Tag, TagEnd};

use super::hrefs::{self, Target};
use super::markers::own_string;

/// The most bytes of a README that become a description.
pub(super) const MAX_DESCRIPTION: usize = 64 << 10;

/// The most works that are cited.
const MAX_CITED: usize = 100;

/// What a README says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Readme {
    /// The description: the inside of a JSON string.
    pub(super) description: String,
    /// The same as it was written.
    pub(super) written: String,
    /// The image that is called `preview`.
    pub(super) preview: Option<String>,
    /// Cited works, in their order.
    pub(super) cited: Vec<Cited>,
    /// Whether it is longer than is taken.
    pub(super) cut: bool,
}

/// A cited work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cited {
    /// Its DOI, `10.x/…`.
    pub(super) doi: String,
    /// What the link to it is called, without `DOI:`.
    pub(super) citation: Option<String>,
}

/// Reads a README's text.
pub(super) fn read(body: &str) -> Readme {
    let body = body.replace("\r\n", "\n");
    let text = body.trim();
    let mut most = MAX_DESCRIPTION.min(text.len());
    while !text.is_char_boundary(most) {
        most = most.saturating_sub(1);
    }
    let (text, rest) = text.split_at_checked(most).unwrap_or((text, ""));
    let mut found = Found::default();
    for (event, range) in Parser::new(text).into_offset_iter() {
        found.see(text, event, range);
    }
    Readme {
        description: with_addresses(text, &found.files),
        written: text.to_owned(),
        preview: found.preview,
        cited: found.cited,
        cut: !rest.is_empty(),
    }
}

/// What was found on the way through a README.
#[derive(Default)]
struct Found {
    /// Where addresses of files stand, in their order.
    files: Vec<(Range<usize>, Target)>,
    preview: Option<String>,
    cited: Vec<Cited>,
    /// Of the image that is being read, its address and its text.
    image: Option<(String, String)>,
    /// Of the link that is being read, its DOI and its text.
    link: Option<(String, String)>,
}

impl Found {
    fn see(&mut self, text: &str, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(Tag::Image { link_type, dest_url, .. }) => {
                if link_type == LinkType::Inline
                    && let Some(at) = address_in(text, &range, &dest_url)
                {
                    self.file(at, &dest_url);
                }
                self.image = Some((dest_url.into_string(), String::new()));
            }
            Event::End(TagEnd::Image) => {
                let image = self.image.take();
                let preview = image.filter(|(_, alt)| alt.trim().eq_ignore_ascii_case("preview"));
                self.preview = preview.map(|(address, _)| address).or(self.preview.take());
            }
            Event::Start(Tag::Link { dest_url, .. }) => {
                self.link = doi(&dest_url).map(|doi| (doi, String::new()));
            }
            Event::End(TagEnd::Link) => self.cite(),
            Event::Text(part) | Event::Code(part) => {
                let link = self.link.as_mut().map(|(_, text)| text);
                if let Some(text) = self.image.as_mut().map(|(_, alt)| alt).or(link) {
                    text.push_str(&part);
                }
            }
            Event::Html(_) | Event::InlineHtml(_) => {
                let from = range.start;
                for at in sources(text.get(range).unwrap_or_default()) {
                    let at = from.saturating_add(at.start)..from.saturating_add(at.end);
                    self.file(at.clone(), text.get(at).unwrap_or_default());
                }
            }
            _ => {}
        }
    }

    fn file(&mut self, at: Range<usize>, address: &str) {
        // Addresses in Markdown and HTML are encoded: that reading of one is the last.
        let target = hrefs::read(address, "", |_| false).ok().and_then(|mut may| may.pop());
        if let Some(target @ Target::File(_)) = target {
            self.files.push((at, target));
        }
    }

    fn cite(&mut self) {
        let Some((doi, text)) = self.link.take() else { return };
        let text = text.replace("DOI:", "");
        let citation = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let known = self.cited.iter().any(|cited| cited.doi == doi);
        if !known && self.cited.len() < MAX_CITED {
            self.cited.push(Cited { doi, citation });
        }
    }
}

/// The DOI that an address of doi.org is of.
pub(super) fn doi(address: &str) -> Option<String> {
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
    let rest = rest.strip_prefix("dx.").unwrap_or(rest).strip_prefix("doi.org/")?;
    let doi = rest.split(['?', '#']).next().unwrap_or_default();
    (doi.starts_with("10.") && doi.contains('/')).then(|| doi.to_owned())
}

/// Where the address of an image stands. `None` where it is written with escapes.
fn address_in(text: &str, image: &Range<usize>, address: &str) -> Option<Range<usize>> {
    let written = text.get(image.clone())?;
    let after = written.rfind("](")?.saturating_add(2);
    let rest = written.get(after..)?;
    let inner = rest.trim_start();
    let inner = inner.strip_prefix('<').unwrap_or(inner);
    let skipped = rest.len().saturating_sub(inner.len());
    let start = image.start.saturating_add(after).saturating_add(skipped);
    inner.starts_with(address).then(|| start..start.saturating_add(address.len()))
}

/// Where the values of `src="…"` stand in HTML.
fn sources(html: &str) -> Vec<Range<usize>> {
    let lower = html.to_ascii_lowercase();
    let value = |(at, found): (usize, &str)| {
        let start = at.saturating_add(found.len());
        let length = html.get(start..)?.find('"')?;
        Some(start..start.saturating_add(length))
    };
    lower.match_indices("src=\"").filter_map(value).collect()
}

/// The inside of a JSON string: the text, with addresses in the place of paths, and at most one empty line at a time.
fn with_addresses(text: &str, files: &[(Range<usize>, Target)]) -> String {
    let mut made = String::with_capacity(text.len());
    let mut at = 0_usize;
    for (range, target) in files {
        let Some(before) = text.get(at..range.start) else { continue };
        made.push_str(&own_string(&squeezed(before)));
        made.push_str(&hrefs::href(target));
        at = range.end;
    }
    made.push_str(&own_string(&squeezed(text.get(at..).unwrap_or_default())));
    made
}

fn squeezed(text: &str) -> String {
    let mut lines = 0_usize;
    let keep = |char: &char| {
        lines = if *char == '\n' { lines.saturating_add(1) } else { 0 };
        lines <= 2
    };
    text.chars().filter(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const README: &str = "\n# Flood\n\n\n\n![Preview](img/flood 1.png)\n![x](<img/a b.png> \"t\")\n\
        <img src=\"img/c.png\"> ![y](https://x.example/y.png) `![z](no.png)`\n\n\
        [DOI: A paper](https://doi.org/10.1234/abcd.5) [![DOI](badge.svg)](https://doi.org/10.5/x)\n\
        ![e](img/a%201.png) [again](https://doi.org/10.1234/abcd.5) ![PREVIEW](last.png)\n\n```\n![in](code.png)\n```\n";

    #[test]
    fn images_of_the_flist_get_their_addresses() {
        let found = read(README).description;
        for has in [
            "# Flood\\n\\n![Preview]",
            "![x](<flisthub:./img/a%20b.png",
            "src=\\\"flisthub:./img/c.pngflisthub:.?\\\">",
            "![y](https://x.example/y.png)",
            "`![z](no.png)`",
            "[![DOI](flisthub:./badge.svgflisthub:.?)]",
            "![in](code.png)",
            "![e](flisthub:./img/a%201.png",
        ] {
            assert!(found.contains(has), "{has} in {found}");
        }
    }

    #[test]
    fn the_last_preview_and_the_cited_works_are_found() {
        let found = read(README);
        assert_eq!(found.preview.as_deref(), Some("last.png"));
        let cited = |doi: &str, citation: Option<&str>| Cited {
            doi: doi.to_owned(),
            citation: citation.map(str::to_owned),
        };
        assert_eq!(found.cited, [cited("10.1234/abcd.5", Some("A paper")), cited("10.5/x", None)]);
    }

    #[test]
    fn dois_by_their_address() {
        assert_eq!(doi("http://dx.doi.org/10.1/a?b"), Some("10.1/a".to_owned()));
        for other in [
            "https://doi.org/",
            "https://doi.org/11.1/a",
            "https://x.example/doi.org/10.1/a",
            "10.1/a",
        ] {
            assert_eq!(doi(other), None, "{other}");
        }
    }

    #[test]
    fn a_long_readme_is_cut_between_letters() {
        let found = read(&"ä\n".repeat(MAX_DESCRIPTION));
        assert!(found.cut && found.written.len() <= MAX_DESCRIPTION);
        assert!(!read("short").cut);
        let bad = read(&("[".repeat(50_000) + "flisthub:/" + &"![](".repeat(10_000)));
        assert!(!bad.description.contains("flisthub:/"));
    }
}
