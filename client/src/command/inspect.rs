//! `hub-client inspect NAME`

use std::fmt::Write as _;

use clap::Args;
use flisthub_flist::wire::FlistInfo;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::cli::Session;
use crate::name::FlistName;
use crate::text;

/// Show what a name points at, and the configuration of the image that it was made of.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// REPOSITORY/NAME, or NAME alone in your own repository.
    #[arg(value_name = "NAME")]
    name: FlistName,
}

#[derive(Serialize)]
struct Inspected {
    flist: FlistInfo,
    /// As the image has it; null if the flist was not made of an image.
    image: Option<Value>,
}

pub(crate) fn run(arguments: &Arguments, session: &Session) -> anyhow::Result<()> {
    let Session { hub, runtime, output } = session;
    let name = &arguments.name;
    let repository = runtime.block_on(name.repository(hub))?;
    let flist = runtime.block_on(hub.flist(&repository, &name.name))?;
    let image = runtime.block_on(hub.image_config(&repository, &name.name))?;
    let mut shown = about(&flist);
    if let Some(image) = &image {
        shown.push_str(&config(image));
    }
    output.result(&Inspected { flist, image }, &text::harmless(&shown))
}

fn about(flist: &FlistInfo) -> String {
    let updated = text::time(i64::try_from(flist.updated).unwrap_or(i64::MAX));
    let link = flist.link.as_ref().map_or_else(String::new, |to| format!("\n  link to     {to}"));
    format!(
        "{}/{}{link}\n  flist       {}\n  tree        {} entries, {}\n  revision    {}\n  updated     {updated}",
        flist.repository,
        flist.name,
        flist.flist,
        flist.entries,
        text::size(flist.bytes),
        flist.revision,
    )
}

/// What an image's configuration says, one thing a line. Values are shown as JSON, so that spaces and quotes
/// in them are seen.
fn config(image: &Value) -> String {
    let mut shown = String::new();
    let mut line = |key: &str, value: &str| {
        let _ = write!(shown, "\n  {key:<11} {value}");
    };
    let word = |key: &str| image.get(key).and_then(Value::as_str).filter(|word| !word.is_empty());
    let platform: Vec<&str> =
        ["os", "architecture", "variant"].into_iter().filter_map(word).collect();
    line("platform", &platform.join("/"));
    if let Some(created) = word("created") {
        line("created", created);
    }
    let nothing = Map::new();
    let config = image.get("config").and_then(Value::as_object).unwrap_or(&nothing);
    for (key, name) in [
        ("Entrypoint", "entrypoint"),
        ("Cmd", "cmd"),
        ("User", "user"),
        ("WorkingDir", "working dir"),
        ("StopSignal", "stop signal"),
        ("Healthcheck", "healthcheck"),
    ] {
        match config.get(key) {
            Some(Value::String(value)) if !value.is_empty() => line(name, value),
            None | Some(Value::Null | Value::String(_)) => {}
            Some(value) => line(name, &value.to_string()),
        }
    }
    for (key, name) in
        [("Env", "env"), ("ExposedPorts", "port"), ("Volumes", "volume"), ("Labels", "label")]
    {
        match config.get(key) {
            Some(Value::Array(values)) => {
                for value in values {
                    line(name, &plain(value));
                }
            }
            Some(Value::Object(values)) => {
                for (key, value) in values {
                    match value {
                        Value::String(value) => line(name, &format!("{key}={value}")),
                        _ => line(name, key),
                    }
                }
            }
            _ => {}
        }
    }
    shown
}

/// Text as it is, anything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_shown_line_by_line() {
        let image = serde_json::json!({
            "os": "linux", "architecture": "arm", "variant": "v7", "created": "2026-01-01T00:00:00Z",
            "config": {
                "Entrypoint": ["/bin/a", "b c"], "Cmd": null, "User": "bob", "WorkingDir": "",
                "Env": ["A=b \"c\""], "ExposedPorts": {"80/tcp": {}}, "Volumes": {"/data": {}},
                "Labels": {"x": "y z"}, "StopSignal": "SIGINT", "Healthcheck": {"Test": ["NONE"]},
            },
        });
        assert_eq!(
            config(&image),
            "\n  platform    linux/arm/v7\n  created     2026-01-01T00:00:00Z\n  entrypoint  \
             [\"/bin/a\",\"b c\"]\n  user        bob\n  stop signal SIGINT\n  healthcheck \
             {\"Test\":[\"NONE\"]}\n  env         A=b \"c\"\n  port        80/tcp\n  volume      \
             /data\n  label       x=y z"
        );
    }

    #[test]
    fn what_is_no_configuration_is_shown_as_little() {
        for image in [Value::Null, serde_json::json!({"config": 7, "os": 3})] {
            assert_eq!(config(&image), "\n  platform    ");
        }
    }
}
