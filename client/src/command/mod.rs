//! The verbs, one file each: what can be typed after it, and what it does.

pub(crate) mod cat;
pub(crate) mod convert;
mod convert_local;
pub(crate) mod diff;
pub(crate) mod export;
mod export_to;
mod export_write;
pub(crate) mod inspect;
pub(crate) mod jobs;
pub(crate) mod link;
pub(crate) mod log;
pub(crate) mod login;
pub(crate) mod ls;
pub(crate) mod member;
pub(crate) mod merge;
pub(crate) mod promote;
pub(crate) mod pull;
pub(crate) mod push;
pub(crate) mod rename;
pub(crate) mod repository;
pub(crate) mod rm;
pub(crate) mod rollback;
pub(crate) mod sign;
pub(crate) mod stac;
mod stac_text;
pub(crate) mod tag;
pub(crate) mod token;
