//! `.startup.toml`: how a Zero-OS machine starts what an image holds, as 0-hub writes it into the trees it
//! converts. Only on demand: it is a file that the image has not.
//!
//! Where 0-hub drops the command of an image whose entrypoint has several words, its arguments follow here,
//! as an engine would run them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::ImageConfig;

/// The file's name, at the root of the tree.
pub(super) const NAME: &[u8] = b".startup.toml";

#[derive(Serialize)]
struct File<'a> {
    startup: Startup<'a>,
}

#[derive(Serialize)]
struct Startup<'a> {
    entry: Entry<'a>,
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'static str,
    args: Arguments<'a>,
}

#[derive(Serialize)]
struct Arguments<'a> {
    name: &'a str,
    args: Vec<&'a str>,
    dir: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    env: BTreeMap<&'a str, &'a str>,
}

/// The file for an image; `None` if the image says nothing of what is to be run.
pub(super) fn file(config: &ImageConfig) -> Option<String> {
    let mut words = config.entrypoint.iter().chain(&config.command).map(String::as_str);
    let name = words.next()?;
    let dir = match config.working_directory.as_str() {
        "" => "/",
        directory => directory,
    };
    let variables = config.environment.iter();
    let env = variables.map(|one| one.split_once('=').unwrap_or((one, ""))).collect();
    let args = Arguments { name, args: words.collect(), dir, env };
    let startup = Startup { entry: Entry { name: "core.system", args } };
    toml::to_string(&File { startup }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(json: &str) -> ImageConfig {
        ImageConfig::read(format!(r#"{{"rootfs":{{}},"config":{json}}}"#).as_bytes()).unwrap()
    }

    #[test]
    fn entrypoint_and_command_follow_one_another() {
        let text = file(&config(
            r#"{"Entrypoint":["/bin/a","-x"],"Cmd":["b c","d\"e"],"WorkingDir":"/srv",
            "Env":["PATH=/bin","ODD=a=b \\ \u0007\n","NONE","PATH=/sbin"]}"#,
        ));
        let read: toml::Table = text.as_deref().unwrap().parse().unwrap();
        let entry = &read["startup"]["entry"];
        assert_eq!(entry["name"].as_str(), Some("core.system"));
        let expected = toml::toml! {
            name = "/bin/a"
            args = ["-x", "b c", "d\"e"]
            dir = "/srv"
            [env]
            NONE = ""
            ODD = "a=b \\ \u{7}\n"
            PATH = "/sbin"
        };
        assert_eq!(entry["args"], toml::Value::Table(expected));
    }

    #[test]
    fn without_a_command_there_is_no_file() {
        assert_eq!(file(&config("{}")), None);
        let text = file(&config(r#"{"Cmd":["sh"]}"#)).unwrap();
        assert!(text.ends_with("name = \"sh\"\nargs = []\ndir = \"/\"\n"), "{text}");
    }
}
