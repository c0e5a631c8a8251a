//! Rules of the routes that 0-hub's clients know, and of the downloads.

use flisthub_hub::auth::Right;
use serde_json::json;

use super::ask::Ask;
use super::prepare::Before;
use super::rules::{Needs, Rule};
use crate::archives::files;
use crate::support::{FORM_TYPE, Field, form};

const READ: Needs = Needs::On(Right::Read);
const OWN: Needs = Needs::OnOwn(Right::Write);
const FROM: Needs = Needs::OwnThen(Right::Read);

const FLIST: &str = "/api/flist/{repository}/{flist}";
const OWN_FLIST: &str = "/api/flist/me/{flist}";
const TAG_MEMBER: &str = "/api/flist/me/{tag}/{member}/tag/{repository}/{flist}";

pub(super) fn rules() -> Vec<Rule> {
    let mut rules = listings();
    rules.extend(downloads());
    rules.extend(inspecting());
    rules.extend(own());
    rules.extend(from_elsewhere());
    rules.extend(sending());
    rules
}

fn listings() -> Vec<Rule> {
    vec![
        Rule::get("/api/flist", Needs::Lists(Right::See), |_, _| Ask::new("GET", "/api/flist")),
        Rule::get("/api/repositories", Needs::Lists(Right::See), |_, _| {
            Ask::new("GET", "/api/repositories")
        }),
        Rule::get("/api/fileslist", Needs::Lists(Right::See), |_, _| {
            Ask::new("GET", "/api/fileslist")
        }),
        Rule::get("/api/flist/{repository}", Needs::On(Right::See), |_, case| {
            Ask::new("GET", format!("/api/flist/{}", case.repository))
        }),
        Rule::get("/api/flist/{repository}/tags/{tag}", READ, |_, case| {
            Ask::new("GET", format!("/api/flist/{}/tags/set", case.repository))
        }),
    ]
}

fn downloads() -> Vec<Rule> {
    let tagged = "/{repository}/tags/{tag}/{file}";
    let file = "/{repository}/{file}";
    vec![
        Rule::get(file, READ, |_, case| {
            Ask::new("GET", format!("/{}/base.flist", case.repository))
        }),
        Rule::get(file, READ, |_, case| {
            Ask::new("GET", format!("/{}/alias.flist.md5", case.repository))
        }),
        Rule::get(file, READ, |_, case| Ask::new("GET", format!("/{}/base.txt", case.repository))),
        Rule::get(file, READ, |_, case| Ask::new("GET", format!("/{}/base.json", case.repository))),
        Rule::get(tagged, READ, |_, case| {
            Ask::new("GET", format!("/{}/tags/set/one.flist", case.repository))
        }),
        Rule::get(tagged, READ, |_, case| {
            Ask::new("GET", format!("/{}/tags/toset/one.flist.md5", case.repository))
        }),
    ]
}

fn inspecting() -> Vec<Rule> {
    vec![
        Rule::get(FLIST, READ, |_, case| {
            Ask::new("GET", format!("/api/flist/{}/base.flist", case.repository))
        }),
        Rule::new(("INFO", FLIST), READ, Before::Nothing, |_, case| {
            Ask::new("INFO", format!("/api/flist/{}/base.flist", case.repository))
        }),
        Rule::get("/api/flist/{repository}/{flist}/light", READ, |_, case| {
            Ask::new("GET", format!("/api/flist/{}/base.flist/light", case.repository))
        }),
        Rule::get("/api/flist/{repository}/{flist}/metadata", READ, |_, case| {
            Ask::new("GET", format!("/api/flist/{}/base.flist/metadata", case.repository))
        }),
        Rule::get("/api/flist/{repository}/{flist}/taglink", READ, |_, case| {
            Ask::new("GET", format!("/api/flist/{}/toset/taglink", case.repository))
        }),
    ]
}

fn me(method: &'static str, rest: &str) -> Ask {
    Ask::new(method, format!("/api/flist/me{rest}"))
}

fn own() -> Vec<Rule> {
    let reads = Needs::OnOwn(Right::Read);
    vec![
        Rule::get("/api/flist/me", Needs::SignedIn, |_, _| me("GET", "")),
        Rule::get(OWN_FLIST, reads, |_, _| me("GET", "/base.flist")),
        Rule::new(("INFO", OWN_FLIST), reads, Before::Nothing, |_, _| me("INFO", "/base.flist")),
        Rule::new(("DELETE", OWN_FLIST), OWN, Before::OwnName, |_, case| {
            me("DELETE", &format!("/{}.flist", case.name))
        }),
        Rule::get("/api/flist/me/{source}/link/{link}", OWN, |_, case| {
            me("GET", &format!("/base.flist/link/{}.flist", case.name))
        }),
        Rule::new(
            ("GET", "/api/flist/me/{source}/rename/{destination}"),
            OWN,
            Before::OwnName,
            |_, case| me("GET", &format!("/{0}.flist/rename/{0}-new.flist", case.name)),
        ),
        Rule::new(("DELETE", TAG_MEMBER), OWN, Before::OwnTag, |_, case| {
            me("DELETE", &format!("/{}/one/tag/elsewhere/base.flist", case.name))
        }),
    ]
}

fn from_elsewhere() -> Vec<Rule> {
    vec![
        Rule::get("/api/flist/me/{link}/crosslink/{repository}/{source}", FROM, |_, case| {
            let (name, repository) = (&case.name, &case.repository);
            me("GET", &format!("/{name}.flist/crosslink/{repository}/base.flist"))
        }),
        Rule::get("/api/flist/me/{link}/crosstag/{repository}/{tag}", FROM, |_, case| {
            let (name, repository) = (&case.name, &case.repository);
            me("GET", &format!("/{name}/crosstag/{repository}/set"))
        }),
        Rule::get(TAG_MEMBER, FROM, |_, case| {
            let (name, repository) = (&case.name, &case.repository);
            me("GET", &format!("/{name}/one/tag/{repository}/base.flist"))
        }),
        Rule::get("/api/flist/me/promote/{repository}/{source}/{name}", FROM, |_, case| {
            let (name, repository) = (&case.name, &case.repository);
            me("GET", &format!("/promote/{repository}/base.flist/{name}.flist"))
        }),
        Rule::new(("POST", "/api/flist/me/merge/{target}"), FROM, Before::Nothing, |_, case| {
            let sources =
                json!(["elsewhere/base.flist", format!("{}/base.flist", case.repository)]);
            me("POST", &format!("/merge/{}.flist", case.name)).json(&sources)
        }),
    ]
}

fn sending() -> Vec<Rule> {
    vec![
        Rule::new(("POST", "/api/flist/me/upload"), OWN, Before::Nothing, |_, case| {
            let archive = files(&[("name", case.name.as_bytes())]);
            let name = format!("{}.tar", case.name);
            let body = form(&[Field::file("file", &name, &archive)]);
            me("POST", "/upload").bytes(FORM_TYPE, body)
        }),
        Rule::new(("POST", "/api/flist/me/upload-flist"), OWN, Before::Nothing, |stage, case| {
            let name = format!("{}.flist", case.name);
            let body = form(&[Field::file("file", &name, &stage.flist_file)]);
            me("POST", "/upload-flist").bytes(FORM_TYPE, body)
        }),
        Rule {
            // It would wait for a job, and nothing runs jobs here.
            succeeds: &[400],
            ..Rule::new(("POST", "/api/flist/me/docker"), OWN, Before::Nothing, |_, _| {
                let body = form(&[Field::text("image", "no image")]);
                me("POST", "/docker").bytes(FORM_TYPE, body)
            })
        },
    ]
}
