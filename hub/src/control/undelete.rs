//! Undeleting for the operator, who has no token and no user.

use crate::actions::{ActionError, undelete};
use crate::auth::Caller;
use crate::catalog::Condition;
use crate::error::Code;
use crate::name::RepositoryName;
use crate::state::Hub;

/// Makes a deleted name, `repository/name`, point again at what it pointed at before.
pub async fn undelete(hub: &Hub, name: &str) -> Result<(), ActionError> {
    let (repository, flist) = name.split_once('/').ok_or_else(|| ActionError::Invalid {
        code: Code::BAD_NAME,
        message: format!("{name:?} is not repository/name"),
    })?;
    RepositoryName::parse(repository)?;
    undelete::name(hub, &Caller::Operator, repository, flist, &Condition::NONE).await?;
    Ok(())
}
