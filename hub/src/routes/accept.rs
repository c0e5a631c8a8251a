//! `Accept-Encoding` (RFC 9110, 12.5.3): whether a body may come as zstd.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_ENCODING;

/// Whether the caller takes zstd, and would not rather have the bytes as they are.
pub(super) fn takes_zstd(headers: &HeaderMap) -> bool {
    let mut named = Weights::default();
    let listed = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    for coding in listed.flat_map(|value| value.split(',')) {
        let mut parts = coding.split(';').map(str::trim);
        let Some(name) = parts.next().filter(|name| !name.is_empty()) else { continue };
        let weight = weight(parts);
        match name.to_ascii_lowercase().as_str() {
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
