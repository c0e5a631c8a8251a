//! Registries that are busy, broken, silent or not there.

use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use flisthub_converter::image::ImageError;
use flisthub_converter::image::registry::Outbound;

use super::content::Content;
use super::fake::{Fake, Reply};
use super::{expect_whole, image, options, password, rules, source, source_of};

/// A registry that answers every request at first as `answer` says, `times` times.
fn troubled(times: usize, answer: impl Fn() -> Reply + Send + Sync + 'static) -> (Content, Fake) {
    let content = Content::image();
    let (held, count) = (content.clone(), AtomicUsize::new(0));
    let fake = Fake::start(move |request| {
        if count.fetch_add(1, SeqCst) < times { answer() } else { held.answer(request) }
    });
    (content, fake)
}

fn failure(fake: &Fake) -> ImageError {
    image(&source(fake, Some(password()))).unwrap_err()
}

#[test]
fn a_server_in_trouble_is_asked_again_a_few_times() {
    for status in [429, 500, 502, 503, 504] {
        let (content, fake) = troubled(3, move || Reply::new(status, ""));
        expect_whole(&source(&fake, None), &content);
        let (_, fake) = troubled(usize::MAX, move || Reply::new(status, ""));
        let error = failure(&fake);
        assert_eq!(error.code(), "registry_unreachable");
        assert!(error.to_string().contains(&status.to_string()), "{error}");
        assert_eq!(fake.asked().len(), 4, "{status}");
    }
    // A connection that closes before an answer.
    let (content, fake) = troubled(2, || Reply::default().cut_off());
    expect_whole(&source(&fake, None), &content);
}

#[test]
fn a_wish_to_wait_is_kept_within_bounds() {
    let (content, fake) = troubled(1, || Reply::new(429, "").with("Retry-After", "0"));
    expect_whole(&source(&fake, None), &content);
    let (_, fake) = troubled(usize::MAX, || Reply::new(429, "").with("Retry-After", "3600"));
    let error = failure(&fake);
    assert!(error.to_string().contains("it asks to wait"), "{error}");
    assert_eq!(fake.asked().len(), 1);
}

#[test]
fn answers_are_told_apart() {
    for (status, body, code, word) in [
        (404, r#"{"errors":[{"code":"NAME_UNKNOWN"}]}"#, "unknown_image", "demo/app:1"),
        (404, "<html>", "unknown_image", "check name and tag"),
        (
            403,
            r#"{"errors":[{"code":"DENIED"}]}"#,
            "registry_unauthorized",
            "403 Forbidden, DENIED",
        ),
        (401, "", "registry_unauthorized", "401 Unauthorized"),
        (400, r#"{"errors":[{"code":"NAME_INVALID"}]}"#, "bad_registry_answer", "NAME_INVALID"),
        (418, "secret", "bad_registry_answer", "418"),
        (204, "", "bad_registry_answer", "204 No Content"),
        (206, "", "bad_registry_answer", "206 Partial Content"),
    ] {
        let (_, fake) = troubled(usize::MAX, move || Reply::new(status, body));
        let error = failure(&fake);
        assert_eq!(error.code(), code, "{status}: {error}");
        assert!(error.to_string().contains(word), "{status}: {error}");
        assert!(!error.to_string().contains("secret"), "{status}: {error}");
    }
    let (_, fake) = troubled(usize::MAX, || Reply::new(403, ""));
    assert_eq!(image(&source(&fake, None)).unwrap_err().code(), "unknown_image");
}

#[test]
fn silence_is_not_waited_out() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap().to_string();
    let places = [place.clone()];
    let rules = Outbound::new(&["*".to_owned()], &places, &places);
    let mut options = options(rules.unwrap());
    options.read_limit = Duration::from_millis(50);
    let reference = format!("{place}/demo/app:1");
    let error = image(&source_of(options.clone(), &reference, None)).unwrap_err();
    assert!(error.to_string().contains("it did not answer in time"), "{error}");
    options.read_limit = Duration::from_mins(10);
    options.document_limit = Duration::from_millis(50);
    options.resolve_limit = Duration::from_millis(50);
    let source = source_of(options.clone(), &reference, None);
    for error in [image(&source).unwrap_err(), source.resolve_digest().unwrap_err()] {
        assert_eq!(error.code(), "registry_unreachable");
        assert!(error.to_string().contains("has not answered for"), "{error}");
    }
    drop(listener);
    let error = image(&source_of(options, &reference, None)).unwrap_err();
    assert_eq!(error.code(), "registry_unreachable");
    assert!(error.to_string().contains("refused"), "{error}");
}

#[test]
fn a_layer_that_stops_coming_is_given_up() {
    let content = Content::image();
    let (held, big) = (content.clone(), content.layer(1));
    let fake = Fake::start(move |request| {
        let right = held.answer(request);
        if request.path.ends_with(&big) { right.cut(1_000).and_hang() } else { right }
    });
    let image = image(&source(&fake, None)).unwrap();
    let mut options = options(rules(&[&fake]));
    options.read_limit = Duration::from_secs(2);
    let source = source_of(options, &format!("{}/demo/app:1", fake.place()), None);
    let error = super::layer(&source, &image, 1).unwrap_err();
    assert!(error.contains("it stopped sending"), "{error}");
}

#[test]
fn tls_is_never_left_for_plain_http() {
    let content = Content::image();
    let fake = Fake::start(move |request| content.answer(request));
    let places = [fake.place()];
    let rules = Outbound::new(&["*".to_owned()], &places, &[]);
    let reference = format!("{}/demo/app:1", fake.place());
    let error = image(&source_of(options(rules.unwrap()), &reference, None)).unwrap_err();
    assert_eq!(error.code(), "registry_unreachable");
    assert!(error.to_string().contains("`plain_http_hosts` must list it"), "{error}");
    assert_eq!(fake.asked().len(), 0);
}
