//! Tests of what a job can be asked to do: its JSON is frozen.

use super::*;

const ID: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const WHY: &str =
    r#"{"kind":"why","id":"0000000000000000000000000000000000000000000000000000000000000000"}"#;

const CONVERT: &str = r#"{"kind":"convert","user_id":7,"repository":"r","name":"n","image":"i","source":"registry","startup":false}"#;
const CONVERT_WHOLE: &str = r#"{"kind":"convert","user_id":7,"repository":"r","name":"n","image":"i","source":"docker","platform":"linux/arm64","digest":"sha256:ab","startup":true,"categories":["dataset"],"credentials":"cd","admin":true,"only":[5],"member_of":[6],"token":8}"#;

fn convert(credentials: Option<&str>) -> ConvertSpec {
    ConvertSpec {
        user_id: 7,
        repository: "r".into(),
        name: "n".into(),
        image: "i".into(),
        source: ImageFrom::Registry,
        platform: None,
        digest: None,
        startup: false,
        categories: None,
        credentials: credentials.map(str::to_owned),
        admin: false,
        only: None,
        member_of: Vec::new(),
        token: None,
    }
}

#[test]
fn what_cannot_be_done_again_is_known() {
    let backup = JobSpec::Backup { directory: "/b".into(), keep: None };
    for (spec, again, memory) in [
        (JobSpec::Space {}, true, false),
        (backup, false, false),
        (JobSpec::Convert(Box::new(convert(None))), true, false),
        (JobSpec::Convert(Box::new(convert(Some("cd")))), false, true),
    ] {
        assert_eq!((spec.may_start_again(), spec.needs_memory()), (again, memory), "{spec:?}");
    }
}

#[test]
fn a_digest_names_an_image_whatever_it_is_called() {
    let known = |image: &str, digest: &str| ConvertSpec {
        image: image.into(),
        digest: Some(digest.into()),
        ..convert(None)
    };
    let one = JobSpec::Convert(Box::new(known("nginx", "sha256:ab")));
    let full = known("docker.io/library/nginx:latest", "sha256:ab");
    for (other, same) in [
        (full.clone(), true),
        (ConvertSpec { admin: true, ..full.clone() }, true),
        (known("nginx", "sha256:cd"), false),
        (ConvertSpec { digest: None, ..full.clone() }, false),
        (ConvertSpec { credentials: Some("cd".into()), ..full.clone() }, false),
        (ConvertSpec { platform: Some("linux/arm64".into()), ..full.clone() }, false),
        (ConvertSpec { startup: true, ..full.clone() }, false),
        (ConvertSpec { categories: Some(Vec::new()), ..full.clone() }, false),
        (ConvertSpec { name: "m".into(), ..full }, false),
    ] {
        let other = JobSpec::Convert(Box::new(other));
        assert_eq!(one.is_same(&other), same, "{other:?}");
    }
    let unknown = |image: &str| {
        JobSpec::Convert(Box::new(ConvertSpec { image: image.into(), ..convert(None) }))
    };
    assert!(unknown("a").is_same(&unknown("a")));
    assert!(!unknown("a").is_same(&unknown("b")), "without a digest the name is all there is");
    assert!(!JobSpec::Space {}.is_same(&one));
}

#[test]
fn the_json_is_frozen() {
    for (spec, json) in [
        (
            JobSpec::Sweep { dry_run: true, grace_seconds: Some(60) },
            r#"{"kind":"sweep","dry_run":true,"grace_seconds":60}"#,
        ),
        (JobSpec::Scrub { rate_bytes_per_second: None }, r#"{"kind":"scrub"}"#),
        (
            JobSpec::Backup { directory: "/b".into(), keep: Some(3) },
            r#"{"kind":"backup","directory":"/b","keep":3}"#,
        ),
        (JobSpec::Space {}, r#"{"kind":"space"}"#),
        (JobSpec::Why { id: ID.into() }, WHY),
        (JobSpec::Items {}, r#"{"kind":"items"}"#),
        (JobSpec::Convert(Box::new(convert(None))), CONVERT),
    ] {
        assert_eq!(serde_json::to_string(&spec).unwrap(), json);
        assert_eq!(serde_json::from_str::<JobSpec>(json).unwrap(), spec);
        assert!(json.contains(&format!("{:?}", spec.kind())));
        assert_eq!(spec.check(), Ok(()));
    }
    let whole = Box::new(ConvertSpec {
        source: ImageFrom::Docker,
        platform: Some("linux/arm64".into()),
        digest: Some("sha256:ab".into()),
        startup: true,
        categories: Some(vec!["dataset".into()]),
        admin: true,
        only: Some(vec![5]),
        member_of: vec![6],
        token: Some(8),
        ..convert(Some("cd"))
    });
    let json = serde_json::to_string(&JobSpec::Convert(whole.clone())).unwrap();
    assert_eq!(json, CONVERT_WHOLE);
    assert_eq!(serde_json::from_str::<JobSpec>(&json).unwrap(), JobSpec::Convert(whole));
    let sweep = JobSpec::Sweep { dry_run: false, grace_seconds: None };
    assert_eq!(serde_json::from_str::<JobSpec>(r#"{"kind":"sweep"}"#).unwrap(), sweep);
}

#[test]
fn what_is_no_job_is_refused() {
    for bad in [
        "{}",
        "[]",
        r#""sweep""#,
        r#"{"kind":"dance"}"#,
        r#"{"kind":"backup"}"#,
        r#"{"kind":"sweep","dry-run":true}"#,
        r#"{"kind":"space","verbose":true}"#,
        r#"{"kind":"sweep","grace_seconds":-1}"#,
        r#"{"kind":"scrub","rate_bytes_per_second":1.5}"#,
        r#"{"kind":"convert","user_id":7,"repository":"r","name":"n"}"#,
        r#"{"kind":"convert","user_id":7,"repository":"r","name":"n","image":"i","password":"p"}"#,
        r#"{"kind":"convert","user_id":7,"repository":"r","name":"n","image":"i","source":"ftp"}"#,
    ] {
        assert!(serde_json::from_str::<JobSpec>(bad).is_err(), "{bad}");
    }
    for spec in [
        JobSpec::Scrub { rate_bytes_per_second: Some(0) },
        JobSpec::Backup { directory: "b".into(), keep: None },
        JobSpec::Backup { directory: "/b".into(), keep: Some(0) },
        JobSpec::Why { id: "12".into() },
    ] {
        assert!(spec.check().is_err(), "{spec:?}");
    }
}
