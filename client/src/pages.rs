//! Lists that a hub gives page by page.

use std::marker::PhantomData;

use flisthub_flist::wire::{
    HistoryEntry, HistoryPage, NameInfo, NamePage, RepositoryInfo, RepositoryPage,
};
use reqwest::Method;
use serde::de::DeserializeOwned;

use crate::error::ClientError;
use crate::hub::{HubClient, bad_answer};
use crate::transport::Call;

/// One page of a list.
pub trait Page: DeserializeOwned {
    /// What the list is of.
    type Item;

    /// What is on the page, and the cursor of the next one.
    fn split(self) -> (Vec<Self::Item>, Option<String>);
}

impl Page for RepositoryPage {
    type Item = RepositoryInfo;

    fn split(self) -> (Vec<RepositoryInfo>, Option<String>) {
        (self.repositories, self.next)
    }
}

impl Page for NamePage {
    type Item = NameInfo;

    fn split(self) -> (Vec<NameInfo>, Option<String>) {
        (self.names, self.next)
    }
}

impl Page for HistoryPage {
    type Item = HistoryEntry;

    fn split(self) -> (Vec<HistoryEntry>, Option<String>) {
        (self.entries, self.next)
    }
}

/// A list that is fetched while it is read. Nothing is sent before the first page is asked for.
#[derive(Debug)]
pub struct Pages<P> {
    hub: HubClient,
    what: String,
    path: Vec<String>,
    limit: Option<String>,
    /// Where the next page begins; `None` for the first.
    cursor: Option<String>,
    ended: bool,
    page: PhantomData<fn() -> P>,
}

impl<P: Page> Pages<P> {
    /// The list below `path`; `what` says for messages what is being done.
    pub(crate) fn new(hub: &HubClient, what: String, path: &[&str]) -> Self {
        let path = path.iter().map(|segment| (*segment).to_owned()).collect();
        let (hub, limit, cursor, ended) = (hub.clone(), None, None, false);
        Self { hub, what, path, limit, cursor, ended, page: PhantomData }
    }

    /// At most so many a page. The hub has its own idea otherwise, and a most.
    #[must_use]
    pub fn at_a_time(self, limit: u32) -> Self {
        Self { limit: Some(limit.to_string()), ..self }
    }

    /// The next page, which may be empty; `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Vec<P::Item>>, ClientError> {
        if self.ended {
            return Ok(None);
        }
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let limit = self.limit.as_deref().map(|limit| ("limit", limit));
        let cursor = self.cursor.as_deref().map(|cursor| ("cursor", cursor));
        let query: Vec<(&str, &str)> = limit.into_iter().chain(cursor).collect();
        let call = Call { query: &query, ..Call::new(&self.what, Method::GET, &path) };
        let page: P = self.hub.transport().json(&call).await?;
        let (items, next) = page.split();
        if next.is_some() && next == self.cursor {
            return Err(bad_answer(&self.what, "a page leads to itself"));
        }
        self.ended = next.is_none();
        self.cursor = next;
        Ok(Some(items))
    }
}
