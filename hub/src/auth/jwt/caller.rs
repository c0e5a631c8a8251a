//! The user whom a JWT speaks for: found, or made where the issuer may have users made.

use std::collections::BTreeSet;

use super::{Claims, JwtError};
use crate::auth::{ActsFor, AuthError, Credential, Identity, Origin, Scope};
use crate::catalog::{Actor, CatalogError, NewUser, UserRow};
use crate::name::RepositoryName;
use crate::state::Hub;

impl Identity {
    /// Checks a JWT and finds its user, and what of its `memberof` is there.
    pub(in crate::auth) async fn of_jwt(
        hub: &Hub,
        token: &str,
        origin: Origin,
        acts_for: Option<&ActsFor>,
    ) -> Result<Self, AuthError> {
        let claims = hub.issuers.verify(token, hub.clock.now()).await?;
        let user = user(hub, &claims, &origin).await?;
        let mut identity = Self {
            user,
            scope: claims.scope,
            only: None,
            member_of: Vec::new(),
            acts_for: None,
            credential: credential(&claims),
            origin,
        };
        if let Some(acts_for) = acts_for {
            make_group(hub, &claims, &identity, acts_for).await?;
        }
        identity.member_of = numbers(hub, &claims.member_of).await?;
        Ok(identity)
    }
}

fn credential(claims: &Claims) -> Credential {
    Credential::Jwt {
        issuer: claims.issuer.clone(),
        subject: claims.subject.clone(),
        expires: claims.expires,
    }
}

async fn user(hub: &Hub, claims: &Claims, origin: &Origin) -> Result<UserRow, AuthError> {
    let mut account = hub.catalog.user(&claims.user).await?;
    if account.is_none() && claims.create_users && !hub.config.read_only {
        let by = Actor::user(None, claims.user.as_str(), &credential(claims), origin);
        make(hub, &claims.user, &by).await?;
        account = hub.catalog.user(&claims.user).await?;
    }
    let account = account.ok_or_else(|| AuthError::NoSuchUser(claims.user.to_string()))?;
    if account.disabled.is_some() {
        return Err(AuthError::Disabled);
    }
    // Whoever writes a pattern thinks of many users, and not of those who run the hub.
    if account.user.admin && !claims.named {
        return Err(JwtError::NotTheirs.into());
    }
    Ok(account.user)
}

/// Makes the repository that the user is to act for, if the issuer says that they are a member of it, and may
/// have such made. Like every repository of a name, it comes with the user of that name, who owns it: the
/// member has no more rights than the issuer says, and only as long as it says so.
async fn make_group(
    hub: &Hub,
    claims: &Claims,
    identity: &Identity,
    acts_for: &ActsFor,
) -> Result<(), AuthError> {
    let Ok(name) = RepositoryName::parse(&acts_for.0) else { return Ok(()) };
    let may = claims.create_users && claims.scope >= Scope::Write && !hub.config.read_only;
    if !may || !claims.member_of.contains(&name) || acts_for.repository(hub).await?.is_some() {
        return Ok(());
    }
    make(hub, &name, &identity.actor()).await
}

async fn make(hub: &Hub, name: &RepositoryName, by: &Actor) -> Result<(), AuthError> {
    let visibility = hub.config.access.default_visibility;
    let new = NewUser { name, admin: false, password: None, visibility };
    match hub.catalog.create_user(&new, by, hub.clock.now()).await {
        // Another request of the same moment was first; or a repository has the name, and then there is no such
        // user.
        Ok(_) | Err(CatalogError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn numbers(hub: &Hub, names: &BTreeSet<RepositoryName>) -> Result<Vec<i64>, AuthError> {
    let mut numbers = Vec::new();
    for name in names {
        numbers.extend(hub.catalog.repository(name).await?.map(|repository| repository.id));
    }
    Ok(numbers)
}
