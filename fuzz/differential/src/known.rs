//! The differences that are known, each by a name. Why each is as it is says docs/cql2.md under the same name. A rule looks
//! at what was asked and of what, and where it can at what was answered, so that it hides no more than it must.

use flisthub_cql2::{Arithmetic, End, Expr};
use serde_json::{Map, Value};

type Item = Map<String, Value>;

/// What the other crate says of a predicate in text, and in JSON.
pub type Theirs = [Result<Option<bool>, String>; 2];

/// One predicate without AND, OR and NOT, and what both say of it.
struct Case<'a> {
    parts: Vec<&'a Expr>,
    item: &'a Item,
    ours: Option<bool>,
    theirs: &'a Theirs,
}

/// The name of the difference.
pub fn name(
    predicate: &Expr,
    item: &Item,
    ours: Option<bool>,
    theirs: &Theirs,
) -> Option<&'static str> {
    let mut parts = vec![predicate];
    let mut at = 0;
    while let Some(part) = parts.get(at).copied() {
        parts.extend(part.children());
        at += 1;
    }
    let case = Case { parts, item, ours, theirs };
    RULES.iter().find(|(_, holds)| holds(&case)).map(|(name, _)| *name)
}

type Rule = (&'static str, fn(&Case<'_>) -> bool);

const RULES: &[Rule] = &[
    ("empty array", |case| {
        let empty = |part: &Expr| matches!(part, Expr::Array(parts) if parts.is_empty());
        let [Err(text), Ok(json)] = case.theirs else { return false };
        case.any(empty) && text.starts_with("not read") && *json == case.ours
    }),
    ("list of expressions", |case| {
        let literal = |part: &Expr| matches!(part, Expr::Text(_) | Expr::Number(_));
        let list = |part: &Expr| matches!(part, Expr::In(_, list) if !list.iter().all(literal));
        case.any(list) && case.they_say_nothing()
    }),
    ("large integers", |case| {
        let large = |value: f64| value.abs() > 9e15;
        case.any(|part| match part {
            Expr::Number(number) => large(number.as_f64()),
            Expr::Property(name) => case.value(name).as_f64().is_some_and(large),
            _ => false,
        })
    }),
    ("no finite number", |case| {
        let may_be_none = |part: &Expr| {
            use Arithmetic::{Divide, IntegerDivide, Modulo, Power};
            matches!(part, Expr::Arithmetic(Divide | IntegerDivide | Modulo | Power, _))
        };
        case.any(may_be_none) && case.ours.is_none()
    }),
    ("kinds", |case| {
        let text = |part: &Expr| {
            let Expr::Property(name) = part else { return false };
            name == "n" && case.value(name).is_string()
        };
        case.any(text) && case.ours.is_none()
    }),
    ("intervals that end before they begin", |case| {
        case.any(|part| matches!(part, Expr::Interval(_))) && case.ours.is_none()
    }),
    ("case", |case| case.any(|part| matches!(part, Expr::CaseI(_))) && case.both_say_the_same()),
    ("accents", |case| {
        case.any(|part| matches!(part, Expr::AccentI(_))) && case.both_say_the_same()
    }),
    ("a bound that is null", |case| {
        let between = |part: &Expr| matches!(part, Expr::Between(_));
        case.any(between) && case.ours == Some(false) && case.they_say_nothing()
    }),
    ("boxes over the antimeridian", |case| {
        case.any(|part| matches!(part, Expr::BBox(bbox) if bbox.west > bbox.east))
    }),
    ("days", |case| {
        let (days, instants): (Vec<bool>, Vec<bool>) =
            case.parts.iter().map(|part| (case.is_day(part), case.is_instant(part))).unzip();
        let in_interval = |part: &Expr| {
            let Expr::Interval(ends) = part else { return false };
            [&ends.0, &ends.1].into_iter().any(|end| matches!(end, End::At(at) if case.is_day(at)))
        };
        days.contains(&true) && (instants.contains(&true) || case.any(in_interval))
    }),
];

impl Case<'_> {
    fn any(&self, holds: impl Fn(&Expr) -> bool) -> bool {
        self.parts.iter().any(|part| holds(part))
    }

    fn value(&self, property: &str) -> &Value {
        self.item.get(property).unwrap_or(&Value::Null)
    }

    fn they_say_nothing(&self) -> bool {
        self.theirs.iter().all(|found| *found == Ok(None))
    }

    fn both_say_the_same(&self) -> bool {
        self.theirs[0] == self.theirs[1]
    }

    fn is_day(&self, part: &Expr) -> bool {
        match part {
            Expr::Date(_) => true,
            Expr::Property(name) => name == "day" && self.value(name).is_string(),
            _ => false,
        }
    }

    fn is_instant(&self, part: &Expr) -> bool {
        match part {
            Expr::Timestamp(_) => true,
            Expr::Property(name) => name == "at" && self.value(name).is_string(),
            _ => false,
        }
    }
}
