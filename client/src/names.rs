//! Calls that look names up: all repositories, the names in one, what a name points at and pointed at
//! before, the members of a tag; and that sign addresses of its files.

use flisthub_flist::wire::{
    FlistInfo, HistoryPage, NamePage, RepositoryPage, SignRequest, SignedUrls, TagInfo,
};
use reqwest::Method;
use serde_json::Value;

use crate::error::ClientError;
use crate::hub::{HubClient, json};
use crate::pages::Pages;
use crate::transport::Call;

impl HubClient {
    /// All repositories.
    pub fn repositories(&self) -> Pages<RepositoryPage> {
        let path = ["api", "v1", "repositories"];
        Pages::new(self, "listing the repositories".to_owned(), &path)
    }

    /// The names in a repository, of every kind.
    pub fn names(&self, repository: &str) -> Pages<NamePage> {
        let path = ["api", "v1", "flists", repository];
        Pages::new(self, format!("listing {repository}"), &path)
    }

    /// What a name was made to point at, newest first.
    pub fn history(&self, repository: &str, name: &str) -> Pages<HistoryPage> {
        let path = ["api", "v1", "flists", repository, name, "history"];
        Pages::new(self, format!("reading the history of {repository}/{name}"), &path)
    }

    /// What a name points at. Links are followed.
    pub async fn flist(&self, repository: &str, name: &str) -> Result<FlistInfo, ClientError> {
        let what = format!("looking {repository}/{name} up");
        let path = ["api", "v1", "flists", repository, name];
        self.transport().json(&Call::new(&what, Method::GET, &path)).await
    }

    /// The configuration of the image that a flist was made of, as the image has it; `None` if it was not
    /// made of one.
    pub async fn image_config(
        &self,
        repository: &str,
        name: &str,
    ) -> Result<Option<Value>, ClientError> {
        let what = format!("looking the image of {repository}/{name} up");
        let path = ["api", "v1", "flists", repository, name, "image"];
        match self.transport().json(&Call::new(&what, Method::GET, &path)).await {
            Ok(config) => Ok(Some(config)),
            // The name itself may be gone as well.
            Err(ClientError::NotFound(_)) => self.flist(repository, name).await.map(|_| None),
            Err(error) => Err(error),
        }
    }

    /// Has addresses signed by which files of a name can be read without a token for a while.
    pub async fn sign(
        &self,
        (repository, name): (&str, &str),
        request: &SignRequest,
    ) -> Result<SignedUrls, ClientError> {
        let what = format!("signing addresses of {repository}/{name}");
        let path = ["api", "v1", "flists", repository, name, "signed-urls"];
        let call = Call { payload: json(&what, request)?, ..Call::new(&what, Method::POST, &path) };
        self.transport().json(&call).await
    }

    /// A tag and its members. A link to a tag is followed.
    pub async fn tag(&self, repository: &str, tag: &str) -> Result<TagInfo, ClientError> {
        let what = format!("looking the tag {repository}/{tag} up");
        let path = ["api", "v1", "tags", repository, tag];
        self.transport().json(&Call::new(&what, Method::GET, &path)).await
    }
}
