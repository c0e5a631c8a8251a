//! Registries that want to know who asks.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flisthub_converter::image::registry::Credentials;
use flisthub_converter::image::{ImageError, ImageSource};

use super::content::Content;
use super::fake::{Fake, Reply, Request};
use super::{expect_whole, image, layer, options, password, rules, source_of};

fn basic() -> String {
    format!("Basic {}", STANDARD.encode("user:secret"))
}

/// A registry that takes what `good` takes, and answers others with `challenge`.
fn guarded(
    content: &Content,
    challenge: String,
    good: impl Fn(&str) -> bool + Send + Sync + 'static,
) -> Fake {
    let content = content.clone();
    Fake::start(move |request| match request.header("authorization") {
        Some(sent) if good(sent) => content.answer(request),
        _ => Reply::new(401, r#"{"errors":[{"code":"UNAUTHORIZED","message":"secret"}]}"#)
            .with("WWW-Authenticate", &challenge),
    })
}

/// A registry that takes the token `T`, and a server at `realm` that gives it as `answer` says.
fn with_tokens(
    content: &Content,
    answer: impl Fn(&Request) -> Reply + Send + Sync + 'static,
) -> (Fake, Fake) {
    let tokens = Fake::start(answer);
    let challenge = format!(
        r#"Bearer realm="{}",service="a registry",scope="repository:other/private:pull,push""#,
        tokens.url("/token?scope=repository:other/private:pull&x=y&service=another&account=root")
    );
    (guarded(content, challenge, |sent| sent == "Bearer T"), tokens)
}

fn fetch(fakes: &[&Fake], credentials: Option<Credentials>) -> Result<Content, ImageError> {
    let reference = format!("{}/demo/app:1", fakes[0].place());
    let source = source_of(options(rules(fakes)), &reference, credentials);
    let content = Content::image();
    image(&source)?;
    expect_whole(&source, &content);
    Ok(content)
}

#[test]
fn a_password_is_sent_once_it_is_asked_for() {
    let content = Content::image();
    let fake = guarded(&content, "Basic realm=\"x\"".to_owned(), |sent| sent == basic());
    fetch(&[&fake], Some(password())).unwrap();
    let asked = fake.asked();
    assert_eq!(asked[0].header("authorization"), None);
    assert!(asked[1..].iter().all(|request| request.header("authorization") == Some(&basic())));
}

#[test]
fn wrong_credentials_and_none_are_told_apart_and_never_shown() {
    let content = Content::image();
    let fake = guarded(&content, "Basic realm=\"x\"".to_owned(), |_| false);
    let error = fetch(&[&fake], Some(password())).map(drop).unwrap_err();
    assert_eq!(error.code(), "registry_unauthorized");
    assert!(error.to_string().contains("401 Unauthorized, UNAUTHORIZED"), "{error}");
    assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    let error = fetch(&[&fake], None).map(drop).unwrap_err();
    assert_eq!(error.code(), "unknown_image");
    assert!(error.to_string().contains("give credentials"), "{error}");

    let (fake, tokens) = with_tokens(&content, |_| Reply::new(401, "secret"));
    let error = fetch(&[&fake, &tokens], Some(password())).map(drop).unwrap_err();
    assert_eq!(error.code(), "registry_unauthorized");
    assert!(error.to_string().contains(&tokens.place()), "{error}");
    assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    let error = fetch(&[&fake, &tokens], None).map(drop).unwrap_err();
    assert_eq!(error.code(), "unknown_image");
}

#[test]
fn a_token_is_fetched_once_for_what_is_wanted_and_no_more() {
    let content = Content::image();
    for (credentials, expected) in [(None, None), (Some(password()), Some(basic()))] {
        let (fake, tokens) = with_tokens(&content, |_| Reply::new(200, r#"{"token":"T"}"#));
        fetch(&[&fake, &tokens], credentials).unwrap();
        let asked = tokens.asked();
        assert_eq!(asked.len(), 1);
        let path = "/token?x=y&scope=repository%3Ademo%2Fapp%3Apull&service=a+registry";
        assert_eq!((asked[0].method.as_str(), asked[0].path.as_str()), ("GET", path));
        assert_eq!(asked[0].header("authorization"), expected.as_deref());
        assert!(fake.asked().iter().all(|request| {
            request.header("authorization").is_none_or(|sent| sent == "Bearer T")
        }));
    }
}

#[test]
fn an_identity_token_is_exchanged() {
    let content = Content::image();
    let (fake, tokens) =
        with_tokens(&content, |_| Reply::new(200, r#"{"access_token":"T","refresh_token":"no"}"#));
    fetch(&[&fake, &tokens], Some(Credentials::Token("I&D".to_owned()))).unwrap();
    let asked = tokens.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].method, "POST");
    assert!(!asked[0].path.contains("I%26D"), "{}", asked[0].path);
    for part in ["grant_type=refresh_token", "refresh_token=I%26D", "scope=repository%3Ademo%2Fapp"]
    {
        assert!(asked[0].body.contains(part), "{}", asked[0].body);
    }
    assert_eq!(asked[0].header("content-type"), Some("application/x-www-form-urlencoded"));

    // A form with a secret in it does not follow a redirect, not even to the same server.
    let (fake, tokens) = with_tokens(&content, |_| Reply::redirect("/elsewhere"));
    let token = Some(Credentials::Token("ID".to_owned()));
    let error = fetch(&[&fake, &tokens], token.clone()).map(drop).unwrap_err();
    assert_eq!(error.code(), "bad_registry_answer", "{error}");
    assert_eq!(tokens.asked().len(), 1);

    // A registry that wants a password gets no token.
    let fake = guarded(&content, "Basic realm=\"x\"".to_owned(), |_| true);
    assert_eq!(fetch(&[&fake], token).map(drop).unwrap_err().code(), "registry_unauthorized");
    assert!(fake.asked().iter().all(|request| request.header("authorization").is_none()));
}

#[test]
fn a_token_that_expires_midway_is_fetched_anew_once() {
    let content = Content::image();
    let given = AtomicUsize::new(0);
    let tokens = Fake::start(move |_| {
        let number = given.fetch_add(1, SeqCst);
        Reply::new(200, format!(r#"{{"token":"T{number}"}}"#))
    });
    let challenge = format!(r#"Bearer realm="{}""#, tokens.url("/"));
    let uses = AtomicUsize::new(0);
    // The first token is good for two requests: manifest and configuration.
    let fake = guarded(&content, challenge, move |sent| match sent {
        "Bearer T0" => uses.fetch_add(1, SeqCst) < 2,
        sent => sent == "Bearer T1",
    });
    let reference = format!("{}/demo/app:1", fake.place());
    let source = &source_of(options(rules(&[&fake, &tokens])), &reference, None);
    let image = &image(source).unwrap();
    // Both layers find it expired, and one new token serves both.
    std::thread::scope(|scope| {
        let read = |index| move || layer(source, image, index).unwrap();
        let both = [0, 1].map(|index| scope.spawn(read(index)));
        for (index, thread) in both.into_iter().enumerate() {
            assert_eq!(thread.join().unwrap(), content.layers[index]);
        }
    });
    assert_eq!(tokens.asked().len(), 2);
}

#[test]
fn a_registry_that_takes_no_token_is_not_asked_for_ever() {
    let content = Content::image();
    let tokens = Fake::start(|_| Reply::new(200, r#"{"token":"useless"}"#));
    let challenge = format!(r#"Bearer realm="{}""#, tokens.url("/"));
    let fake = guarded(&content, challenge, |_| false);
    let error = fetch(&[&fake, &tokens], Some(password())).map(drop).unwrap_err();
    assert_eq!(error.code(), "registry_unauthorized");
    assert_eq!((fake.asked().len(), tokens.asked().len()), (2, 1));
}

#[test]
fn token_servers_that_make_no_sense_are_refused() {
    let content = Content::image();
    for body in ["", "{}", "<html>", r#"{"token":""}"#, r#"{"token":"a\nb"}"#, r#"{"token":7}"#] {
        let (fake, tokens) = with_tokens(&content, move |_| Reply::new(200, body));
        let error = fetch(&[&fake, &tokens], None).map(drop).unwrap_err();
        assert_eq!(error.code(), "bad_registry_answer", "{body}");
    }
    let (fake, tokens) = with_tokens(&content, |_| Reply::new(200, " ".repeat((1 << 20) + 1)));
    let error = fetch(&[&fake, &tokens], None).map(drop).unwrap_err();
    assert!(error.to_string().contains("with more than 1048576 bytes"), "{error}");
}

#[test]
fn a_head_is_guarded_too() {
    let content = Content::image();
    let (fake, tokens) = with_tokens(&content, |_| Reply::new(200, r#"{"token":"T"}"#));
    let reference = format!("{}/demo/app:1", fake.place());
    let source = source_of(options(rules(&[&fake, &tokens])), &reference, None);
    assert_eq!(source.resolve_digest().unwrap(), content.digest());
    assert!(fake.asked().iter().all(|request| request.method == "HEAD"));
    assert!(source.image(&"linux/amd64".parse().unwrap()).is_ok());
    assert_eq!(tokens.asked().len(), 1);
}
