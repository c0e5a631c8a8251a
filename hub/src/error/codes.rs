//! The one list of the stable words for what goes wrong on the native API. Nothing else makes a
//! [`Code`], so no answer has one that is not listed here; the document at `/api/openapi.json` and a test
//! of `docs/http-api.md` are held to it.

use std::fmt;

/// A stable word for a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(&'static str);

/// One line of the list.
#[derive(Debug, Clone, Copy)]
pub struct Listed {
    /// The word.
    pub code: Code,
    /// The status that it comes with.
    pub status: u16,
    /// What it means, in a few words.
    pub meaning: &'static str,
}

impl Code {
    /// The word.
    pub const fn word(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl PartialEq<str> for Code {
    fn eq(&self, word: &str) -> bool {
        self.0 == word
    }
}

impl PartialEq<&str> for Code {
    fn eq(&self, word: &&str) -> bool {
        self.0 == *word
    }
}

/// The constants are crate-private, and the list does not name them: the compiler complains of one that
/// nothing answers any more.
macro_rules! codes {
    ($($name:ident = $word:literal { $($status:literal $meaning:literal),+ $(,)? })*) => {
        impl Code {
            $(
                #[doc = concat!("`", $word, "`")]
                pub(crate) const $name: Self = Self($word);
            )*
        }

        /// Every code with its status; one that comes with several statuses stands here several times.
        pub const CODES: &[Listed] = &[
            $($(Listed { code: Code($word), status: $status, meaning: $meaning },)+)*
        ];
    };
}

codes! {
    BAD_REQUEST = "bad_request" { 400 "malformed in a way that the detail says" }
    BAD_NAME = "bad_name" { 400 "not a name, or a reserved one" }
    BAD_FORM = "bad_form" { 400 "the form is not as it should be" }
    BAD_SOURCES = "bad_sources" { 400 "fewer than 2 or more than 100 sources, or one named twice" }
    BAD_SOURCE = "bad_source" { 400 "no repository/name, or no such source of images" }
    BAD_IMAGE_CONFIG = "bad_image_config" { 400 "an image configuration from what is no source" }
    BAD_CONVERSION = "bad_conversion" { 400 "a conversion with a field that is not there, or that is wrong" }
    BAD_CREDENTIALS = "bad_credentials" { 400 "credentials that no registry can be given" }
    BAD_REFERENCE = "bad_reference" { 400 "no image reference" }
    BAD_PLATFORM = "bad_platform" { 400 "no os/architecture or os/architecture/variant" }
    BAD_PATH = "bad_path" { 400 "a path that no file of a tree can have" }
    BAD_QUERY = "bad_query" { 400 "a query with other fields or values than those of the route" }
    BAD_SEARCH = "bad_search" { 400 "a search of the catalogue with a parameter that is wrong" }
    BAD_EXPORT = "bad_export" { 400 "a query of an export with a wrong parameter" }
    BAD_TARGET = "bad_target" { 400 "what a link is to point at is no repository/name, or cannot be linked to" }
    BAD_REVISION = "bad_revision" { 400 "a revision that cannot be gone back to" }
    BAD_TAG = "bad_tag" { 400 "a tag that no image can have" }
    BAD_PASSWORD = "bad_password" { 400 "a password that is too short, too long, or has control characters" }
    BAD_TOKEN = "bad_token" { 400 "a token that is asked for with a label, scope, life or repositories that none has" }
    BAD_JOB = "bad_job" { 400 "no such kind of job or argument" }
    BAD_PAGE = "bad_page" { 400 "no such page" }
    BAD_EVENT_ID = "bad_event_id" { 400 "no such line of a log" }
    BAD_IDS = "bad_ids" { 400 "not a list of ids" }
    BAD_ID = "bad_id" { 400 "not an id" }
    BAD_DETAIL = "bad_detail" { 400 "a detail that is too long or has control characters" }
    BAD_ITEM = "bad_item" { 400 "an item that is not as STAC has items; the message points at what is wrong in it" }
    BAD_METADATA = "bad_metadata" { 400 "a category that this hub does not have, or more metadata than a name may have" }
    BAD_CHUNK = "bad_chunk" { 400 "a chunk record breaks a rule" }
    WRONG_SESSION = "wrong_session" { 400 "the upload session is for another repository" }
    BODY_ENDED = "body_ended" { 400 "the body stopped early, or stood still for too long" }
    UNAUTHORIZED = "unauthorized" { 401 "no token came, and one is needed" }
    INVALID_AUTHORIZATION = "invalid_authorization" { 401 "the header is not `bearer <token>`" }
    INVALID_TOKEN = "invalid_token" { 401 "nobody has that token" }
    INVALID_JWT = "invalid_jwt" { 401 "the JWT does not check out: its form, signature, issuer, audience or claims" }
    ISSUER_MAY_NOT = "issuer_may_not" { 401 "the JWT's issuer may not speak for that user here" }
    UNKNOWN_USER = "unknown_user" { 401 "the JWT is good, and the hub does not know its user" }
    TOKEN_EXPIRED = "token_expired" { 401 "the token's time is over" }
    LOGIN_REFUSED = "login_refused" {
        401 "nobody has that name and that password",
        403 "the current password is another",
    }
    FORBIDDEN = "forbidden" { 403 "the token does not reach that far, or it is somebody else's" }
    READ_ONLY_MODE = "read_only_mode" { 403 "the hub is configured to change nothing" }
    HOST_REFUSED = "host_refused" { 403 "the hub does not connect to that registry" }
    REGISTRY_UNAUTHORIZED = "registry_unauthorized" { 403 "the registry refuses the credentials, or wants some" }
    NOT_FOUND = "not_found" { 404 "no such route or thing" }
    NO_SESSION = "no_session" { 404 "no such upload session: closed, or expired" }
    UNKNOWN_IMAGE = "unknown_image" { 404 "no such image" }
    MISSING_OBJECTS = "missing_objects" {
        404 "objects that were asked for are not there",
        409 "objects are needed that are not there: send them and try again",
    }
    METHOD_NOT_ALLOWED = "method_not_allowed" { 405 "the route is there, and does not take that method" }
    TIMEOUT = "timeout" { 408 "the request took too long" }
    TOO_SLOW = "too_slow" { 408 "the body comes in too slowly" }
    CONFLICT = "conflict" { 409 "it clashes with what is there" }
    NAME_TAKEN = "name_taken" { 409 "the name is there already, or is of another kind" }
    CIRCULAR_LINK = "circular_link" { 409 "the link would lead back to itself" }
    CREDENTIALS_GONE = "credentials_gone" { 409 "the hub was restarted and has forgotten the credentials" }
    SWEPT = "swept" { 410 "a sweep has taken what it needs" }
    PRECONDITION_FAILED = "precondition_failed" { 412 "a condition of the request does not hold" }
    TOO_LARGE = "too_large" { 413 "a limit of the hub is passed" }
    TOO_MUCH_UNPUBLISHED = "too_much_unpublished" { 413 "the caller has sent too much that is not published, or has too many upload sessions" }
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type" { 415 "a body without the Content-Type that it needs" }
    RANGE_NOT_SATISFIABLE = "range_not_satisfiable" { 416 "the range lies outside" }
    NOT_A_FILE = "not_a_file" { 422 "a device, a pipe or a socket: there is nothing to read in it" }
    NO_THUMBNAIL = "no_thumbnail" { 422 "no raster, one that is broken, or one of which a picture takes too much" }
    LINK_LOOP = "link_loop" { 422 "symbolic links that lead in a circle, or over more than 40" }
    BAD_ARCHIVE = "bad_archive" { 422 "the bytes cannot become a flist" }
    BAD_FLIST = "bad_flist" { 422 "the objects do not decode, or what they say is not true" }
    MERGE_CONFLICTS = "merge_conflicts" { 422 "a merge by the rule `refuse` found conflicts" }
    BAD_MERGE = "bad_merge" { 422 "the merged tree is larger than can be counted" }
    CANNOT_EXPORT = "cannot_export" { 422 "something in the flist has no place in what was asked for" }
    AMBIGUOUS_IMAGE = "ambiguous_image" { 422 "the archive has several images" }
    NO_PLATFORM = "no_platform" { 422 "no image for that platform" }
    UNKNOWN_TYPE = "unknown_type" { 422 "a part of the image has a type that is not known" }
    BAD_IMAGE = "bad_image" { 422 "the image breaks a rule" }
    BAD_LAYER = "bad_layer" { 422 "a layer of the image cannot be unpacked" }
    ONLY_AT_THE_MACHINE = "only_at_the_machine" { 422 "only to be asked for at the hub's machine" }
    TOO_MANY_REQUESTS = "too_many_requests" { 429 "the caller sends more requests than it may" }
    TOO_MANY_ATTEMPTS = "too_many_attempts" { 429 "too many passwords or tokens were wrong" }
    TOO_MANY_AT_A_TIME = "too_many_at_a_time" { 429 "as many of the caller's uploads, exports or transfers run as may" }
    INTERNAL = "internal" { 500 "a fault of the hub; its log has the rest" }
    FAILED = "failed" { 500 "a conversion failed, and nothing tells more than the detail" }
    BAD_DOCKER_CONFIG = "bad_docker_config" { 500 "the hub's own credentials cannot be used" }
    DAMAGED = "damaged" { 500 "an object that is needed is damaged in the store, or gone from it" }
    REGISTRY_UNREACHABLE = "registry_unreachable" { 502 "the registry does not answer" }
    BAD_REGISTRY_ANSWER = "bad_registry_answer" { 502 "the registry answers what it must not" }
    DIGEST_MISMATCH = "digest_mismatch" { 502 "the registry sends other bytes than those of the digest" }
    SIZE_MISMATCH = "size_mismatch" { 502 "the registry sends more or fewer bytes than it says" }
    NO_ENGINE = "no_engine" { 502 "the engine does not answer" }
    ISSUER_UNREACHABLE = "issuer_unreachable" { 503 "the keys of the JWT's issuer cannot be had at the moment" }
    BUSY = "busy" { 503 "as many as may run at a time are running" }
    CATALOG_UNREACHABLE = "catalog_unreachable" { 503 "the catalog's database does not answer" }
    LEASE_LOST = "lease_lost" { 503 "another hub has taken over the catalog" }
    READ_ONLY = "read_only" { 503 "the hub cannot write at the moment" }
    DISK_FULL = "disk_full" { 507 "the hub's disk is full" }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_code_is_listed_once_with_each_status() {
        let pairs: BTreeSet<_> = CODES.iter().map(|listed| (listed.code, listed.status)).collect();
        assert_eq!(pairs.len(), CODES.len());
    }
}
