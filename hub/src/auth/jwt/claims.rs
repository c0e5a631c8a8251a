//! What a JWT that is genuine says, held against what its issuer may say.

use std::collections::BTreeSet;

use serde_json::Value;

use super::error::JwtError;
use super::members::Members;
use crate::auth::Scope;
use crate::config::{Issuer, MostScope};
use crate::name::{MAX_NAME, RepositoryName};

/// The most bytes of a subject.
const LONGEST_SUBJECT: usize = 255;

/// The most repositories that one JWT can be a member of.
const MOST_MEMBERSHIPS: usize = 100;

/// What 0-hub's scopes of membership begin with.
const MEMBER_OF: &str = "user:memberof:";

/// What a JWT says that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Who made it.
    pub issuer: String,
    /// What the issuer calls its user for ever (`sub`); without that, the user's name.
    pub subject: String,
    /// Who it speaks for.
    pub user: RepositoryName,
    /// Whether the configuration names that user, and not only a pattern that fits many.
    pub named: bool,
    /// Repositories that the user may contribute to, as far as the issuer may say so.
    pub member_of: BTreeSet<RepositoryName>,
    /// The most that it is good for.
    pub scope: Scope,
    /// Whether a user that is not known is made.
    pub create_users: bool,
    /// When it ends, in seconds since the Unix epoch.
    pub expires: u64,
}

impl Claims {
    /// Reads the claims of a JWT whose signature, issuer and audience have been checked. `now` is in seconds
    /// since the Unix epoch.
    pub(super) fn read(issuer: &Issuer, claims: &Members, now: u64) -> Result<Self, JwtError> {
        let expires = expires(claims, issuer.leeway_seconds, now)?;
        let user = user(issuer, claims)?;
        let subject = subject(claims)?.unwrap_or_else(|| user.as_str()).to_owned();
        Ok(Self {
            issuer: issuer.issuer.clone(),
            subject,
            member_of: member_of(issuer, claims)?,
            named: issuer.users.iter().any(|pattern| pattern.is_name(user.as_str())),
            user,
            scope: match issuer.scope {
                MostScope::Read => Scope::Read,
                MostScope::Write => Scope::Write,
            },
            create_users: issuer.create_users,
            expires,
        })
    }
}

/// When it ends, unless that is over, or its time has not come.
fn expires(claims: &Members, leeway: u64, now: u64) -> Result<u64, JwtError> {
    let ends = seconds(claims, "exp")?.ok_or(JwtError::Missing("exp"))?;
    if now >= ends.saturating_add(leeway) {
        return Err(JwtError::Expired);
    }
    let begins = seconds(claims, "nbf")?.unwrap_or(0);
    if begins > now.saturating_add(leeway) {
        return Err(JwtError::NotYet);
    }
    Ok(ends)
}

/// A time, in whole seconds since the Unix epoch. Issuers may write fractions.
fn seconds(claims: &Members, claim: &'static str) -> Result<Option<u64>, JwtError> {
    let Some(value) = claims.get(claim) else { return Ok(None) };
    let wrong = JwtError::Claim { claim, need: "a number of seconds since 1970" };
    if let Some(seconds) = value.as_u64() {
        return Ok(Some(seconds));
    }
    let fraction = value.as_f64().filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative; what is larger than any time becomes the largest"
    )]
    fraction.map(|seconds| Some(seconds as u64)).ok_or(wrong)
}

fn user(issuer: &Issuer, claims: &Members) -> Result<RepositoryName, JwtError> {
    if !claims.has(&issuer.user_claim) {
        return Err(JwtError::Missing("username, or what `user_claim` is"));
    }
    let name = claims.text(&issuer.user_claim).and_then(|name| RepositoryName::parse(name).ok());
    let need = "a name as users have here";
    let name = name.ok_or(JwtError::Claim { claim: "username, or what `user_claim` is", need })?;
    if !issuer.users.iter().any(|pattern| pattern.fits(name.as_str())) {
        return Err(JwtError::NotTheirs);
    }
    Ok(name)
}

/// It ends up in the audit log.
fn subject(claims: &Members) -> Result<Option<&str>, JwtError> {
    let Some(value) = claims.get("sub") else { return Ok(None) };
    let fits = |text: &&str| {
        (1..=LONGEST_SUBJECT).contains(&text.len()) && !text.chars().any(char::is_control)
    };
    let need = "a text of 1 to 255 bytes without control characters";
    value.as_str().filter(fits).map(Some).ok_or(JwtError::Claim { claim: "sub", need })
}

fn member_of(issuer: &Issuer, claims: &Members) -> Result<BTreeSet<RepositoryName>, JwtError> {
    let mut names = texts(claims, "memberof")?;
    names.extend(
        texts(claims, "scope")?.into_iter().filter_map(|entry| entry.strip_prefix(MEMBER_OF)),
    );
    // Others' repositories are no fault of the token: it is made for other services too.
    let theirs = |name: &&str| {
        name.len() <= MAX_NAME && issuer.repositories.iter().any(|pattern| pattern.fits(name))
    };
    let member_of: BTreeSet<_> = names
        .into_iter()
        .filter(theirs)
        .filter_map(|name| RepositoryName::parse(name).ok())
        .collect();
    if member_of.len() > MOST_MEMBERSHIPS {
        return Err(JwtError::Claim {
            claim: "memberof",
            need: "at most 100 repositories of here",
        });
    }
    Ok(member_of)
}

/// A list of texts, or one text of words.
fn texts<'a>(claims: &'a Members, claim: &'static str) -> Result<Vec<&'a str>, JwtError> {
    let wrong = JwtError::Claim { claim, need: "a text, or a list of texts" };
    match claims.get(claim) {
        None => Ok(Vec::new()),
        Some(Value::String(words)) => Ok(words.split_ascii_whitespace().collect()),
        Some(Value::Array(all)) => all.iter().map(|one| one.as_str().ok_or(wrong)).collect(),
        Some(_) => Err(wrong),
    }
}
