//! `Accept-Encoding` and `Accept` (RFC 9110, 12.5): whether a body may come as zstd, and which of two types it is to have.

use axum::http::header::{ACCEPT, ACCEPT_ENCODING};
use axum::http::{HeaderMap, HeaderName};

/// Whether the caller takes zstd, and would not rather have the bytes as they are.
pub(super) fn takes_zstd(headers: &HeaderMap) -> bool {
    let mut named = Weights::default();
    for (name, weight) in listed(headers, ACCEPT_ENCODING) {
        match name.as_str() {
            "zstd" => named.zstd = Some(weight),
            "identity" => named.identity = Some(weight),
            "*" => named.any = Some(weight),
            _ => {}
        }
    }
    let zstd = named.zstd.or(named.any).unwrap_or(0);
    // Unless it is named, the plain form is what anybody takes, and nobody's first choice.
    zstd > 0 && zstd >= named.identity.unwrap_or(0)
}

/// Whether the caller asks for a type by its name, and would not rather have one of the usual ones.
pub(super) fn asks_for(headers: &HeaderMap, wanted: &str, usual: &[&str]) -> bool {
    let (mut asked, mut best, mut any) = (0, None, 0);
    for (name, weight) in listed(headers, ACCEPT) {
        if name == wanted {
            asked = asked.max(weight);
        } else if usual.contains(&name.as_str()) {
            best = best.max(Some(weight));
        } else if name == "*/*" || name == "application/*" {
            any = any.max(weight);
        }
    }
    // Where both are as welcome by their names, it is the usual one; who names only this one means it.
    asked > 0 && best.map_or(asked >= any, |best| asked > best)
}

/// The names of a list, in lower case, each with its weight in thousandths.
fn listed(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = (String, u32)> {
    let lines = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).filter_map(|one| {
        let mut parts = one.split(';').map(str::trim);
        let name = parts.next().filter(|name| !name.is_empty())?;
        Some((name.to_ascii_lowercase(), weight(parts)))
    })
}

/// Thousandths, of what is named.
#[derive(Default)]
struct Weights {
    zstd: Option<u32>,
    identity: Option<u32>,
    any: Option<u32>,
}

/// The weight among a coding's parameters, in thousandths; one that is malformed is none at all.
fn weight<'a>(parameters: impl Iterator<Item = &'a str>) -> u32 {
    for parameter in parameters {
        let Some((name, value)) = parameter.split_once('=') else { continue };
        if name.trim().eq_ignore_ascii_case("q") {
            return thousandths(value.trim()).unwrap_or(0);
        }
    }
    1_000
}

fn thousandths(value: &str) -> Option<u32> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|digit| digit.is_ascii_digit());
    let fraction: u32 = if digits { format!("{fraction:0<3}").parse().ok()? } else { return None };
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_asked_for_by_its_name() {
        for (lines, asked) in [
            (vec![], false),
            (vec!["*/*"], false),
            (vec!["a/table"], true),
            (vec!["A/Table;q=0.001"], true),
            (vec!["a/table;q=0"], false),
            (vec!["a/table", "*/*"], true),
            (vec!["a/table;q=0.5, */*"], false),
            (vec!["a/table;q=0.5, */*;q=0.5"], true),
            (vec!["a/json, a/table"], false),
            (vec!["a/json;q=0.9, a/table"], true),
            (vec!["a/json;q=0, a/table, */*;q=0.1"], true),
            (vec!["a/table;version=1;q=0.2, a/geojson;q=0.3"], false),
            (vec!["text/html, image/png"], false),
            (vec!["a/tables"], false),
            (vec!["a/table;q=x"], false),
        ] {
            let mut headers = HeaderMap::new();
            for line in &lines {
                headers.append(ACCEPT, line.parse().unwrap());
            }
            let found = asks_for(&headers, "a/table", &["a/json", "a/geojson"]);
            assert_eq!(found, asked, "{lines:?}");
        }
    }

    #[test]
    fn zstd_is_taken_by_who_asks_for_it() {
        for (lines, taken) in [
            (vec![], false),
            (vec![""], false),
            (vec!["gzip, deflate, br"], false),
            (vec!["gzip, deflate, br, zstd"], true),
            (vec!["gzip", "ZSTD"], true),
            (vec!["zstd;q=0"], false),
            (vec!["zstd;q=0.000"], false),
            (vec!["zstd ; Q=0.001"], true),
            (vec!["zstd;q=0.5, identity"], false),
            (vec!["zstd;q=0.5, identity;q=0.5"], true),
            (vec!["zstd;q=0.5, identity;q=0.4"], true),
            (vec!["identity;q=0, *;q=0.1"], true),
            (vec!["*"], true),
            (vec!["*;q=0"], false),
            (vec!["zstd, *;q=0"], true),
            (vec!["zstd;q=0, *"], false),
            (vec!["zstd;q=2"], false),
            (vec!["zstd;q=0.0001"], false),
            (vec!["zstd;q=-1"], false),
            (vec!["zstd;level=3"], true),
            (vec![",,zstd,"], true),
            (vec!["xzstd"], false),
        ] {
            let mut headers = HeaderMap::new();
            for line in &lines {
                headers.append(ACCEPT_ENCODING, line.parse().unwrap());
            }
            assert_eq!(takes_zstd(&headers), taken, "{lines:?}");
        }
    }
}
