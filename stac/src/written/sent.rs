//! What is sent of items: one, or several in a `FeatureCollection`, with where each stands in it for what is wrong.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::super::members::Members;
use super::own::strip;
use super::{Fault, Faults, MAX_BYTES, Target, bounded, check, fault, patch, placed, shape, touch};

/// The most items that are posted at once.
const MAX_ITEMS: usize = 200;

/// The most bytes of what is posted.
pub const MAX_POSTED: usize = 4 << 20;

/// An item that was sent. Its depth is bounded, and no number loses a digit.
#[derive(Debug, Clone)]
pub struct Sent {
    members: Members,
    pointer: String,
}

/// What was posted.
#[derive(Debug)]
pub struct Posted {
    /// The items.
    pub items: Vec<Sent>,
    /// Whether they came as a `FeatureCollection`, and not as the one item.
    pub is_collection: bool,
}

impl Posted {
    /// Reads JSON that was posted: an item, or a `FeatureCollection` of them.
    pub fn read(body: &str) -> Result<Self, Faults> {
        let sent = Sent::read(body)?;
        if sent.members.raw("type") != Some("\"FeatureCollection\"") {
            return Ok(Self { items: vec![sent.within_bounds(body)?], is_collection: false });
        }
        let features = sent.members.raw("features").unwrap_or("null");
        let listed: Features<'_> = serde_json::from_str(features).map_err(|_| {
            vec![fault("/features", format!("it is no list of 1 to {MAX_ITEMS} items"))]
        })?;
        let item = |(at, item): (usize, &&RawValue)| {
            let pointer = format!("/features/{at}");
            let no_object = || vec![fault(&pointer, "it is no JSON object")];
            let members = Members::read(item.get()).ok_or_else(no_object)?;
            Sent { members, pointer }.within_bounds(item.get())
        };
        let items: Result<_, Faults> = listed.0.iter().enumerate().map(item).collect();
        Ok(Self { items: items?, is_collection: true })
    }
}

/// Items as they are written: so many that all can be looked at, and no more are read.
struct Features<'a>(Vec<&'a RawValue>);

impl<'de> Deserialize<'de> for Features<'de> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct AsWritten;
        impl<'de> Visitor<'de> for AsWritten {
            type Value = Vec<&'de RawValue>;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("items")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut read = Vec::new();
                while let Some(item) = list.next_element()? {
                    if read.len() >= MAX_ITEMS {
                        return Err(A::Error::custom("too many"));
                    }
                    read.push(item);
                }
                if read.is_empty() { Err(A::Error::custom("none")) } else { Ok(read) }
            }
        }
        reader.deserialize_seq(AsWritten).map(Self)
    }
}

impl Sent {
    /// Reads JSON that was sent.
    pub fn read(body: &str) -> Result<Self, Faults> {
        // All that comes later relies on its depth.
        shape::check(body).map_err(|error| vec![fault("", format!("it is no item: {error}"))])?;
        let members = Members::read(body).ok_or_else(|| vec![fault("", "it is no JSON object")])?;
        Ok(Self { members, pointer: String::new() })
    }

    /// The same, unless it is longer than an item may be.
    fn within_bounds(self, json: &str) -> Result<Self, Faults> {
        if json.len() > MAX_BYTES {
            return Err(vec![self.wrong("", too_long())]);
        }
        Ok(self)
    }

    /// Where it stands in all that was sent, as a JSON pointer.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// The id that it says, as all that are posted must.
    pub fn id(&self) -> Result<String, Faults> {
        let what = match self.members.value("id") {
            Some(Value::String(id)) => return Ok(id),
            None | Some(Value::Null) => {
                "say `repository/name`, or a name alone, which is one of your own repository"
            }
            Some(_) => "it is no text",
        };
        Err(vec![self.wrong("/id", what)])
    }

    /// What is wrong with a member of it, told with where it stands in all that was sent.
    pub fn wrong(&self, pointer: &str, what: impl Into<String>) -> Fault {
        fault(&format!("{}{pointer}", self.pointer), what)
    }

    /// The item with this one laid over it, member by member (RFC 7396, JSON Merge Patch). `current`: as it is answered.
    #[must_use]
    pub fn over(&self, current: &str, target: Target<'_>) -> Self {
        let mut under = Members::read(current).unwrap_or_default();
        // What the hub made is made anew of what comes out.
        strip(&mut under, target);
        // That of the old geometry says nothing of a new one.
        if self.members.has("geometry") {
            under.take("bbox");
        }
        Self { members: patch::merged(under, &self.members), pointer: self.pointer.clone() }
    }

    /// The document to be kept, for an item that is written at `now`, in seconds since the Unix epoch. `current`: the item
    /// that is there, as it is answered; where the new one says the same time of its last change, or none, that is now.
    pub fn document(
        self,
        target: Target<'_>,
        current: Option<&str>,
        now: u64,
    ) -> Result<String, Faults> {
        let Self { members, pointer } = self;
        document(members, target, current, now).map_err(|mut faults| {
            for fault in &mut faults {
                fault.pointer.insert_str(0, &pointer);
            }
            faults
        })
    }
}

fn too_long() -> String {
    format!("it has more than {} KiB", MAX_BYTES >> 10)
}

/// The same, told as of an item alone.
fn document(
    mut item: Members,
    target: Target<'_>,
    current: Option<&str>,
    now: u64,
) -> Result<String, Faults> {
    placed(&item, target)?;
    if item.raw("links").is_none_or(|raw| raw == "null") {
        item.set("links", &json!([]));
    }
    // As they were sent, so that pointers to them are right.
    let links = item.raw("links").unwrap_or_default().to_owned();
    strip(&mut item, target);
    if let Some(current) = current {
        touch(&mut item, current, now);
    }
    bounded(&mut item)?;
    let written = item.object("");
    if written.len() > MAX_BYTES {
        return Err(vec![fault("", too_long())]);
    }
    check(&item, links, target)?;
    Ok(written)
}
