//! Calls that change what names are: merge, promote, link, tag, rename, roll back, remove.
//!
//! Those that make a name be something are asked for again when the answer is lost; those that go on from
//! what it was are not. Then the name's history is what is known, and the error tells it.

use bytes::Bytes;
use flisthub_flist::wire::{
    FlistInfo, LinkRequest, MergeRequest, MergedFlist, NameInfo, PromoteRequest, RenameRequest,
    RollbackRequest, TagInfo,
};
use reqwest::Method;
use serde::de::DeserializeOwned;

use crate::condition::{Change, Condition};
use crate::error::{ClientError, Refusal};
use crate::hub::{HubClient, PUBLISH_PATIENCE, json};
use crate::retry::{Repeat, may_have_been_done};
use crate::transport::{Call, MAX_ANSWER, read_json};

/// A repository and a name in it.
type Name<'a> = (&'a str, &'a str);

impl HubClient {
    /// Merges flists into a name.
    pub async fn merge(
        &self,
        (repository, name): Name<'_>,
        request: &MergeRequest,
        condition: Condition,
    ) -> Result<MergedFlist, ClientError> {
        let what = format!("merging into {repository}/{name}");
        let path = ["api", "v1", "flists", repository, name, "merge"];
        let change = Change { condition, dry_run: request.dry_run };
        let call = Call {
            payload: json(&what, request)?,
            repeat: change.of_step(),
            patience: PUBLISH_PATIENCE,
            ..Call::new(&what, Method::POST, &path)
        };
        self.changed(call, change, (repository, name)).await
    }

    /// Makes a name point at what `from` (`repository/name`) points at now.
    pub async fn promote(
        &self,
        (repository, name): Name<'_>,
        from: &str,
        change: Change,
    ) -> Result<FlistInfo, ClientError> {
        let what = format!("promoting {from} to {repository}/{name}");
        let request = PromoteRequest { from: from.to_owned(), dry_run: change.dry_run };
        let path = ["api", "v1", "flists", repository, name, "promote"];
        let call = Call {
            payload: json(&what, &request)?,
            repeat: change.of_state(),
            patience: PUBLISH_PATIENCE,
            ..Call::new(&what, Method::POST, &path)
        };
        self.changed(call, change, (repository, name)).await
    }

    /// Makes a name a link to `target` (`repository/name`), which may be a flist, a link or a tag.
    pub async fn link(
        &self,
        (repository, name): Name<'_>,
        target: &str,
        change: Change,
    ) -> Result<NameInfo, ClientError> {
        let what = format!("linking {repository}/{name} to {target}");
        let request = LinkRequest { target: target.to_owned(), dry_run: change.dry_run };
        let path = ["api", "v1", "flists", repository, name, "link"];
        let call = Call {
            payload: json(&what, &request)?,
            repeat: change.of_state(),
            ..Call::new(&what, Method::PUT, &path)
        };
        self.changed(call, change, (repository, name)).await
    }

    /// Makes a member of a tag point at `target` (`repository/name`). The tag is made if there is none.
    pub async fn tag_member(
        &self,
        (repository, tag): Name<'_>,
        member: &str,
        target: &str,
        change: Change,
    ) -> Result<TagInfo, ClientError> {
        let what = format!("tagging {target} as {member} in {repository}/{tag}");
        let request = LinkRequest { target: target.to_owned(), dry_run: change.dry_run };
        let path = ["api", "v1", "tags", repository, tag, member];
        let call = Call {
            payload: json(&what, &request)?,
            repeat: change.of_state(),
            ..Call::new(&what, Method::PUT, &path)
        };
        self.changed(call, change, (repository, tag)).await
    }

    /// Removes a member of a tag. The last one takes the tag along.
    pub async fn untag_member(
        &self,
        (repository, tag): Name<'_>,
        member: &str,
        condition: Condition,
    ) -> Result<(), ClientError> {
        let what = format!("removing {member} from {repository}/{tag}");
        let path = ["api", "v1", "tags", repository, tag, member];
        // Were it repeated blindly, the second answer would be that there is no such member.
        let call = Call { repeat: Repeat::IfRefused, ..Call::new(&what, Method::DELETE, &path) };
        let change = Change { condition, dry_run: false };
        self.change(call, change, (repository, tag), 0).await.map(drop)
    }

    /// Gives a name another name in its repository. Its history goes along.
    pub async fn rename(
        &self,
        (repository, name): Name<'_>,
        to: &str,
        change: Change,
    ) -> Result<NameInfo, ClientError> {
        let what = format!("renaming {repository}/{name} to {to}");
        let request = RenameRequest { to: to.to_owned(), dry_run: change.dry_run };
        let path = ["api", "v1", "flists", repository, name, "rename"];
        let call = Call {
            payload: json(&what, &request)?,
            repeat: change.of_step(),
            ..Call::new(&what, Method::POST, &path)
        };
        // Whether it was done is seen at the new name.
        self.changed(call, change, (repository, to)).await
    }

    /// Makes a name point again at what it pointed at from `revision` on.
    pub async fn rollback(
        &self,
        (repository, name): Name<'_>,
        revision: u64,
        change: Change,
    ) -> Result<NameInfo, ClientError> {
        let what = format!("rolling {repository}/{name} back to revision {revision}");
        let request = RollbackRequest { revision, dry_run: change.dry_run };
        let path = ["api", "v1", "flists", repository, name, "rollback"];
        let call = Call {
            payload: json(&what, &request)?,
            repeat: change.of_state(),
            patience: PUBLISH_PATIENCE,
            ..Call::new(&what, Method::POST, &path)
        };
        self.changed(call, change, (repository, name)).await
    }

    /// Removes a name of any kind.
    pub async fn remove(
        &self,
        (repository, name): Name<'_>,
        condition: Condition,
    ) -> Result<(), ClientError> {
        let what = format!("removing {repository}/{name}");
        let path = ["api", "v1", "flists", repository, name];
        // Were it repeated blindly, the second answer would be that there is no such name.
        let call = Call { repeat: Repeat::IfRefused, ..Call::new(&what, Method::DELETE, &path) };
        let change = Change { condition, dry_run: false };
        self.change(call, change, (repository, name), 0).await.map(drop)
    }

    /// Fails if a condition does not hold now, so that nobody sends much for nothing. It is the hub that
    /// looks at the moment of the change.
    pub async fn check_condition(
        &self,
        (repository, name): Name<'_>,
        condition: Condition,
    ) -> Result<(), ClientError> {
        if condition == Condition::Always {
            return Ok(());
        }
        let detail = match (condition, self.flist(repository, name).await) {
            (Condition::Revision(asked), Ok(info)) if info.revision != asked => {
                format!("{repository}/{name} is at revision {}, not at {asked}", info.revision)
            }
            (Condition::Revision(asked), Err(ClientError::NotFound(refusal))) => {
                format!("{repository}/{name} is not at revision {asked}: {}", refusal.detail)
            }
            (Condition::Absent, Ok(info)) => {
                format!("{repository}/{name} is there, at revision {}", info.revision)
            }
            // What it is otherwise the change itself will say.
            _ => return Ok(()),
        };
        Err(ClientError::Conflict(Refusal {
            status: 412,
            code: String::from("precondition_failed"),
            detail,
        }))
    }

    /// As [`HubClient::change`]; gives what the hub answers.
    async fn changed<T: DeserializeOwned>(
        &self,
        call: Call<'_>,
        change: Change,
        name: Name<'_>,
    ) -> Result<T, ClientError> {
        let what = call.what;
        let body = self.change(call, change, name, MAX_ANSWER).await?;
        read_json(what, &body)
    }

    /// Makes the call of a change of `name` under its condition. The answer has at most `limit` bytes.
    async fn change(
        &self,
        call: Call<'_>,
        change: Change,
        name: Name<'_>,
        limit: usize,
    ) -> Result<Bytes, ClientError> {
        self.need_token()?;
        let headers = change.condition.header().into_iter().collect();
        let call = Call { headers, ..call };
        match self.transport().bytes(&call, limit).await {
            Err(error) if !change.dry_run && may_have_been_done(&error) => {
                Err(self.lost(call.what, error, name).await)
            }
            answered => answered,
        }
    }

    /// What is to be said of a change of `name` whose answer is lost.
    pub(crate) async fn lost(
        &self,
        what: &str,
        cause: ClientError,
        (repository, name): Name<'_>,
    ) -> ClientError {
        let newest = self.history(repository, name).at_a_time(1).next().await;
        let newest = newest.map(|page| page.unwrap_or_default().into_iter().next());
        let known = match newest {
            Ok(Some(entry)) => format!(
                "the newest change of {repository}/{name} is revision {}, by {}",
                entry.revision, entry.source
            ),
            Ok(None) | Err(ClientError::NotFound(_)) => {
                format!("there is no {repository}/{name} now")
            }
            Err(_) => format!("`hub-client log {repository}/{name}` will tell"),
        };
        ClientError::Lost { what: what.to_owned(), known, cause: Box::new(cause) }
    }
}
