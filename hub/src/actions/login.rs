//! Logging in with a password, logging out, and changing one's own password.

use super::error::ActionError;
use crate::auth::{
    AuthError, Caller, Credential, Denied, Origin, Password, PasswordError, Scope, Token,
    TokenKind, allow_own,
};
use crate::catalog::{Actor, NewToken, TokenRow, UserRow};
use crate::error::Code;
use crate::name::RepositoryName;
use crate::state::Hub;

/// Makes a token for whoever has the user's password. A wrong password and a user that is not there, is disabled
/// or has none are answered alike, and cost alike.
pub async fn login(
    hub: &Hub,
    origin: &Origin,
    user: &str,
    password: String,
) -> Result<(Token, TokenRow), ActionError> {
    let attempt = hub.limits.login_attempt(user, origin.address)?;
    let known = known(hub, user, password).await;
    if !matches!(known, Ok(None)) {
        attempt.take_back();
    }
    let Some(user) = known? else {
        tracing::info!("a login was refused");
        return Err(AuthError::Login.into());
    };
    let token = Token::random().map_err(|error| ActionError::internal(error.to_string()))?;
    let scope = if user.admin { Scope::Admin } else { Scope::Write };
    let now = hub.clock.now();
    let new = NewToken {
        user_id: user.id,
        hash: token.hash(),
        kind: TokenKind::Login,
        label: String::new(),
        scope,
        only: None,
        expires: Some(now.saturating_add(hub.config.access.login_seconds)),
    };
    let by = Actor {
        user_id: Some(user.id),
        name: user.name.clone(),
        credential: "password".to_owned(),
        address: origin.address.map(|address| address.to_string()),
        request: Some(origin.request.clone()).filter(|id| !id.is_empty()),
    };
    hub.catalog.forget_logins(user.id, now).await?;
    let id = hub.catalog.create_token(&new, &by, now).await?;
    let row = hub.catalog.token_by_id(id).await?;
    let row = row.ok_or_else(|| ActionError::internal("a token was gone once it was made"))?;
    Ok((token, row))
}

/// The user of that name, if that is the password. What is no name is the name of nobody, and costs the same.
async fn known(hub: &Hub, user: &str, password: String) -> Result<Option<UserRow>, ActionError> {
    let found = match RepositoryName::parse(user) {
        Ok(name) => hub.catalog.password_of(name.as_str()).await?,
        Err(_) => None,
    };
    let (user, kept) = found.map_or((None, None), |(user, kept)| (Some(user), Some(kept)));
    let right = hub.passwords.verify(Password::presented(password), kept).await?;
    Ok(user.filter(|_| right))
}

/// Revokes the token that the caller came with.
pub async fn logout(hub: &Hub, caller: &Caller) -> Result<(), ActionError> {
    let Credential::Token { id, .. } = &caller.identity()?.credential else {
        return Err(Denied::Issued.into());
    };
    hub.catalog.revoke_token(*id, &caller.actor()?, hub.clock.now()).await?;
    Ok(())
}

/// Gives the caller another password. Who has the token alone does not get that far. Ends all logins of the user,
/// this one too.
pub async fn change_password(
    hub: &Hub,
    caller: &Caller,
    current: String,
    new: String,
) -> Result<(), ActionError> {
    allow_own(&hub.config, caller)?;
    let identity = caller.identity()?;
    let new = Password::new(new)?;
    let attempt = hub.limits.login_attempt(&identity.user.name, identity.origin.address)?;
    let known = known(hub, &identity.user.name, current).await;
    if !matches!(known, Ok(None)) {
        attempt.take_back();
    }
    known?.ok_or(Denied::Password)?;
    let kept = hub.passwords.hash(new).await?;
    hub.catalog.set_password(&identity.user.name, &kept, &caller.actor()?, hub.clock.now()).await?;
    Ok(())
}

impl From<PasswordError> for ActionError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => {
                Self::Busy("too many passwords are being checked at the moment; try again")
            }
            PasswordError::TooShort | PasswordError::TooLong | PasswordError::Control => {
                Self::Invalid { code: Code::BAD_PASSWORD, message: error.to_string() }
            }
            PasswordError::Failed(_) => Self::internal(error),
        }
    }
}
