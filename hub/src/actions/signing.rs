//! Addresses that need no token for a while: signing them for whoever may read, and reading by them. Such an address
//! never opens more than its signer could read at that very moment, in the revision that it was signed for.

use flisthub_flist::TreePath;
use flisthub_flist::wire::{MAX_SIGNED_PATHS, MAX_SIGNED_SECONDS, SIGNED_SECONDS, SignRequest};

use super::error::{ActionError, Thing};
use super::files::{self, Opened, What};
use super::resolve;
use crate::auth::{AuthError, Caller, Credential, Identity, Origin, allow_sign};
use crate::catalog::NameRow;
use crate::error::Code;
use crate::signatures::{Grant, SignedGrant};
use crate::state::Hub;

/// What was signed.
pub struct Signed {
    /// The name at the end of all links, and the flist.
    pub row: NameRow,
    /// When it ends, in seconds since the Unix epoch.
    pub expires: u64,
    /// For each path that was asked for, in that order.
    pub paths: Vec<(TreePath, SignedGrant)>,
}

/// What a path leads to, and how that came to be read.
pub struct Read {
    /// What is there.
    pub opened: Opened,
    /// Whether it is told because of a signature, and not because of who is calling.
    pub by_signature: bool,
}

/// Signs for files of what a name points at now. Of a link it is the name at its end: that one has the revisions.
pub async fn sign(
    hub: &Hub,
    caller: &Caller,
    (repository, name): (&str, &str),
    asked: &SignRequest,
) -> Result<Signed, ActionError> {
    allow_sign(caller)?;
    let identity = caller.identity()?;
    let Credential::Token { id: token_id, expires: end, .. } = identity.credential else {
        return Err(ActionError::internal("signed for who has no token of the hub"));
    };
    let (repository, row) = resolve::standing(hub, caller, (repository, name)).await?;
    let (paths, seconds) = bounded(asked)?;
    let expires = hub.clock.now().saturating_add(seconds);
    let grant = Grant {
        repository_id: repository.id,
        user_id: identity.user.id,
        token_id,
        revision: row.revision,
        flist: row.flist.id,
        expires: end.map_or(expires, |end| end.min(expires)),
    };
    let mut signed = Vec::with_capacity(paths.len());
    for path in paths {
        is_file(files::at(hub, row.clone(), &path).await?, &path)?;
        let made = hub.signatures.sign((&row.name, path.as_bytes()), grant);
        let made = made.ok_or_else(|| ActionError::internal("the system has no random numbers"))?;
        signed.push((path, made));
    }
    Ok(Signed { row, expires: grant.expires, paths: signed })
}

/// The paths, and for how many seconds.
fn bounded(asked: &SignRequest) -> Result<(Vec<TreePath>, u64), ActionError> {
    let invalid = |code, message| ActionError::Invalid { code, message };
    let seconds = asked.seconds.unwrap_or(SIGNED_SECONDS);
    if !(1..=MAX_SIGNED_SECONDS).contains(&seconds) {
        let message = format!("seconds: it must be from 1 to {MAX_SIGNED_SECONDS}");
        return Err(invalid(Code::BAD_REQUEST, message));
    }
    if asked.paths.is_empty() || asked.paths.len() > MAX_SIGNED_PATHS {
        let message = format!("paths: there must be from 1 to {MAX_SIGNED_PATHS}");
        return Err(invalid(Code::BAD_REQUEST, message));
    }
    let paths = asked.paths.iter().enumerate().map(|(at, path)| {
        TreePath::parse(path.as_bytes())
            .map_err(|error| invalid(Code::BAD_PATH, format!("paths[{at}]: {error}")))
    });
    Ok((paths.collect::<Result<_, _>>()?, seconds))
}

/// A directory has many files, and those that would be read are not all known to who signs.
fn is_file(opened: Opened, path: &TreePath) -> Result<(), ActionError> {
    match opened.what {
        What::File(_) => Ok(()),
        What::Directory(_) => {
            let NameRow { repository, name, .. } = opened.row;
            let message = format!(
                "`{path}` in {repository}/{name} is a directory: addresses are signed for files"
            );
            Err(ActionError::Unprocessable { code: Code::NOT_A_FILE, message })
        }
    }
}

/// Finds what `path` leads to, as [`files::open`] does, or by what was signed. Who is known by a token reads by
/// that, unless it does not let them. A signature that is worth nothing is as if there were none.
pub async fn open(
    hub: &Hub,
    caller: &Caller,
    name: (&str, &str),
    (revision, path): (Option<u64>, &TreePath),
    signed: Option<&SignedGrant>,
) -> Result<Read, ActionError> {
    let plain = async || files::open(hub, caller, name, revision, path).await;
    let as_caller = |opened| Read { opened, by_signature: false };
    let by_signature = |opened| Read { opened, by_signature: true };
    let Some(signed) = signed else { return plain().await.map(as_caller) };
    if matches!(caller, Caller::Anonymous) {
        // First: it may be of another flist than the one that everybody reads now.
        return match granted(hub, name, path, signed).await? {
            Some(opened) => Ok(by_signature(opened)),
            None => plain().await.map(as_caller),
        };
    }
    match plain().await {
        Err(error) if is_closed(&error) => {
            granted(hub, name, path, signed).await?.map(by_signature).ok_or(error)
        }
        found => found.map(as_caller),
    }
}

/// Whether the name itself may not be read, or is not there.
fn is_closed(error: &ActionError) -> bool {
    match error {
        ActionError::Denied(_) => true,
        ActionError::NotFound { what, .. } => matches!(what, Thing::Repository | Thing::Flist),
        _ => false,
    }
}

/// What was signed for, if it was signed here, has not ended, and its signer could read it now.
async fn granted(
    hub: &Hub,
    (repository, name): (&str, &str),
    path: &TreePath,
    signed: &SignedGrant,
) -> Result<Option<Opened>, ActionError> {
    let grant = &signed.grant;
    if !hub.signatures.holds((name, path.as_bytes()), signed) || grant.expires <= hub.clock.now() {
        return Ok(None);
    }
    let Some(reader) = signer(hub, grant).await? else { return Ok(None) };
    let there = hub.catalog.repository_by_id(grant.repository_id).await?;
    if there.is_none_or(|there| there.name != repository) {
        return Ok(None);
    }
    let read = async {
        let row = resolve::revision(hub, &reader, (repository, name), grant.revision).await?;
        // A rename over this name puts other rows under its numbers.
        if row.flist.id != grant.flist {
            return Ok(None);
        }
        files::at(hub, row, path).await.map(Some)
    };
    match read.await {
        Err(ActionError::Denied(_) | ActionError::NotFound { .. }) => Ok(None),
        read => read,
    }
}

/// The signer as the catalog has them now, if their token is still worth something.
async fn signer(hub: &Hub, grant: &Grant) -> Result<Option<Caller>, ActionError> {
    match Identity::of_token_id(hub, grant.token_id, Origin::default()).await {
        Ok(identity) if identity.user.id == grant.user_id => {
            Ok(Some(Caller::User(Box::new(identity))))
        }
        Err(AuthError::Catalog(error)) => Err(error.into()),
        Ok(_) | Err(_) => Ok(None),
    }
}
