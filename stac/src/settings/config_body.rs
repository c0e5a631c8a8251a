//! What SharingHub's pages are told of a catalogue: the answer of `/api/config/`.

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::category::Category;
use super::texts::Texts;
use super::{Root, Settings};

/// What SharingHub's pages take MLflow for if nothing is said.
const MLFLOW: &str = "mlflow-sharinghub";

/// The body of that answer.
#[derive(Debug, Serialize)]
pub struct ConfigBody {
    /// In the order of the configuration, in which pages show them.
    categories: IndexMap<String, Value>,
    #[serde(flatten)]
    all_else: Map<String, Value>,
}

impl Settings {
    /// The body, for a hub at that address. What SharingHub has from GitLab, pages have from the hub.
    pub fn config_body(&self, base: &str) -> ConfigBody {
        let told = &self.told;
        let categories = self.categories.iter();
        let categories =
            categories.map(|category| (category.id.clone(), of_category(category))).collect();
        let external: Vec<Value> = told.external_urls.iter().map(of_link).collect();
        let mlflow_type = told.mlflow_type.as_deref().unwrap_or(MLFLOW);
        let all_else = [
            ("auth", json!("token")),
            ("store", Value::Null),
            ("gitlab", json!({"url": base})),
            ("jupyterlab", json!({"url": told.jupyterlab})),
            ("mlflow", json!({"type": mlflow_type, "url": told.mlflow})),
            ("docs", json!({"url": told.docs})),
            ("spaces", json!(told.spaces)),
            ("root", of_root(&self.root)),
            ("external_urls", json!(external)),
            ("alert_info", of_alert(&told.alert)),
            ("default_tags", json!(told.tags)),
            ("wizard", json!({"url": told.wizard})),
        ];
        let all_else = all_else.map(|(key, value)| (key.to_owned(), value)).into_iter().collect();
        ConfigBody { categories, all_else }
    }
}

fn of_root(root: &Root) -> Value {
    let mut body = root.more.clone();
    body.insert("logo".to_owned(), json!(root.logo));
    body.insert("locales".to_owned(), root.texts.by_language());
    Value::Object(body)
}

fn of_category(category: &Category) -> Value {
    let mut body = category.more.clone();
    body.insert("gitlab_topic".to_owned(), json!(category.gitlab_topic));
    body.insert("logo".to_owned(), json!(category.logo));
    body.insert("icon".to_owned(), json!(category.icon));
    body.insert("assets".to_owned(), json!(category.assets));
    body.insert("locales".to_owned(), category.texts.by_language());
    Value::Object(body)
}

/// A link of the menu, and those in its list.
fn of_link(link: &Value) -> Value {
    let Value::Object(link) = link else { return link.clone() };
    let mut body = link.clone();
    let texts = Texts::take(&mut body, &["name"]);
    body.insert("locales".to_owned(), texts.by_language());
    if let Some(Value::Array(below)) = body.get_mut("dropdown") {
        for link in below {
            *link = of_link(link);
        }
    }
    Value::Object(body)
}

fn of_alert(alert: &Map<String, Value>) -> Value {
    let mut body = alert.clone();
    if !body.is_empty() {
        let texts = Texts::take(&mut body, &["title", "message"]);
        body.insert("locales".to_owned(), texts.by_language());
    }
    Value::Object(body)
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use crate::yaml::{YamlLimits, parse};

    #[test]
    fn categories_are_in_the_order_of_the_configuration() {
        let text =
            "stac: {categories: [{processor: {}}, {ai-model: {}}, {zebra: {}}, {dataset: {}}]}";
        let settings = read::settings(parse(text, &YamlLimits::default()).unwrap()).unwrap();
        let body = serde_json::to_string(&settings.config_body("https://h")).unwrap();
        let found = ["processor", "ai-model", "zebra", "dataset"]
            .map(|id| body.find(&format!("\"{id}\":{{")).unwrap());
        assert!(found.is_sorted(), "{body}");
    }

    #[test]
    fn the_body_has_the_form_that_sharinghub_gives_it() {
        let text = "
stac:
  root: {id: x, title: T, description: D, logo: L, locales: {fr: {title: TF}}}
  categories:
    - ai-model: {title: M, gitlab_topic: t, assets: ['*.onnx'], features: {mlflow: enable}, locales: {fr: {title: MF}}}
alerts: {timeout: 3, type: info, title: Hi, message: There}
external-urls: [{name: More, icon: i, dropdown: [{name: Help, url: u, locales: {fr: {name: Aide}}}]}]
tags: {sections: [{name: S}]}
docs: {url: https://docs.example.com}
";
        let settings = read::settings(parse(text, &YamlLimits::default()).unwrap()).unwrap();
        let body = settings.config_body("https://hub.example.com");
        assert_eq!(
            serde_json::to_value(body).unwrap(),
            json!({
                "auth": "token", "store": null, "gitlab": {"url": "https://hub.example.com"},
                "jupyterlab": {"url": null}, "mlflow": {"type": "mlflow-sharinghub", "url": null},
                "docs": {"url": "https://docs.example.com"}, "spaces": {},
                "root": {"logo": "L", "locales": {
                    "en": {"title": "T", "description": "D"}, "fr": {"title": "TF"},
                }},
                "categories": {"ai-model": {
                    "gitlab_topic": "t", "logo": null, "icon": null, "assets": ["*.onnx"],
                    "locales": {"en": {"title": "M"}, "fr": {"title": "MF"}},
                }},
                "external_urls": [{"icon": "i", "locales": {"en": {"name": "More"}}, "dropdown": [
                    {"url": "u", "locales": {"en": {"name": "Help"}, "fr": {"name": "Aide"}}},
                ]}],
                "alert_info": {
                    "timeout": 3, "type": "info", "locales": {"en": {"title": "Hi", "message": "There"}},
                },
                "default_tags": {"sections": [{"name": "S"}]},
                "wizard": {"url": null},
            })
        );
    }
}
