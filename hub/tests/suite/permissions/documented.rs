//! The table in `docs/security.md` is what the permission table comes to.

use flisthub_hub::auth::{
    Caller, Credential, Identity, Level, Origin, Right, Scope, TokenKind, Visibility, allow,
};
use flisthub_hub::catalog::{RepositoryRow, UserRow};
use flisthub_hub::config::Config;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/security.md");
const START: &str = "<!-- permissions: held to hub/src/auth/permission.rs by a test -->";
const END: &str = "<!-- end of permissions -->";

const VISIBILITIES: [Visibility; 3] =
    [Visibility::Public, Visibility::Internal, Visibility::Private];

/// The number of the repository that the table is about.
const THIS: i64 = 5;

fn caller(admin: bool, scope: Scope, only: Option<i64>, said: bool) -> Caller {
    Caller::User(Box::new(Identity {
        user: UserRow { id: 1, name: "somebody".to_owned(), admin },
        scope,
        only: only.map(|id| vec![id]),
        member_of: if said { vec![THIS] } else { Vec::new() },
        acts_for: None,
        credential: Credential::Token { id: 1, kind: TokenKind::Api, expires: None },
        origin: Origin::default(),
    }))
}

fn rows() -> Vec<(&'static str, Caller, Option<Level>)> {
    let writes = || caller(false, Scope::Write, None, false);
    let owner = Some(Level::Owner);
    vec![
        ("nobody in particular", Caller::Anonymous, None),
        ("a user who is no member", writes(), None),
        ("guest", writes(), Some(Level::Guest)),
        ("reader", writes(), Some(Level::Reader)),
        ("contributor", writes(), Some(Level::Contributor)),
        ("owner", writes(), owner),
        ("admin, token of the scope admin", caller(true, Scope::Admin, None, false), None),
        ("admin, token of the scope write", caller(true, Scope::Write, None, false), None),
        ("owner, token of the scope read", caller(false, Scope::Read, None, false), owner),
        (
            "owner, token limited to this repository",
            caller(false, Scope::Write, Some(THIS), false),
            owner,
        ),
        (
            "owner, token limited to others",
            caller(false, Scope::Write, Some(THIS + 1), false),
            owner,
        ),
        ("user whom an issuer says to be a member", caller(false, Scope::Write, None, true), None),
    ]
}

fn cell(caller: &Caller, level: Option<Level>, visibility: Visibility) -> String {
    let row =
        RepositoryRow { id: THIS, name: "this".into(), visibility, creator_id: 9, updated: 0 };
    let rights = [
        (Right::See, "see"),
        (Right::Read, "read"),
        (Right::Write, "write"),
        (Right::Manage, "manage"),
    ];
    let may: Vec<&str> = rights
        .into_iter()
        .filter(|(right, _)| allow(&Config::default(), caller, *right, &row, level).is_ok())
        .map(|(_, word)| word)
        .collect();
    if may.is_empty() { "nothing".to_owned() } else { may.join(", ") }
}

#[test]
fn the_table_that_people_read_is_the_one_that_counts() {
    let document = std::fs::read_to_string(DOCUMENT).unwrap();
    let (_, rest) = document.split_once(START).unwrap();
    let (table, _) = rest.split_once(END).unwrap();
    let mut expected =
        vec!["| who | public | internal | private |".to_owned(), "|---|---|---|---|".to_owned()];
    for (who, caller, level) in rows() {
        let cells = VISIBILITIES.map(|visibility| cell(&caller, level, visibility));
        expected.push(format!("| {who} | {} |", cells.join(" | ")));
    }
    let written: Vec<&str> = table.trim().lines().collect();
    assert_eq!(written, expected);
}
