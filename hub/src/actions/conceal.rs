//! Names of one repository that stand in another: what a link or a tag's member points at, what a history tells
//! of where something is from. Who may not see the repository that is named is not told the name. What may be
//! done with it is decided where it is followed.

use std::collections::HashMap;

use super::error::ActionError;
use super::resolve;
use crate::auth::{Caller, Denied, Right};
use crate::catalog::{HistoryRow, Named, Pointed, Source, Target};
use crate::state::Hub;

/// Stands where a repository's name or a flist's would. No name is so.
const CONCEALED: &str = "-";

/// Changes whose detail is not the hub's own.
const AS_IT_IS: [Source; 4] = [Source::Push, Source::Upload, Source::UploadFlist, Source::Convert];

/// Tells one caller of names, within one request: it asks of each repository once.
pub(super) struct Teller<'a> {
    hub: &'a Hub,
    caller: &'a Caller,
    seen: HashMap<String, bool>,
}

impl<'a> Teller<'a> {
    /// For a caller who sees the repository of that name.
    pub(super) fn new(hub: &'a Hub, caller: &'a Caller, within: &str) -> Self {
        Self { hub, caller, seen: HashMap::from([(within.to_owned(), true)]) }
    }

    /// Whether the caller sees the repository of that name. One that is not there is as one that they do not.
    async fn sees(&mut self, repository: &str) -> Result<bool, ActionError> {
        if let Some(known) = self.seen.get(repository) {
            return Ok(*known);
        }
        let found = resolve::repository(self.hub, self.caller, Right::See, repository).await;
        let sees = match found {
            Ok(_) => true,
            Err(ActionError::NotFound { .. } | ActionError::Denied(Denied::Unseen)) => false,
            Err(error) => return Err(error),
        };
        self.seen.insert(repository.to_owned(), sees);
        Ok(sees)
    }

    /// Conceals what a link or a member points at. Says whether it did.
    pub(super) async fn target(&mut self, target: &mut Target) -> Result<bool, ActionError> {
        let conceal = !self.sees(&target.repository).await?;
        if conceal {
            *target = Target { repository: CONCEALED.to_owned(), name: CONCEALED.to_owned() };
        }
        Ok(conceal)
    }

    /// The same for a name as it is.
    pub(super) async fn named(&mut self, named: &mut Named) -> Result<bool, ActionError> {
        match &mut named.points_at {
            Pointed::Link(target) | Pointed::TagLink(target) => self.target(target).await,
            Pointed::Flist(_) | Pointed::Tag => Ok(false),
        }
    }

    /// The same for an entry of a history.
    pub(super) async fn entry(&mut self, row: &mut HistoryRow) -> Result<(), ActionError> {
        if let Some(target) = &mut row.target {
            self.target(target).await?;
        }
        if let Some(detail) = row.detail.take() {
            row.detail = Some(self.detail(row.source.word(), detail).await?);
        }
        Ok(())
    }

    /// What is told of where a change is from, or where it leads. What a publisher says of their own flist, or the
    /// name of an image, is told as it is; all else the hub writes itself, with a word for each name.
    pub(super) async fn detail(
        &mut self,
        action: &str,
        detail: String,
    ) -> Result<String, ActionError> {
        if AS_IT_IS.iter().any(|source| source.word() == action) {
            return Ok(detail);
        }
        let mut words = Vec::new();
        for word in detail.split(' ') {
            let shown = match word.split_once('/') {
                Some((repository, _)) if !self.sees(repository).await? => "-/-",
                _ => word,
            };
            words.push(shown);
        }
        Ok(words.join(" "))
    }
}
