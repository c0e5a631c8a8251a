//! Changes of names in the caller's own repository: links, tags, renaming, promotion, deletion. All but the
//! deletions are `GET`s, as 0-hub has them.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::super::face;
use super::file_name;
use crate::actions::{
    ActionError, Thing, delete as deletion, links, promote as promoting, rename as renaming,
    resolve, tags,
};
use crate::auth::{Caller, TokenCaller};
use crate::catalog::{Condition, Kind, Named};
use crate::error::{ApiError, Code};
use crate::name::FLIST_ENDING;
use crate::state::Hub;

type Answer = Result<Response, ApiError>;

/// `GET /api/flist/me/{source}/link/{link}`: a link to another name of the caller's.
pub(super) async fn link(
    State(hub): State<Hub>,
    TokenCaller(caller): TokenCaller,
    Path((source, link)): Path<(String, String)>,
) -> Answer {
    let own = own(&hub, &caller).await?;
    let own = own.as_str();
    file(&hub, &caller, (own, &source)).await?;
    linked(&hub, &caller, (own, &link), &format!("{own}/{source}")).await.map_err(taken)
}

/// `GET /api/flist/me/{link}/crosslink/{repository}/{source}`: a link to a name of any repository.
pub(super) async fn crosslink(
    State(hub): State<Hub>,
    TokenCaller(caller): TokenCaller,
    Path((link, repository, source)): Path<(String, String, String)>,
) -> Answer {
    let own = own(&hub, &caller).await?;
    let own = own.as_str();
    file(&hub, &caller, (&repository, &source)).await.map_err(source_repository)?;
    linked(&hub, &caller, (own, &link), &format!("{repository}/{source}")).await.map_err(taken)
}

/// `GET /api/flist/me/{link}/crosstag/{repository}/{tag}`: a link to a tag of any repository.
pub(super) async fn crosstag(
    State(hub): State<Hub>,
    TokenCaller(caller): TokenCaller,
    Path((link, repository, tag)): Path<(String, String, String)>,
) -> Answer {
    let own = own(&hub, &caller).await?;
    let own = own.as_str();
    if link.ends_with(FLIST_ENDING) {
        let message = "tag symlink cannot ends with .flist";
        return Err(ApiError::new(StatusCode::BAD_REQUEST, Code::BAD_NAME, message));
    }
    let no_tag = || not_found("source tag not found");
    match resolve::named(&hub, &caller, &repository, &tag).await {
        Ok(named) if is_tag(&named) => {}
        Ok(_) | Err(ActionError::NotFound { .. }) => return Err(no_tag()),
        Err(error) => return Err(error.into()),
    }
    let done = linked(&hub, &caller, (own, &link), &format!("{repository}/{tag}")).await;
    match done {
        Err(ActionError::Taken(_)) => {
            let there = resolve::named(&hub, &caller, own, &link).await?;
            Err(conflict(if is_tag(&there) {
                "link destination is already a file"
            } else {
                "there is a .flist file with the same name existing already"
            }))
        }
        done => done.map_err(ApiError::from),
    }
}

/// `GET /api/flist/me/{tag}/{member}/tag/{repository}/{flist}`: adds to a tag of the caller's, or changes
/// what is in it. The tag is made if it is not there.
pub(super) async fn tag(
    State(hub): State<Hub>,
    TokenCaller(caller): TokenCaller,
    Path((tag, member, repository, source)): Path<(String, String, String, String)>,
) -> Answer {
    let own = own(&hub, &caller).await?;
    let own = own.as_str();
    file(&hub, &caller, (&repository, &source)).await.map_err(source_repository)?;
    let target = format!("{repository}/{source}");
    let place = (own, tag.as_str(), member.as_str());
    tags::put(&hub, &caller, place, &target, &Condition::NONE, false).await?;
    Ok(face::success(None::<&()>))
}

/// `DELETE` of the same: removes from a tag. What the member points at does not count.
pub(super) async fn untag(
    State(hub): State<Hub>,
    caller: Caller,
    Path((tag, member, _, _)): Path<(String, String, String, String)>,
) -> Answer {
    let own = own(&hub, &caller).await?;
    let place = (own.as_str(), tag.as_str(), member.as_str());
    let removed = tags::remove(&hub, &caller, place, &Condition::NONE).await;
    removed.map_err(|error| match error {
        // A flist or a link of that name is no tag, and has no members.
        ActionError::NotFound { what: Thing::Tag | Thing::Member, .. } | ActionError::Taken(_) => {
            not_found("target not found on this tag")
        }
        error => error.into(),
    })?;
    Ok(face::success(None::<&()>))
}

/// `GET /api/flist/me/{source}/rename/{destination}`.
pub(super) async fn rename(
    State(hub): State<Hub>,
    TokenCaller(caller): TokenCaller,
    Path((source, destination)): Path<(String, String)>,
) -> Answer {
    let own = own(&hub, &caller).await?;
    let own = own.as_str();
    file(&hub, &caller, (own, &source)).await?;
    let name = (own, source.as_str());
    renaming::rename(&hub, &caller, name, &destination, &Condition::NONE, false).await?;
    Ok(face::success(None::<&()>))
}

/// `GET /api/flist/me/promote/{repository}/{source}/{name}`: a name of the caller's points at what a name of
/// any repository points at now.
pub(super) async fn promote(
    State(hub): State<Hub>,
    TokenCaller(caller): TokenCaller,
    Path((repository, source, name)): Path<(String, String, String)>,
) -> Answer {
    let own = own(&hub, &caller).await?;
    let own = own.as_str();
    file(&hub, &caller, (&repository, &source)).await?;
    let from = format!("{repository}/{source}");
    let done =
        promoting::promote(&hub, &caller, (own, &name), &from, &Condition::NONE, false).await?;
    let source = source.strip_suffix(FLIST_ENDING).unwrap_or(&source);
    Ok(face::success(Some(&json!({
        "source": { "username": repository, "filename": file_name(source) },
        "destination": { "username": own, "filename": file_name(&done.value.name) },
    }))))
}

/// `DELETE /api/flist/me/{flist}`: deletes a flist, a link, or a link to a tag. A tag goes with its last
/// member.
pub(super) async fn delete(
    State(hub): State<Hub>,
    caller: Caller,
    Path(name): Path<String>,
) -> Answer {
    let own = own(&hub, &caller).await?;
    let own = own.as_str();
    let named = resolve::named(&hub, &caller, own, &name).await?;
    if named.points_at.kind() == Kind::Tag {
        return Err(ActionError::not_found(Thing::Flist, named.name).into());
    }
    deletion::name(&hub, &caller, own, &name, &Condition::NONE).await?;
    Ok(face::success(None::<&()>))
}

/// The caller's own repository, the only one that these routes change.
/// The caller's own repository, which they may write to: looked at before anything is told of a source.
async fn own(hub: &Hub, caller: &Caller) -> Result<String, ApiError> {
    Ok(resolve::own_repository(hub, caller).await?.name)
}

fn is_tag(named: &Named) -> bool {
    matches!(named.points_at.kind(), Kind::Tag | Kind::TagLink)
}

/// Makes sure that a flist or a link has that name: to 0-hub a tag is no file.
async fn file(
    hub: &Hub,
    caller: &Caller,
    (repository, name): (&str, &str),
) -> Result<(), ActionError> {
    let named = resolve::named(hub, caller, repository, name).await?;
    if is_tag(&named) {
        return Err(ActionError::not_found(Thing::Flist, named.name));
    }
    Ok(())
}

async fn linked(
    hub: &Hub,
    caller: &Caller,
    link: (&str, &str),
    target: &str,
) -> Result<Response, ActionError> {
    links::link(hub, caller, link, target, &Condition::NONE, false).await?;
    Ok(face::success(None::<&()>))
}

fn not_found(message: &str) -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, Code::NOT_FOUND, message)
}

fn conflict(message: &str) -> ApiError {
    ApiError::new(StatusCode::CONFLICT, Code::NAME_TAKEN, message)
}

/// What 0-hub says where a link would stand in the place of something else.
fn taken(error: ActionError) -> ApiError {
    match error {
        ActionError::Taken(_) => conflict("link destination is already a file"),
        error => error.into(),
    }
}

/// What 0-hub says where the repository that is linked to is not there.
fn source_repository(error: ActionError) -> ApiError {
    match error {
        ActionError::NotFound { what: Thing::User | Thing::Repository, .. } => {
            not_found("source repository not found")
        }
        error => error.into(),
    }
}
