//! Assets that end up with one key: the first of them is taken, and the publisher is told which were left out, and
//! where an asset of the publisher's has the place of one of the hub's. Which is first is for `assets` to say.

use indexmap::IndexMap;

use super::hrefs::Target;
use super::warnings::Warnings;

/// The keys of the assets that are the whole flist.
pub(super) const WHOLE: [&str; 2] = ["flist", "archive"];

/// The most characters that are told of a key or a path: a warning has room for few.
const MAX_SHOWN: usize = 60;

/// Which assets have which keys.
#[derive(Debug, Default)]
pub(super) struct Keys(IndexMap<String, Holder>);

/// The asset that has a key.
#[derive(Debug)]
struct Holder {
    target: Target,
    /// What it is declared by, if that is the publisher.
    declared: Option<String>,
    left_out: Option<LeftOut>,
}

/// What was left out for it.
#[derive(Debug)]
struct LeftOut {
    /// What the first of them is declared by.
    about: String,
    first: Target,
    /// How many assets came after that.
    more: u32,
}

impl Keys {
    /// An asset has taken a key.
    pub(super) fn take(&mut self, key: &str, target: &Target, declared: Option<&str>) {
        let declared = declared.map(str::to_owned);
        let holder = Holder { target: target.clone(), declared, left_out: None };
        self.0.insert(key.to_owned(), holder);
    }

    /// Another asset would have the key. That rules mean one file twice is how publishers write them.
    pub(super) fn leave_out(&mut self, key: &str, target: &Target, about: &str) {
        let Some(holder) = self.0.get_mut(key).filter(|holder| holder.target != *target) else {
            return;
        };
        match &mut holder.left_out {
            Some(left_out) => left_out.more = left_out.more.saturating_add(1),
            none => {
                let (about, first) = (about.to_owned(), target.clone());
                *none = Some(LeftOut { about, first, more: 0 });
            }
        }
    }

    /// Tells of each key once, however many files there are for it.
    pub(super) fn tell(&self, warnings: &mut Warnings) {
        for (key, holder) in &self.0 {
            let (key_shown, taken) = (short(key), shown(&holder.target));
            if let Some(LeftOut { about, first, more }) = &holder.left_out {
                let others = match more {
                    0 => " is".to_owned(),
                    more => format!(" and {more} more are"),
                };
                let what = format!(
                    "`{key_shown}` is the key of several assets, of which the first is taken; give each a `key` of \
                     its own, as with `{{path}}` in it: {taken} is taken, {}{others} left out",
                    shown(first)
                );
                warnings.add(about, &what);
            }
            if let Some(about) = holder.declared.as_ref().filter(|_| WHOLE.contains(&key.as_str()))
            {
                let what = format!(
                    "`{key}` is the key of the hub's own asset for the whole flist, which is left out; give {taken} \
                     another `key` to have both"
                );
                warnings.add(about, &what);
            }
        }
    }
}

fn shown(target: &Target) -> String {
    match target {
        Target::Elsewhere(address) => short(address),
        Target::File(path) => short(&path.to_string()),
        Target::Item(collection, item) => short(&format!("{collection} {item}")),
    }
}

fn short(text: &str) -> String {
    let mut kept: String = text.chars().take(MAX_SHOWN).collect();
    if kept.len() < text.len() {
        kept.push('…');
    }
    kept
}
