//! Calls about accounts: logging in and out, tokens, repositories themselves and their members.

use flisthub_flist::wire::{
    LoginRequest, MemberInfo, MemberList, MemberRequest, PasswordChange, RepositoryChange,
    RepositoryDetail, RepositoryRequest, TokenInfo, TokenMade, TokenPage, TokenRequest,
};
use reqwest::Method;

use crate::error::ClientError;
use crate::hub::{HubClient, json};
use crate::pages::{Page, Pages};
use crate::retry::Repeat;
use crate::transport::Call;

impl Page for TokenPage {
    type Item = TokenInfo;

    fn split(self) -> (Vec<TokenInfo>, Option<String>) {
        (self.tokens, self.next)
    }
}

impl HubClient {
    /// A token for a user's name and password. The client itself goes on with the token that it has, if any.
    pub async fn login(&self, user: &str, password: &str) -> Result<TokenMade, ClientError> {
        let what = "logging in";
        let request = LoginRequest { user: user.to_owned(), password: password.to_owned() };
        let payload = json(what, &request)?;
        // Repeated blindly, it could make a token that nobody has.
        let call = Call::new(what, Method::POST, &["api", "v1", "login"]);
        self.transport().json(&Call { payload, repeat: Repeat::IfRefused, ..call }).await
    }

    /// Revokes the client's own token.
    pub async fn logout(&self) -> Result<(), ClientError> {
        self.need_token()?;
        let path = ["api", "v1", "logout"];
        // The second answer would be that the token is not valid.
        let call =
            Call { repeat: Repeat::IfRefused, ..Call::new("logging out", Method::POST, &path) };
        self.transport().bytes(&call, 0).await.map(drop)
    }

    /// Gives the token's user another password. Ends all logins of the user.
    pub async fn change_password(&self, current: &str, new: &str) -> Result<(), ClientError> {
        self.need_token()?;
        let what = "changing the password";
        let request = PasswordChange { current: current.to_owned(), new: new.to_owned() };
        let payload = json(what, &request)?;
        let call = Call::new(what, Method::PUT, &["api", "v1", "me", "password"]);
        let call = Call { payload, repeat: Repeat::IfRefused, ..call };
        self.transport().bytes(&call, 0).await.map(drop)
    }

    /// The tokens of the token's user, newest first.
    pub fn tokens(&self) -> Pages<TokenPage> {
        Pages::new(self, "listing the tokens".to_owned(), &["api", "v1", "tokens"])
    }

    /// Makes a token.
    pub async fn create_token(&self, request: &TokenRequest) -> Result<TokenMade, ClientError> {
        self.need_token()?;
        let what = "making a token";
        let payload = json(what, request)?;
        let call = Call::new(what, Method::POST, &["api", "v1", "tokens"]);
        self.transport().json(&Call { payload, repeat: Repeat::IfRefused, ..call }).await
    }

    /// Revokes a token.
    pub async fn revoke_token(&self, id: &str) -> Result<(), ClientError> {
        self.need_token()?;
        let what = format!("revoking the token {id}");
        let path = ["api", "v1", "tokens", id];
        self.transport().bytes(&Call::new(&what, Method::DELETE, &path), 0).await.map(drop)
    }

    /// Makes a repository. Unless told, who may read it is as the hub is configured.
    pub async fn create_repository(
        &self,
        name: &str,
        visibility: Option<&str>,
    ) -> Result<RepositoryDetail, ClientError> {
        self.need_token()?;
        let what = format!("making the repository {name}");
        let visibility = visibility.map(ToOwned::to_owned);
        let payload = json(&what, &RepositoryRequest { name: name.to_owned(), visibility })?;
        let call = Call::new(&what, Method::POST, &["api", "v1", "repositories"]);
        self.transport().json(&Call { payload, repeat: Repeat::IfRefused, ..call }).await
    }

    /// What a repository is, and what the token's user is in it.
    pub async fn repository(&self, name: &str) -> Result<RepositoryDetail, ClientError> {
        let what = format!("looking the repository {name} up");
        let path = ["api", "v1", "repositories", name];
        self.transport().json(&Call::new(&what, Method::GET, &path)).await
    }

    /// Says who may read a repository from now on.
    pub async fn set_visibility(
        &self,
        name: &str,
        visibility: &str,
    ) -> Result<RepositoryDetail, ClientError> {
        self.need_token()?;
        let what = format!("changing who may read {name}");
        let change = RepositoryChange { visibility: Some(visibility.to_owned()), categories: None };
        let payload = json(&what, &change)?;
        let path = ["api", "v1", "repositories", name];
        let call = Call { payload, ..Call::new(&what, Method::PATCH, &path) };
        self.transport().json(&call).await
    }

    /// The members of a repository, by name.
    pub async fn members(&self, repository: &str) -> Result<MemberList, ClientError> {
        self.need_token()?;
        let what = format!("listing the members of {repository}");
        let path = ["api", "v1", "repositories", repository, "members"];
        self.transport().json(&Call::new(&what, Method::GET, &path)).await
    }

    /// Makes a user a member, or changes what a member may do.
    pub async fn set_member(
        &self,
        repository: &str,
        user: &str,
        level: &str,
    ) -> Result<MemberInfo, ClientError> {
        self.need_token()?;
        let what = format!("making {user} a member of {repository}");
        let payload = json(&what, &MemberRequest { level: level.to_owned() })?;
        let path = ["api", "v1", "repositories", repository, "members", user];
        let call = Call { payload, ..Call::new(&what, Method::PUT, &path) };
        self.transport().json(&call).await
    }

    /// Removes a member.
    pub async fn remove_member(&self, repository: &str, user: &str) -> Result<(), ClientError> {
        self.need_token()?;
        let what = format!("removing {user} from {repository}");
        let path = ["api", "v1", "repositories", repository, "members", user];
        // Were it repeated blindly, the second answer would be that there is no such member.
        let call = Call { repeat: Repeat::IfRefused, ..Call::new(&what, Method::DELETE, &path) };
        self.transport().bytes(&call, 0).await.map(drop)
    }
}
