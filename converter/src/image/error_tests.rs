//! Tests of the words for errors, and of how long messages may get.

use super::*;

fn text() -> String {
    "x".to_owned()
}

fn archive(source: ConvertError) -> ImageError {
    ImageError::Archive { place: text(), source: source.into() }
}

fn layer(source: ConvertError) -> ImageError {
    ImageError::Layer { number: 1, diff_id: Digest::of(b""), source: source.into() }
}

fn broken() -> io::Error {
    io::Error::other("broken")
}

/// One of each variant and of each of its codes.
fn all() -> Vec<ImageError> {
    let (reference, place, host, reason, answer) = (text(), text(), text(), text(), text());
    let (expected, found) = (Digest::of(b"a"), Digest::of(b"b"));
    let limit = || ConvertError::Limit { limit: crate::Limit::Entries(1), entry: None };
    vec![
        ImageError::BadReference { reference: text(), reason: text() },
        ImageError::Unknown { reference: text(), place: text() },
        ImageError::Unauthorized { reference, host: text(), answer: text() },
        ImageError::Unreachable { host: text(), reason: text() },
        ImageError::HostRefused { host: text(), reason },
        ImageError::BadAnswer { host, what: text(), answer },
        ImageError::DigestMismatch { what: text(), expected, found },
        ImageError::SizeMismatch { what: text(), expected: 1, found: text() },
        ImageError::unknown_type("manifest", "x"),
        ImageError::bad("manifest", "x"),
        ImageError::ConfigTooLarge { size: 2, most: 1 },
        ImageError::NoPlatform { wanted: Platform::default(), found: Vec::new() },
        ImageError::NoEngine { socket: "/s".into(), reason: text() },
        archive(ConvertError::Empty),
        archive(limit()),
        archive(ConvertError::Read(broken())),
        ImageError::Ambiguous { place, names: text() },
        layer(ConvertError::Empty),
        layer(limit()),
        layer(ConvertError::Read(broken())),
        ImageError::TooLarge(text()),
        ImageError::File { path: "/f".into(), doing: "reading", source: broken() },
        ImageError::Store(StoreError::Full(text())),
        ImageError::Internal(broken()),
        ImageError::Cancelled,
    ]
}

#[test]
fn every_code_is_listed_and_every_listed_one_is_given() {
    let given: std::collections::BTreeSet<&str> = all().iter().map(ImageError::code).collect();
    let listed: std::collections::BTreeSet<&str> = ImageError::CODES.iter().copied().collect();
    assert_eq!(given, listed);
    assert_eq!(listed.len(), ImageError::CODES.len(), "each once");
}

#[test]
fn what_a_document_says_does_not_fill_a_message() {
    let long = "é".repeat(100_000);
    let found = Platform { os: long.clone(), ..Platform::default() };
    let no = ImageError::NoPlatform { wanted: Platform::default(), found: vec![found; 50] };
    for error in [ImageError::bad("manifest", &long), ImageError::unknown_type("layer", &long), no]
    {
        let length = error.to_string().chars().count();
        assert!(length < 4_000, "{} has {length} characters", error.code());
    }
}
