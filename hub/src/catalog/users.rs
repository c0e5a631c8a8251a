//! Users. Each is made together with the repository of the same name, which it owns.

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AssertSqlSafe};

use super::audit::{Actor, Noted, note};
use super::error::CatalogError;
use super::repositories::insert;
use super::rows::{column, number, random_id};
use super::{Catalog, NewRepository};
use crate::auth::Visibility;
use crate::name::RepositoryName;

/// A row of `users`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// The row's number.
    pub id: i64,
    /// The user's name.
    pub name: String,
    /// Whether the user may operate the hub, with a token whose scope says so.
    pub admin: bool,
}

/// A user as a list of them shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// The user.
    pub user: UserRow,
    /// When it was made, in seconds since the Unix epoch.
    pub created: u64,
    /// Since when it may not sign in, in seconds since the Unix epoch; `None`: it may.
    pub disabled: Option<u64>,
    /// Whether it has a password to sign in with.
    pub has_password: bool,
}

/// A user to be made.
#[derive(Debug, Clone)]
pub struct NewUser<'a> {
    /// The name, also of its repository.
    pub name: &'a RepositoryName,
    /// Whether it may operate the hub.
    pub admin: bool,
    /// What a password is checked against; `None`: there is none.
    pub password: Option<&'a str>,
    /// Who may read its repository.
    pub visibility: Visibility,
}

/// A change of a user; what is `None` stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UserChange<'a> {
    /// What the user's password is checked against from now on. Tokens that came of signing in with the old one are
    /// revoked.
    pub password: Option<&'a str>,
    /// Whether the user may operate the hub.
    pub admin: Option<bool>,
    /// Whether the user is kept from signing in, with whatever token.
    pub disabled: Option<bool>,
}

type Columns = (i64, String, i16, i64, Option<i64>, i16);

const COLUMNS: &str = "select id, name, admin, created_at, disabled_at,
    cast(case when password is null then 0 else 1 end as smallint) from users";

impl AccountRow {
    fn from_columns(
        (id, name, admin, created, disabled, password): Columns,
    ) -> Result<Self, CatalogError> {
        Ok(Self {
            created: number("users", &name, created)?,
            disabled: disabled.map(|at| number("users", &name, at)).transpose()?,
            has_password: password != 0,
            user: UserRow { id, name, admin: admin != 0 },
        })
    }
}

impl Catalog {
    /// Makes a user, and the repository of the same name, which it owns.
    pub async fn create_user(
        &self,
        new: &NewUser<'_>,
        by: &Actor,
        now: u64,
    ) -> Result<UserRow, CatalogError> {
        let id = random_id()?;
        let mut transaction = self.write().await?;
        sqlx::query(
            "insert into users (id, name, created_at, admin, password) values ($1, $2, $3, $4, $5)",
        )
        .bind(id)
        .bind(new.name.as_str())
        .bind(column(now))
        .bind(i16::from(new.admin))
        .bind(new.password)
        .execute(&mut *transaction)
        .await
        .map_err(|error| CatalogError::on_insert(error, || format!("user {}", new.name)))?;
        let subject = format!("user {}", new.name);
        let detail = new.admin.then_some("admin");
        let noted = Noted { action: "user-create", repository_id: None, subject: &subject, detail };
        note(&mut transaction, by, noted, now).await?;
        let repository =
            NewRepository { name: new.name, visibility: new.visibility, creator_id: id };
        insert(&mut transaction, &repository, by, now).await?;
        self.commit_names(transaction).await?;
        Ok(UserRow { id, name: new.name.as_str().to_owned(), admin: new.admin })
    }

    /// The user with that number, also a disabled one.
    pub async fn user_by_id(&self, id: i64) -> Result<Option<AccountRow>, CatalogError> {
        let sql = AssertSqlSafe(format!("{COLUMNS} where id = $1"));
        let row: Option<Columns> = sqlx::query_as(sql).bind(id).fetch_optional(&self.pool).await?;
        row.map(AccountRow::from_columns).transpose()
    }

    /// The user of that name, also a disabled one.
    pub async fn user(&self, name: &RepositoryName) -> Result<Option<AccountRow>, CatalogError> {
        let sql = AssertSqlSafe(format!("{COLUMNS} where name = $1"));
        let row: Option<Columns> =
            sqlx::query_as(sql).bind(name.as_str()).fetch_optional(&self.pool).await?;
        row.map(AccountRow::from_columns).transpose()
    }

    /// A page of the users, by name, from after `after` (the empty text: from the first).
    pub async fn users_after(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<AccountRow>, CatalogError> {
        let sql = AssertSqlSafe(format!("{COLUMNS} where name > $1 order by name limit $2"));
        let rows: Vec<Columns> =
            sqlx::query_as(sql).bind(after).bind(i64::from(limit)).fetch_all(&self.pool).await?;
        rows.into_iter().map(AccountRow::from_columns).collect()
    }

    /// What the user's password is checked against; `None` if it has none, is disabled, or is not there.
    pub async fn password_of(&self, name: &str) -> Result<Option<(UserRow, String)>, CatalogError> {
        let row: Option<(i64, String, i16, String)> = sqlx::query_as(
            "select id, name, admin, password from users
             where name = $1 and disabled_at is null and password is not null",
        )
        .bind(name)
        .fetch_optional(&self.pool)
        .await?;
        Ok(row
            .map(|(id, name, admin, password)| (UserRow { id, name, admin: admin != 0 }, password)))
    }

    /// Changes a user, in all or in nothing. Says whether there is that user.
    pub async fn change_user(
        &self,
        user: &str,
        change: UserChange<'_>,
        by: &Actor,
        now: u64,
    ) -> Result<bool, CatalogError> {
        let mut transaction = self.write().await?;
        let mut there = true;
        if let Some(password) = change.password {
            let set = sqlx::query("update users set password = $1 where name = $2").bind(password);
            there &= set_user(&mut transaction, set, "user-password", user, by, now).await?;
            end_logins(&mut transaction, user, now).await?;
        }
        if let Some(admin) = change.admin {
            let action = if admin { "user-admin" } else { "user-no-admin" };
            let set = sqlx::query("update users set admin = $1 where name = $2");
            let set = set.bind(i16::from(admin));
            there &= set_user(&mut transaction, set, action, user, by, now).await?;
        }
        if let Some(disabled) = change.disabled {
            let action = if disabled { "user-disable" } else { "user-enable" };
            let set = sqlx::query("update users set disabled_at = $1 where name = $2");
            let set = set.bind(disabled.then(|| column(now)));
            there &= set_user(&mut transaction, set, action, user, by, now).await?;
        }
        transaction.commit().await?;
        Ok(there)
    }

    /// Lets a user operate the hub, or no longer. Says whether there is that user.
    pub async fn set_admin(
        &self,
        user: &str,
        admin: bool,
        by: &Actor,
        now: u64,
    ) -> Result<bool, CatalogError> {
        let change = UserChange { admin: Some(admin), ..UserChange::default() };
        self.change_user(user, change, by, now).await
    }

    /// Keeps a user from signing in, with whatever token; or lets it again. Says whether there is that user.
    pub async fn set_disabled(
        &self,
        user: &str,
        disabled: bool,
        by: &Actor,
        now: u64,
    ) -> Result<bool, CatalogError> {
        let change = UserChange { disabled: Some(disabled), ..UserChange::default() };
        self.change_user(user, change, by, now).await
    }

    /// Sets what a user's password is checked against. Tokens that came of signing in with the old one are
    /// revoked. Says whether there is that user.
    pub async fn set_password(
        &self,
        user: &str,
        password: &str,
        by: &Actor,
        now: u64,
    ) -> Result<bool, CatalogError> {
        let change = UserChange { password: Some(password), ..UserChange::default() };
        self.change_user(user, change, by, now).await
    }
}

/// Sets one thing of the user of that name, which is bound last, and notes it. Says whether there is that user.
async fn set_user<'q>(
    connection: &mut AnyConnection,
    set: Query<'q, Any, AnyArguments>,
    action: &str,
    user: &'q str,
    by: &Actor,
    now: u64,
) -> Result<bool, CatalogError> {
    if set.bind(user).execute(&mut *connection).await?.rows_affected() == 0 {
        return Ok(false);
    }
    note_user(connection, action, user, by, now).await?;
    Ok(true)
}

/// Revokes what came of signing in.
async fn end_logins(
    connection: &mut AnyConnection,
    user: &str,
    now: u64,
) -> Result<(), CatalogError> {
    sqlx::query(
        "update tokens set revoked_at = $1
         where kind = 2 and revoked_at is null
           and user_id = (select id from users where name = $2)",
    )
    .bind(column(now))
    .bind(user)
    .execute(connection)
    .await?;
    Ok(())
}

async fn note_user(
    connection: &mut AnyConnection,
    action: &str,
    user: &str,
    by: &Actor,
    now: u64,
) -> Result<(), CatalogError> {
    let subject = format!("user {user}");
    let noted = Noted { action, repository_id: None, subject: &subject, detail: None };
    note(connection, by, noted, now).await
}
