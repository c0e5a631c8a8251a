use serde_json::json;

use super::*;
use crate::yaml::{YamlLimits, parse};

/// A file as operators of SharingHub have it, with what only SharingHub needs.
const FILE: &str = r#"
server:
  prefix: /hub
  session: {secret-key: very-secret}
gitlab:
  url: https://gitlab.example.com
  oauth: {client-id: abc, client-secret: very-secret, default-token: glpat-1}
s3: {bucket: b, access-key: very-secret, secret-key: very-secret}
services:
  store: {url: http://store, mode: http}
  wizard: {url: https://wizard.example.com}
jupyterlab: {url: https://lab.example.com}
docs: {url: https://docs.example.com}
mlflow: {type: mlflow, url: https://mlflow.example.com}
spaces: {streamlit: {url: https://run.example.com, assets: [app.py]}}
stac:
  root:
    id: eo-catalog
    title: EO catalogue
    description: All of it
    logo: https://x.example.com/l.png
    locales: {fr: {title: Catalogue OT}}
  extensions: {eo: https://stac-extensions.github.io/eo/v1.1.0/schema.json}
  search: {page-size: 20, cache-timeout: 10}
  projects: {cache-timeout: 30, assets: {release-source-format: zip}}
  categories:
    - ai-model:
        title: AI Models
        gitlab_topic: sharinghub:aimodel
        logo: https://x.example.com/a.jpg
        icon:
        assets: ["*.onnx", {glob: "*.tif", type-as: cog}]
        features: {mlflow: enable, jupyter: disable}
        locales: {fr: {title: Modèles}}
        colour: blue
    - dataset:
tags:
  gitlab: {minimum_count: 1}
  sections: [{name: Vision, enabled_for: [ai-model], keywords: [Segmentation]}]
alerts: {timeout: 3, type: info, title: Hello}
external-urls: [{name: Help, url: https://help.example.com}]
"#;

fn read(text: &str) -> Result<Settings, SettingsError> {
    settings(parse(text, &YamlLimits::default()).unwrap())
}

#[test]
fn a_file_of_sharinghub_is_taken() {
    let settings = read(FILE).unwrap();
    assert_eq!((settings.root.id.as_str(), settings.page_size), ("eo-catalog", 20));
    assert_eq!(settings.root.texts.title(&["fr".to_owned()]), Some("Catalogue OT"));
    assert_eq!(settings.root.logo.as_deref(), Some("https://x.example.com/l.png"));
    let [models, data] = &settings.categories[..] else { panic!("{:?}", settings.categories) };
    assert_eq!((models.id.as_str(), models.title(&[])), ("ai-model", "AI Models"));
    assert_eq!(models.gitlab_topic.as_deref(), Some("sharinghub:aimodel"));
    assert_eq!(models.assets, [json!("*.onnx"), json!({"glob": "*.tif", "type-as": "cog"})]);
    assert_eq!(models.features["mlflow"], "enable");
    assert_eq!((&models.icon, &models.more["colour"]), (&None, &json!("blue")));
    assert_eq!((data.id.as_str(), data.title(&[])), ("dataset", "dataset"));
    // The hub's own is there whatever is said.
    assert_eq!(settings.extensions.keys().collect::<Vec<_>>(), ["eo", "file"]);
    assert_eq!(settings.told.wizard.as_deref(), Some("https://wizard.example.com"));
    assert_eq!(settings.told.tags["sections"][0]["name"], "Vision");
}

#[test]
fn keys_without_a_meaning_are_named_and_their_values_are_not() {
    let settings = read(FILE).unwrap();
    let unused =
        ["gitlab", "s3", "server", "services.store", "stac.projects", "stac.search.cache-timeout"];
    assert_eq!(settings.unused, unused);
    assert!(!format!("{settings:?}").contains("secret-key"));
    assert!(!format!("{settings:?}").contains("very-secret"));
}

#[test]
fn what_is_not_said_is_as_by_default() {
    let settings = read("stac: {root: {id: other}, categories: null}").unwrap();
    assert_eq!(settings.root.id, "other");
    assert_eq!(settings.root.texts, Root::default().texts);
    assert_eq!(settings.categories, Settings::default().categories);
    assert_eq!(settings.extensions, Settings::default().extensions);
    assert_eq!(read("").unwrap(), Settings::default());
    assert!(read("stac: {categories: []}").unwrap().categories.is_empty());
}

#[test]
fn categories_may_be_a_mapping() {
    let ids = |text: &str| -> Vec<(String, String)> {
        let pair = |it: &Category| (it.id.clone(), it.title(&[]).to_owned());
        read(text).unwrap().categories.iter().map(pair).collect()
    };
    let pair = |id: &str, title: &str| (id.to_owned(), title.to_owned());
    assert_eq!(ids("stac: {categories: {a: {title: A}, b: }}"), [pair("a", "A"), pair("b", "b")]);
}

#[test]
fn a_title_may_look_like_a_number() {
    let root = read("stac: {root: {title: 2024, locales: {fr: {title: 5}, de: }}}").unwrap().root;
    assert_eq!(root.texts.title(&[]), Some("2024"));
    assert_eq!(root.texts.title(&["fr".to_owned()]), Some("5"));
    assert_eq!(root.texts.title(&["de".to_owned()]), Some("2024"));
}

#[test]
fn addresses_are_of_the_web_or_paths() {
    for address in ["https://x.example.com/l.png", "HTTP://x", "/l.png", "l.png", "//x/l.png", ""] {
        let text = format!("stac: {{root: {{logo: '{address}'}}}}");
        assert_eq!(read(&text).unwrap().root.logo.as_deref(), Some(address));
    }
    for address in
        ["javascript:alert(1)", " jAvascript:x", "data:text/html,x", "file:///etc", "http://"]
    {
        let text = format!("stac: {{root: {{logo: '{address}'}}}}");
        let error = read(&text).unwrap_err().to_string();
        assert!(error.contains("stac.root.logo"), "{address}: {error}");
    }
}

#[test]
fn senseless_values_are_refused_by_key() {
    for (text, key) in [
        ("stac: {search: {page-size: 0}}", "stac.search.page-size"),
        ("stac: {search: {page-size: 10001}}", "stac.search.page-size"),
        ("stac: {search: {page-size: ten}}", "stac.search.page-size"),
        ("stac: {root: [1]}", "stac.root"),
        ("stac: {root: {id: [1]}}", "stac.root.id"),
        ("stac: {root: {title: [a]}}", "stac.root.title"),
        ("stac: {root: {description: true}}", "stac.root.description"),
        ("stac: {root: {locales: x}}", "stac.root.locales"),
        ("stac: {root: {locales: {fr: x}}}", "stac.root.locales.fr"),
        ("stac: {root: {locales: {fr: {title: {a: b}}}}}", "stac.root.locales.fr.title"),
        ("stac: {categories: 1}", "stac.categories"),
        ("stac: {categories: [{a: {}}, {b: {}}, {a: {}}]}", "stac.categories.a"),
        ("stac: {categories: [{a: {title: [x]}}]}", "stac.categories.a.title"),
        ("stac: {categories: [{a: {locales: [x]}}]}", "stac.categories.a.locales"),
        ("stac: {categories: [{a: {logo: 'javascript:x'}}]}", "stac.categories.a.logo"),
        ("stac: {categories: [{a: {icon: 'data:x'}}]}", "stac.categories.a.icon"),
        ("stac: {categories: [a]}", "stac.categories"),
        ("stac: {categories: [{a: 1}]}", "stac.categories.a"),
        ("stac: {categories: [{a/b: {}}]}", "a/b"),
        ("stac: {categories: [{'': {}}]}", "the category"),
        ("stac: {categories: [{..: {}}]}", "the category"),
        ("stac: {categories: [{a: {assets: '*.tif'}}]}", "stac.categories.a.assets"),
        ("stac: {categories: [{a: {assets: [1]}}]}", "stac.categories.a.assets"),
        ("stac: {categories: [{a: {features: [x]}}]}", "stac.categories.a.features"),
        ("stac: {categories: [{a: {logo: {x: y}}}]}", "stac.categories.a.logo"),
        ("stac: {extensions: {eo: 1}}", "stac.extensions.eo"),
        ("stac: {extensions: [eo]}", "stac.extensions"),
        ("tags: [1]", "tags"),
        ("external-urls: {a: b}", "external-urls"),
        ("external-urls: [x]", "external-urls.0"),
        ("external-urls: [{url: 'javascript:x'}]", "external-urls.0.url"),
        (
            "external-urls: [{}, {dropdown: [{url: 'vbscript:x'}]}]",
            "external-urls.1.dropdown.0.url",
        ),
        ("external-urls: [{name: [x]}]", "external-urls.0.name"),
        ("alerts: {message: [x]}", "alerts.message"),
        ("docs: {url: [1]}", "docs.url"),
        ("docs: {url: 'javascript:x'}", "docs.url"),
        ("services: {wizard: {url: 'javascript:x'}}", "services.wizard.url"),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(key), "{text}: {error}");
    }
}
