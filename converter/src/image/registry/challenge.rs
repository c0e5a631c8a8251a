//! What a registry wants to see before it answers: its `WWW-Authenticate` headers (RFC 9110, section 11;
//! distribution specification, token authentication).

use http_auth::{ChallengeParser, ChallengeRef};
use reqwest::Url;
use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

/// What a registry accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// A token, to be had at the realm for this service.
    Bearer {
        realm: Url,
        service: Option<String>,
    },
    Basic,
}

/// The challenge to take up: a token where there is a choice, since a password then goes fewer ways.
/// `None` if there is none that this program knows.
pub(super) fn read(headers: &HeaderMap) -> Option<Challenge> {
    let mut basic = None;
    for value in headers.get_all(WWW_AUTHENTICATE) {
        let Ok(text) = value.to_str() else { continue };
        // A malformed one ends its header; those before it count.
        for challenge in ChallengeParser::new(text).map_while(Result::ok) {
            match known(&challenge) {
                Some(Challenge::Basic) => basic = Some(Challenge::Basic),
                Some(bearer) => return Some(bearer),
                None => {}
            }
        }
    }
    basic
}

fn known(challenge: &ChallengeRef<'_>) -> Option<Challenge> {
    if challenge.scheme.eq_ignore_ascii_case("basic") {
        return Some(Challenge::Basic);
    }
    let parameter = |name: &str| {
        let found = challenge.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_unescaped())
    };
    if !challenge.scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let realm = Url::parse(&parameter("realm")?).ok()?;
    Some(Challenge::Bearer { realm, service: parameter("service") })
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn challenge(texts: &[&'static str]) -> Option<Challenge> {
        let header = |text: &&'static str| (WWW_AUTHENTICATE, HeaderValue::from_static(text));
        let mut headers = HeaderMap::new();
        texts.iter().map(header).for_each(|(name, value)| {
            headers.append(name, value);
        });
        read(&headers)
    }

    #[test]
    fn a_token_is_preferred() {
        let bearer = Some(Challenge::Bearer {
            realm: "https://auth.example/t?x=1".parse().unwrap(),
            service: Some("a \"b\"".to_owned()),
        });
        let text = r#"bearer Realm="https://auth.example/t?x=1",service="a \"b\"",scope="x,y""#;
        assert_eq!(challenge(&[text]), bearer);
        assert_eq!(challenge(&["Basic realm=\"x\"", text]), bearer);
        assert_eq!(challenge(&["Basic realm=\"x\", Negotiate"]), Some(Challenge::Basic));
    }

    #[test]
    fn what_is_no_challenge_is_passed_over() {
        for text in
            ["", "Negotiate", "Bearer", "Bearer realm=\"nowhere\"", "=,=", "Bearer realm=\""]
        {
            assert_eq!(challenge(&[text]), None, "{text}");
        }
    }
}
