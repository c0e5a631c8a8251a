//! What a column holds, found out value by value: a type that keeps every value of it, and JSON text where there is none.

use indexmap::IndexMap;

use super::bounds::{DEEPEST, MOST_MEMBERS};
use super::json::{Members, Raw, View, view};
use super::kind::Kind;
use super::moment::microseconds;
use super::number::Numbers;
use super::wkb;

impl Kind {
    /// Takes another value into account.
    pub(crate) fn learn(&mut self, raw: Raw<'_>) {
        self.learn_at(raw, 0);
    }

    fn learn_at(&mut self, raw: Raw<'_>, depth: usize) {
        if *self == Self::Json {
            return;
        }
        if *self == Self::Shape {
            self.learn_shape(raw);
            return;
        }
        let fits = match view(raw) {
            View::Null => true,
            View::Truth => self.is_or_becomes(Self::Truth),
            View::Number(text) => self.learn_number(text),
            View::Text(text) => self.learn_text(&text),
            View::List(values) => depth < DEEPEST && self.learn_list(&values, depth),
            View::Object(members) => depth < DEEPEST && self.learn_object(&members, depth),
            View::Odd => false,
        };
        if !fits {
            *self = Self::Json;
        }
    }

    /// Whether it holds what that kind holds; what was unknown does from now on.
    fn is_or_becomes(&mut self, kind: Self) -> bool {
        if *self == Self::Unknown {
            *self = kind;
            return true;
        }
        *self == kind
    }

    fn learn_number(&mut self, text: &str) -> bool {
        let Some(one) = Numbers::of(text) else { return false };
        match self {
            Self::Unknown => *self = Self::Number(one),
            Self::Number(known) => *known = known.and(one),
            _ => return false,
        }
        true
    }

    fn learn_text(&mut self, text: &str) -> bool {
        if *self == Self::Moment {
            if microseconds(text).is_none() {
                *self = Self::Text;
            }
            return true;
        }
        self.is_or_becomes(Self::Text)
    }

    fn learn_list(&mut self, values: &[Raw<'_>], depth: usize) -> bool {
        if *self == Self::Unknown {
            *self = Self::Unknown.list();
        }
        let Self::List(element) = self else { return false };
        for value in values {
            element.learn_at(value, depth.saturating_add(1));
        }
        true
    }

    fn learn_object(&mut self, members: &Members<'_>, depth: usize) -> bool {
        if *self == Self::Unknown {
            *self = Self::Object(IndexMap::new());
        }
        let Self::Object(known) = self else { return false };
        for (name, value) in members {
            if let Some(kind) = known.get_mut(name) {
                kind.learn_at(value, depth.saturating_add(1));
                continue;
            }
            // A column has a name.
            if name.is_empty() || known.len() >= MOST_MEMBERS {
                return false;
            }
            let mut kind = Self::Unknown;
            kind.learn_at(value, depth.saturating_add(1));
            known.insert(name.clone(), kind);
        }
        true
    }

    fn learn_shape(&mut self, raw: Raw<'_>) {
        if raw.get() != "null" && !wkb::read(raw).is_some_and(|shape| shape.whole) {
            *self = Self::Json;
        }
    }
}
