//! The matrix: every route, asked by everybody, of a public, an internal and a private repository.

use std::collections::BTreeSet;

use flisthub_hub::auth::{Right, Visibility};
use flisthub_hub::config::Config;
use flisthub_hub::routes;

use super::ask::{Ask, Said};
use super::callers::{self, Who};
use super::prepare::Case;
use super::rules::{self, Comes, Needs, Rule};
use super::stage::{ONLY_TAG, ONLY_WEST, Stage, State, TARGET};

/// One request of the matrix.
struct Cell<'a> {
    stage: &'a Stage,
    rule: &'a Rule,
    who: &'a Who,
    case: Case,
    wrong: &'a mut Vec<String>,
}

impl Cell<'_> {
    async fn ask(&self, method: &'static str, case: &Case, cookies: bool) -> Said {
        let ask = Ask { method, ..(self.rule.ask)(self.stage, case) };
        let said = if cookies {
            let token = self.who.authorization.as_deref().unwrap_or_default();
            let token = token.trim_start_matches("Bearer ");
            let cookie = ["token", "session", "caddyoauth", "authorization", "flisthub"]
                .map(|name| format!("{name}={token}"))
                .join("; ");
            self.stage.send(&ask, None, &[("cookie", &cookie)]).await
        } else {
            self.stage.send(&ask, self.who.authorization.as_deref(), &[]).await
        };
        assert!(
            method != "HEAD" || said.body.is_empty(),
            "{} {}: a HEAD has a body",
            self.rule.pattern,
            self.who.name
        );
        said
    }

    fn complain(&mut self, what: &str, said: &Said) {
        let (method, pattern, who) = (self.rule.method, self.rule.pattern, self.who.name);
        let (status, text) = (said.status, said.text());
        let visibility = self.stage.target.visibility;
        let text: String = text.chars().take(300).collect();
        self.wrong
            .push(format!("{method} {pattern}, {visibility}, {who}: {what}: {status} {text}"));
    }

    /// Whether an answer is what it should be.
    async fn judge(&mut self, comes: Comes, method: &'static str, said: &Said) {
        let right = match comes {
            Comes::Success if method == "HEAD" && self.rule.succeeds.contains(&200) => {
                said.status == 200
            }
            Comes::Success => self.rule.succeeds.contains(&said.status),
            Comes::NoCredentials => {
                said.status == 401 && said.header("www-authenticate") == Some("Bearer")
            }
            Comes::Forbidden => said.status == 403,
            Comes::Absent => said.status == 404,
        };
        if !right {
            self.complain(&format!("{method} should come to {comes:?}"), said);
        }
        if comes == Comes::Absent && !matches!(self.rule.needs, Needs::Session(_)) {
            let absent = self.case.absent();
            let of_absent = self.ask(method, &absent, false).await;
            let renamed = [(&self.case.job, &absent.job), (&self.case.token, &absent.token)];
            if said.leveled(&renamed) != of_absent.leveled(&renamed) {
                self.complain(&format!("{method} should be as {of_absent:?}"), said);
            }
        }
        if comes == Comes::Success
            && let Needs::Lists(right) = self.rule.needs
            && matches!(method, "GET" | "POST")
            && let Some(_) = &self.who.caller
        {
            let text = said.text();
            let name = [format!("{TARGET}/"), format!("\"{TARGET}\":["), format!(":\"{TARGET}\"")];
            let shown = name.iter().any(|name| text.contains(name));
            if shown != self.who.may(self.stage, right, &self.stage.target).is_ok() {
                self.complain(&format!("the name is shown: {shown}"), said);
            }
        }
    }

    /// What is told of all items together tells of those alone that the caller may read.
    fn judge_told(&mut self, said: &Said) {
        let text = said.text();
        let shown = text.contains(ONLY_TAG) || text.contains(&ONLY_WEST.to_string());
        let pattern = self.rule.pattern.trim_start_matches("/api/");
        let tells =
            ["proxy/tags", "stac/collections", "stac/children", "stac/collections/{collection}"];
        let may = self.who.may(self.stage, Right::Read, &self.stage.target).is_ok();
        if shown != (may && tells.contains(&pattern)) {
            self.complain(&format!("what the target's item says is shown: {shown}"), said);
        }
    }

    /// Asks for the real thing; what is refused changes nothing.
    async fn run(&mut self) {
        let comes = self.rule.comes(self.stage, self.who);
        let before = self.stage.state().await;
        if self.rule.method == "GET" {
            self.head(comes).await;
        }
        if self.who.authorization.is_some() {
            self.cookies_are_nothing().await;
        }
        let said = self.ask(self.rule.method, &self.case, false).await;
        self.judge(comes, self.rule.method, &said).await;
        if comes == Comes::Success && self.rule.needs == Needs::Valid {
            self.judge_told(&said);
        }
        if comes != Comes::Success && changed(&before, &self.stage.state().await) {
            self.complain("it was refused and changed something", &said);
        }
    }

    /// `HEAD` is as `GET`, and of a change by `GET` nothing.
    async fn head(&mut self, comes: Comes) {
        let said = self.ask("HEAD", &self.case, false).await;
        if self.stage.takes("HEAD", self.rule.pattern) {
            self.judge(comes, "HEAD", &said).await;
        } else if said.status != 405 {
            self.complain("HEAD should be 405", &said);
        }
    }

    /// Whoever only sends cookies is nobody in particular.
    async fn cookies_are_nothing(&mut self) {
        let anonymous = Who {
            name: "cookies",
            authorization: None,
            caller: Some(flisthub_hub::auth::Caller::Anonymous),
        };
        let comes = self.rule.comes(self.stage, &anonymous);
        // Asked once in each row, of those whose token is good for most.
        if comes == Comes::Success || !["owner", "admin"].contains(&self.who.name) {
            return;
        }
        let before = self.stage.state().await;
        let said = self.ask(self.rule.method, &self.case, true).await;
        let right = match comes {
            Comes::NoCredentials => said.status == 401,
            _ => said.status == 404,
        };
        if !right || changed(&before, &self.stage.state().await) {
            self.complain("a cookie was taken for a token", &said);
        }
    }
}

/// Whether anything changed. Sessions of earlier requests may end meanwhile.
fn changed(before: &State, after: &State) -> bool {
    (before.0, before.1) != (after.0, after.1) || after.2 > before.2
}

async fn matrix(visibility: Visibility, config: Config) {
    let stage = Stage::new(visibility, config).await;
    let mut everybody = callers::all(&stage).await;
    let mut wrong = Vec::new();
    for (row, rule) in rules::all().iter().enumerate() {
        for (column, who) in everybody.iter().enumerate() {
            if rule.slow && !["anonymous", "owner", "guest", "expired token"].contains(&who.name) {
                continue;
            }
            let name = format!("case-{row}-{column}");
            let case = stage.prepare(rule.before, who, &name).await;
            Cell { stage: &stage, rule, who, case, wrong: &mut wrong }.run().await;
        }
        if rule.spends {
            everybody = callers::all(&stage).await;
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn of_a_public_repository() {
    matrix(Visibility::Public, Config::default()).await;
}

#[tokio::test]
async fn of_an_internal_repository() {
    matrix(Visibility::Internal, Config::default()).await;
}

#[tokio::test]
async fn of_a_private_repository() {
    matrix(Visibility::Private, Config::default()).await;
}

#[tokio::test]
async fn of_a_hub_that_changes_nothing() {
    matrix(Visibility::Private, Config { read_only: true, ..Config::default() }).await;
}

#[tokio::test]
async fn every_route_has_a_rule_and_every_rule_a_route() {
    let stage = Stage::new(Visibility::Public, Config::default()).await;
    let listed = routes::routes(&stage.hub);
    // `HEAD` goes by the rule of `GET`.
    let routes: BTreeSet<(&str, &str)> = listed
        .iter()
        .map(|route| (route.method, route.pattern.as_str()))
        .filter(|(method, _)| *method != "HEAD")
        .collect();
    let rules = rules::all();
    let covered = rules.iter().map(|rule| (rule.method, rule.pattern)).collect();
    let without: Vec<_> = routes.difference(&covered).collect();
    assert!(without.is_empty(), "routes without a rule in rules*.rs: {without:?}");
    let gone: Vec<_> = covered.difference(&routes).collect();
    assert!(gone.is_empty(), "rules without a route: {gone:?}");
}
