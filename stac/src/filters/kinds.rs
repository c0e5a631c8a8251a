//! A filter that asks of a known property what its kind cannot answer is refused.

use flisthub_cql2::Expr;

use super::bare;
use super::known::{Kind, QUERYABLES, Queryable};

/// Refuses an expression where what is known of a property does not fit what it is asked.
pub(super) fn check(root: &Expr) -> Result<(), String> {
    let mut open = vec![root];
    while let Some(expression) = open.pop() {
        fits(expression)?;
        open.extend(expression.children());
    }
    Ok(())
}

/// Refuses a text that is no time where it is compared with a property that is known to be one.
pub(super) fn check_times(root: &Expr) -> Result<(), String> {
    let mut open = vec![root];
    while let Some(expression) = open.pop() {
        match expression {
            Expr::Compare(_, pair) => are_times(&pair.0, &pair.1)?,
            Expr::Between(three) => {
                are_times(&three.0, &three.1)?;
                are_times(&three.0, &three.2)?;
            }
            Expr::In(of, list) => list.iter().try_for_each(|one| are_times(of, one))?,
            _ => {}
        }
        open.extend(expression.children());
    }
    Ok(())
}

fn are_times(one: &Expr, other: &Expr) -> Result<(), String> {
    for (time, text) in [(one, other), (other, one)] {
        if let (Some(known), Expr::Text(text)) = (property(time), text)
            && known.kind == Kind::Time
            && !super::casts::says_time(text)
        {
            let text: String = text.chars().take(40).collect();
            return Err(format!("{} is a time, and '{text}' is none", known.name));
        }
    }
    Ok(())
}

fn fits(expression: &Expr) -> Result<(), String> {
    match expression {
        Expr::Compare(_, pair) => compares(&pair.0, &pair.1),
        Expr::Between(three) => {
            compares(&three.0, &three.1).and_then(|()| compares(&three.0, &three.2))
        }
        Expr::In(of, list) => list.iter().try_for_each(|one| compares(of, one)),
        Expr::Like(pair) => [&pair.0, &pair.1].into_iter().try_for_each(|one| {
            stands(one, &[Kind::Text, Kind::Time], "a pattern is compared to texts")
        }),
        Expr::CaseI(of) | Expr::AccentI(of) => {
            stands(of, &[Kind::Text, Kind::Time], "it takes a text")
        }
        Expr::Spatial(_, pair) => [&pair.0, &pair.1]
            .into_iter()
            .try_for_each(|one| stands(one, &[Kind::Place], "a spatial function takes geometries")),
        Expr::Temporal(_, pair) => [&pair.0, &pair.1]
            .into_iter()
            .try_for_each(|one| stands(one, &[Kind::Time], "a temporal function takes times")),
        Expr::Arrays(_, pair) => [&pair.0, &pair.1]
            .into_iter()
            .try_for_each(|one| stands(one, &[Kind::Texts], "an array function takes lists")),
        Expr::Arithmetic(_, pair) => [&pair.0, &pair.1].into_iter().try_for_each(|one| {
            stands(one, &[Kind::Number, Kind::Integer], "arithmetic takes numbers")
        }),
        _ => Ok(()),
    }
}

/// What is known of a property. What an item has beside its properties has no other name.
fn of_name(name: &str) -> Option<&'static Queryable> {
    let short = bare(name);
    let is_beside = matches!(short, "id" | "collection" | "geometry") && short != name;
    QUERYABLES.iter().find(|one| one.name == short && !is_beside)
}

/// What an item has beside what is listed: its name, in other forms.
const NAMES: [&str; 3] = ["sharinghub:path", "sharinghub:id", "sharinghub:name"];

/// Whether anything is known of a property.
pub(super) fn is_known(name: &str) -> bool {
    of_name(name).is_some() || NAMES.contains(&bare(name))
}

/// Whether a property is known to be a time.
pub(super) fn is_time(name: &str) -> bool {
    of_name(name).is_some_and(|known| known.kind == Kind::Time)
}

/// The property that an expression is, if it is a known one.
fn property(expression: &Expr) -> Option<&'static Queryable> {
    let Expr::Property(name) = expression else { return None };
    of_name(name)
}

/// Refuses a property that cannot stand where it does.
fn stands(expression: &Expr, kinds: &[Kind], why: &str) -> Result<(), String> {
    match property(expression) {
        Some(known) if !kinds.contains(&known.kind) => {
            Err(format!("{} is {}, and {why}", known.name, known.kind))
        }
        _ => Ok(()),
    }
}

/// Refuses to compare what can never compare.
fn compares(one: &Expr, other: &Expr) -> Result<(), String> {
    let (Some(left), Some(right)) = (kind(one), kind(other)) else { return Ok(()) };
    let is_number = |kind: Kind| matches!(kind, Kind::Number | Kind::Integer);
    let is_text = |kind: Kind| matches!(kind, Kind::Text | Kind::Time);
    let is_scalar = !matches!(left, Kind::Place | Kind::Texts);
    let same =
        left == right || (is_number(left) && is_number(right)) || (is_text(left) && is_text(right));
    if same && is_scalar {
        return Ok(());
    }
    let name = property(one).or_else(|| property(other)).map_or("it", |known| known.name);
    let (is, against) = if property(one).is_some() { (left, right) } else { (right, left) };
    Err(format!("{name} is {is}, and does not compare to {against}"))
}

/// Of which kind an expression is, as far as that is known.
fn kind(expression: &Expr) -> Option<Kind> {
    match expression {
        Expr::Text(_) | Expr::CaseI(_) | Expr::AccentI(_) => Some(Kind::Text),
        Expr::Number(_) | Expr::Arithmetic(..) => Some(Kind::Number),
        Expr::Boolean(_) => Some(Kind::Boolean),
        Expr::Date(_) | Expr::Timestamp(_) => Some(Kind::Time),
        Expr::Property(_) => property(expression).map(|known| known.kind),
        _ => None,
    }
}
