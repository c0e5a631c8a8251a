//! Tests of reading Docker's configuration.

use super::*;

fn read(text: &str, registry: &str) -> Result<Option<Credentials>, String> {
    let found = Credentials::from_docker_config_bytes(text.as_bytes(), registry);
    found.map_err(|error| error.to_string())
}

fn basic(username: &str, password: &str) -> Credentials {
    Credentials::Basic { username: username.to_owned(), password: password.to_owned() }
}

#[test]
fn the_registry_is_found_however_its_key_is_written() {
    // user:pa:ss, without and with padding, and with Docker's zero byte.
    let text = r#"{"auths":{
        "https://index.docker.io/v1/":{"auth":"dXNlcjpwYTpzcw=="},
        "a.example:5000":{"auth":"dXNlcjpwYTpzcw"},
        "http://b.example/v2/":{"auth":"dXNlcjpwYTpzcwA=","email":"x"},
        "c.example":{"auth":"","identitytoken":"T"}}, "HttpHeaders":{}}"#;
    for registry in ["docker.io", "a.example:5000", "b.example"] {
        assert_eq!(read(text, registry), Ok(Some(basic("user", "pa:ss"))), "{registry}");
    }
    assert_eq!(read(text, "c.example"), Ok(Some(Credentials::Token("T".to_owned()))));
    assert_eq!(read(text, "a.example"), Ok(None));
    assert_eq!(read("{}", "a.example"), Ok(None));
}

#[test]
fn helper_programs_are_named_and_not_run() {
    let text =
        r#"{"auths":{"a.example":{}},"credsStore":"desktop","credHelpers":{"gcr.io":"gcloud"}}"#;
    assert!(read(text, "a.example").unwrap_err().contains("\"desktop\", which is not run"));
    assert!(read(text, "gcr.io").unwrap_err().contains("\"gcloud\", which is not run"));
    assert_eq!(read(text, "b.example"), Ok(None));
}

#[test]
fn what_is_broken_is_refused_without_showing_it() {
    for text in [
        r#"{"auths":{"a.example":{"auth":"!SECRET!"}}}"#,
        // "SECRET", which has no colon.
        r#"{"auths":{"a.example":{"auth":"U0VDUkVU"}}}"#,
        r#"{"auths":{"a.example":{}}}"#,
        r#"{"auths":{"a.example":"SECRET"}}"#,
        r#"{"auths":["SECRET"]}"#,
        "SECRET",
    ] {
        let error = read(text, "a.example").unwrap_err();
        assert!(!error.contains("SECRET") && !error.contains("U0VD"), "{error}");
    }
    let shown = format!("{:?}", (basic("user", "pass"), Credentials::Token("pass".to_owned())));
    assert!(!shown.contains("pass") && !shown.contains("user"), "{shown}");
}

#[test]
fn a_file_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json");
    let missing = Credentials::from_docker_config(&path, "a").unwrap_err();
    assert!(missing.to_string().contains("config.json"), "{missing}");
    std::fs::write(&path, r#"{"auths":{"a":{"auth":"dTpw"}}}"#).unwrap();
    let found = Credentials::from_docker_config(&path, "a").map_err(|error| error.to_string());
    assert_eq!(found, Ok(Some(basic("u", "p"))));
    std::fs::write(&path, vec![b' '; (1 << 20) + 1]).unwrap();
    assert!(Credentials::from_docker_config(&path, "a").is_err());
}
