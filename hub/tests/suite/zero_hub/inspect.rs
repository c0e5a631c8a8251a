//! One flist, looked at: `light` and `INFO`, the dump, the metadata.

use reqwest::Method;
use serde_json::{Value, json};

use super::flist_file::with_manifest;
use super::upload_flist::send;
use super::{Two, error};
use crate::archives::files;
use crate::support::{Field, START, answer};

fn info() -> Method {
    Method::from_bytes(b"INFO").unwrap()
}

#[tokio::test]
async fn a_flist_in_short() {
    let two = Two::with_flists().await;
    two.hub.clock.forward(5);
    two.done("base/link/latest").await;
    let file = two.hub.get("/alice/base.flist").await.bytes().await.unwrap();
    let md5 = two.hub.get("/alice/base.flist.md5").await.text().await.unwrap();
    let light = json!({ "name": "base.flist", "size": file.len(), "updated": START,
                        "type": "regular", "md5": md5.trim() });
    let linked = json!({ "name": "latest.flist", "size": file.len(), "updated": START,
                         "type": "symlink", "md5": md5.trim(),
                         "linktime": START + 5, "target": "base.flist" });
    for (name, expected) in
        [("base", &light), ("base.flist", &light), ("latest", &linked), ("latest.flist", &linked)]
    {
        let path = format!("/api/flist/alice/{name}");
        assert_eq!(&two.hub.json(&format!("{path}/light")).await, expected);
        let response = two.hub.request(info(), &path).send().await.unwrap();
        assert_eq!(answer(response).await, (200, expected.clone()), "INFO {name}");
    }
    let own = two.call(info(), &two.alice, "/api/flist/me/base").await;
    assert_eq!(own, (200, light));
    let nobody = two.hub.request(info(), "/api/flist/me/base").send().await.unwrap();
    assert_eq!(answer(nobody).await, (401, error("no authorization provided")));
}

#[tokio::test]
async fn what_has_no_short_form() {
    let two = Two::with_flists().await;
    two.done("v1/x/tag/alice/base").await;
    two.done("stable/crosstag/alice/v1").await;
    for (path, message) in [
        ("carol/base", "user not found"),
        ("alice/absent", "source not found"),
        ("alice/v1", "source not found"),
        ("alice/stable", "source not found"),
        ("alice/%ff", ""),
    ] {
        for (method, path) in [
            (Method::GET, format!("/api/flist/{path}/light")),
            (info(), format!("/api/flist/{path}")),
        ] {
            let (status, body) = two.call(method, &two.bob, &path).await;
            if message.is_empty() {
                assert_eq!((status, &body["status"]), (400, &json!("error")), "{path}");
            } else {
                assert_eq!((status, body), (404, error(message)), "{path}");
            }
        }
    }
    for (method, path) in [
        (Method::from_bytes(b"BREW").unwrap(), "/api/flist/alice/base"),
        (Method::PUT, "/api/flist/alice/base"),
        (info(), "/api/flist/alice"),
        (info(), "/api/flist/alice/base/light"),
        (Method::POST, "/api/flist/me/base"),
    ] {
        let (status, body) = two.call(method.clone(), &two.alice, path).await;
        assert_eq!((status, &body["status"]), (405, &json!("error")), "{method} {path}");
    }
}

#[tokio::test]
async fn a_link_is_dumped_as_what_it_leads_to() {
    let two = Two::with_flists().await;
    two.done("theirs/crosslink/bob/app").await;
    let dump = two.hub.json("/api/flist/bob/app").await;
    assert_eq!(dump["content"], json!([{ "path": "/file", "size": 3 }]));
    assert_eq!(two.hub.json("/api/flist/alice/theirs").await, dump);
    let own = two.call(Method::GET, &two.alice, "/api/flist/me/theirs.flist").await;
    assert_eq!(own, (200, dump));
}

async fn metadata(two: &Two, name: &str) -> Value {
    two.hub.json(&format!("/api/flist/alice/{name}/metadata")).await
}

#[tokio::test]
async fn what_a_flist_says_of_itself() {
    let two = Two::with_flists().await;
    assert_eq!(metadata(&two, "base").await, json!({}));
    // Free values, and a readme at the root; one further down is a file like any other.
    let archive = files(&[
        (".README.md", b"# Hello\n".as_slice()),
        (".README", b"not this one"),
        ("sub/.README.md", b"nor this one"),
    ]);
    let fields = [
        Field::file("file", "told.tar", &archive),
        Field::text("metadata-colour", "blue"),
        Field::text("metadata-entrypoint", "[\"ignored\"]"),
    ];
    assert_eq!(two.hub.form(&two.alice, &fields).await.status(), 200);
    let told = json!({ "colour": "blue", "readme": { "readme": "# Hello\n" } });
    assert_eq!(metadata(&two, "told").await, told);
    two.done("told/link/latest").await;
    assert_eq!(metadata(&two, "latest").await, told);
    // A readme that is no text, and one that is too long.
    let long = [vec![b'x'; 300_000], vec![0xff]].concat();
    for (name, readme, shown) in [("odd", vec![b'a', 0xff], 4), ("long", long, 256 << 10)] {
        let archive = files(&[(".README", &readme)]);
        two.hub.upload(&two.alice, &format!("{name}.tar"), &archive).await;
        let text = metadata(&two, name).await["readme"]["readme"].as_str().unwrap().to_owned();
        assert_eq!(text.len(), shown, "{name}");
    }
}

#[tokio::test]
async fn what_an_image_said() {
    let two = Two::with_flists().await;
    let config = json!({ "config": {
        "Entrypoint": ["/bin/app"], "Cmd": ["--serve"], "Env": ["A=1", "B=x=y"],
        "ExposedPorts": { "8080/tcp": {} }, "Volumes": { "/data": {} },
    }});
    let file = two.hub.get("/alice/base.flist").await.bytes().await.unwrap();
    let file = with_manifest(&file, |manifest| {
        manifest.image_config = Some(config.to_string().into_bytes());
        let values = [("entrypoint", "forged"), ("colour", "blue"), ("backend", "zdb://x")];
        let value = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        manifest.values = values.map(value).into();
    });
    let sent = send(&two.hub, &two.alice, "image.flist", &file).await;
    assert_eq!(sent.0, 200, "{}", sent.1);
    assert_eq!(
        metadata(&two, "image").await,
        json!({
            "entrypoint": ["/bin/app", "--serve"],
            "environ": { "A": "1", "B": "x=y" },
            "port": { "tcp/8080": 8080 },
            "volume": { "/data": {} },
            "colour": "blue",
            "backend": "zdb://x",
        })
    );
    for (path, message) in [
        ("/api/flist/carol/base/metadata", "user not found"),
        ("/api/flist/alice/absent/metadata", "source not found"),
    ] {
        let answer = answer(two.hub.get(path).await).await;
        assert_eq!(answer, (404, error(message)), "{path}");
    }
}
