//! When signed addresses end: with time, rights, the name, and whatever is changed in them.

use super::*;

#[tokio::test]
async fn time_ends_an_address() {
    let (hub, token) = private().await;
    let path = signed(&hub, &token).await;
    let long = signed_for(&hub, &token, &json!({"paths": ["a/scene.tif"], "seconds": 901})).await;
    hub.clock.forward(899);
    open(&hub, &path).await;
    hub.clock.forward(1);
    closed(&hub, &path).await;
    open(&hub, &long).await;
    // An address ends with the token, whatever it says.
    let short = hub.token("alice", Scope::Read, Expiry::After(30)).await;
    let path = signed(&hub, &short).await;
    hub.clock.forward(29);
    open(&hub, &path).await;
    hub.clock.forward(1);
    closed(&hub, &path).await;
}

#[tokio::test]
async fn who_loses_access_ends_their_addresses() {
    let (hub, _) = private().await;
    let (catalog, by) = (&hub.hub.catalog, Actor::operator());
    let alice = RepositoryName::parse("alice").unwrap();
    let repository = catalog.repository(&alice).await.unwrap().unwrap();
    let bob = hub.user("bob").await;
    let user = catalog.user(&RepositoryName::parse("bob").unwrap()).await.unwrap().unwrap().user;
    let set = async |level| {
        catalog.set_repository_member(&repository, &user, level, &by, START).await.unwrap();
    };
    set(Level::Reader).await;
    let path = signed(&hub, &bob).await;
    open(&hub, &path).await;
    // A guest sees the name, and reads nothing.
    set(Level::Guest).await;
    closed(&hub, &path).await;
    set(Level::Reader).await;
    open(&hub, &path).await;
    catalog.remove_repository_member(&repository, &user, &by, START).await.unwrap();
    closed(&hub, &path).await;
    set(Level::Reader).await;
    catalog.set_disabled("bob", true, &by, START).await.unwrap();
    closed(&hub, &path).await;
    catalog.set_disabled("bob", false, &by, START).await.unwrap();
    open(&hub, &path).await;
    let out = hub.request(Method::POST, "/api/v1/logout").bearer_auth(&bob).send().await.unwrap();
    assert_eq!(out.status(), 204);
    closed(&hub, &path).await;
}

#[tokio::test]
async fn what_was_public_is_closed_with_the_repository() {
    let (hub, _) = private().await;
    set_visibility(&hub, Visibility::Public).await;
    let bob = hub.user("bob").await;
    let path = signed(&hub, &bob).await;
    open(&hub, &path).await;
    set_visibility(&hub, Visibility::Internal).await;
    open(&hub, &path).await;
    set_visibility(&hub, Visibility::Private).await;
    closed(&hub, &path).await;
}

#[tokio::test]
async fn an_admins_address_ends_with_the_admin() {
    let (hub, _) = private().await;
    hub.user("root").await;
    let admin = hub.token("root", Scope::Admin, Expiry::Never).await;
    let path = signed(&hub, &admin).await;
    open(&hub, &path).await;
    hub.hub.catalog.set_admin("root", false, &Actor::operator(), START).await.unwrap();
    closed(&hub, &path).await;
}

/// Reads with a grant that the hub itself signed, whatever is in it.
fn made_up(hub: &TestHub, change: impl Fn(Grant) -> Grant, path: &str) -> String {
    let query = path.split_once('?').unwrap().1;
    let value = |name: &str| {
        query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).unwrap()
    };
    let number = |at: usize| u64::from_str_radix(&value("grant")[at * 16..][..16], 16).unwrap();
    let signed = |at| i64::try_from(number(at)).unwrap();
    let grant = change(Grant {
        repository_id: signed(0),
        user_id: signed(1),
        token_id: signed(2),
        revision: number(3),
        flist: value("flist").parse().unwrap(),
        expires: value("expires").parse().unwrap(),
    });
    let tree = TreePath::parse(b"a/scene.tif").unwrap();
    let place = ("scene", tree.as_bytes());
    let SignedGrant { grant, signature } = hub.hub.signatures.sign(place, grant).unwrap();
    let Grant { repository_id, user_id, token_id, revision, flist, expires } = grant;
    format!(
        "{FILE}?flist={flist}&expires={expires}&grant={repository_id:016x}{user_id:016x}{token_id:016x}\
         {revision:016x}&signature={}",
        signature.to_hex()
    )
}

#[tokio::test]
async fn a_grant_holds_for_what_it_names_alone() {
    let (hub, token) = private().await;
    upload(&hub, &token, b"second").await;
    let path = signed(&hub, &token).await;
    assert_eq!(made_up(&hub, |grant| grant, &path), path);
    assert_eq!(get(&hub, &path).await.body, b"second");
    // As if the repository had been made anew under its name; another user's token; another revision's flist.
    let flist = ChunkId::from_bytes([7; 32]);
    let changes: [&dyn Fn(Grant) -> Grant; 5] = [
        &|grant| Grant { repository_id: grant.repository_id ^ 1, ..grant },
        &|grant| Grant { user_id: grant.user_id ^ 1, ..grant },
        &|grant| Grant { token_id: grant.token_id ^ 1, ..grant },
        &|grant| Grant { revision: 1, ..grant },
        &|grant| Grant { flist, ..grant },
    ];
    for change in changes {
        closed(&hub, &made_up(&hub, change, &path)).await;
    }
}

#[tokio::test]
async fn the_content_stays_what_was_signed_until_the_name_is_gone() {
    let (hub, token) = private().await;
    let path = signed(&hub, &token).await;
    upload(&hub, &token, b"changed").await;
    open(&hub, &path).await;
    let new = signed(&hub, &token).await;
    assert_eq!(get(&hub, &new).await.body, b"changed");
    // What everybody may read now is another thing than what was signed.
    set_visibility(&hub, Visibility::Public).await;
    open(&hub, &path).await;
    assert_eq!(get(&hub, FILE).await.body, b"changed");
    set_visibility(&hub, Visibility::Private).await;
    // What a sweep removes, it takes from its repositories.
    let query = path.split_once("flist=").unwrap().1;
    let flist: ChunkId = query[..64].parse().unwrap();
    hub.hub.store.disown(&[flist]).unwrap();
    let swept = get(&hub, &path).await;
    assert_eq!((swept.status, swept.code()), (410, "swept".to_owned()));

    let request = hub.request(Method::DELETE, "/api/v1/flists/alice/scene").bearer_auth(&token);
    assert_eq!(request.send().await.unwrap().status(), 204);
    closed(&hub, &path).await;
    closed(&hub, &new).await;
    // Made anew under its name, it is another.
    upload(&hub, &token, CONTENT).await;
    closed(&hub, &path).await;
    closed(&hub, &new).await;
}
