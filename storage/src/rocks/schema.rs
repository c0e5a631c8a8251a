//! Keys and values in RocksDB, byte for byte. Frozen under [`FORMAT`].
//!
//! | family     | key                         | value |
//! |------------|-----------------------------|-------|
//! | `default`  | `format`                    | [`FORMAT`] |
//! | `default`  | `index`                     | [`INDEX_COMPLETE`], or nothing while `members` lacks rows |
//! | `default`  | `owner`                     | what [`belongs_to`](super::RocksStore::belongs_to) was given |
//! | `presence` | id (32)                     | kind (1), length (4), frame length (4), time put (8) |
//! | `payload`  | id (32)                     | the frame |
//! | `sessions` | `s`, session id (16)        | expires (8), owner length (2), owner, repository |
//! | `sessions` | `c`, session id (16), id (32) | nothing: the id was sent in the session |
//! | `quarantine` | id (32)                   | as in `presence`, with the time found for the time put |
//! | `members`  | id (32), repository's number (8) | nothing: the repository holds it |
//!
//! Numbers are big endian; times are seconds since the Unix epoch. Version 1 had no `quarantine`, version 2
//! no `members`.

use crate::frame::Frame;
use crate::id::{ChunkId, Kind};
use crate::membership::Owner;
use crate::session::{Session, SessionId};
use crate::store::Stat;

/// Where the format's version stands, in the default family.
pub(super) const FORMAT_KEY: &[u8] = b"format";
/// Where it stands whose store this is, in the default family.
pub(super) const OWNER_KEY: &[u8] = b"owner";
/// The version of everything in this file.
pub(super) const FORMAT: &[u8] = b"3";
/// The versions before.
pub(super) const OLD_FORMATS: [&[u8]; 2] = [b"1", b"2"];
/// Where it stands, in the default family, whether the membership index is complete.
pub(super) const INDEX_KEY: &[u8] = b"index";
/// It is.
pub(super) const INDEX_COMPLETE: &[u8] = b"complete";

/// Family that answers "what is there".
pub(super) const PRESENCE: &str = "presence";
/// Family that holds the frames.
pub(super) const PAYLOAD: &str = "payload";
/// Family of the objects that were set aside because they are damaged.
pub(super) const QUARANTINE: &str = "quarantine";
/// Family of the membership index.
pub(super) const MEMBERS: &str = "members";
/// Family of the upload sessions.
pub(super) const SESSIONS: &str = "sessions";

/// A row of `presence`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Presence {
    pub(super) kind: Kind,
    pub(super) length: u32,
    pub(super) frame_length: u32,
    /// When the object was put; a sweep spares young ones.
    pub(super) time_put: u64,
}

impl Presence {
    pub(super) fn of(frame: &Frame, time_put: u64) -> Self {
        Self {
            kind: frame.kind(),
            length: frame.length(),
            // A frame is at most compressBound(1 MiB).
            frame_length: u32::try_from(frame.bytes().len()).unwrap_or(u32::MAX),
            time_put,
        }
    }

    pub(super) fn stat(self) -> Stat {
        Stat { kind: self.kind, length: self.length, frame_length: self.frame_length }
    }

    /// The same, put just now.
    pub(super) fn refreshed(self, now: u64) -> Self {
        Self { time_put: now, ..self }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut row = Vec::with_capacity(17);
        row.push(self.kind.code());
        row.extend(self.length.to_be_bytes());
        row.extend(self.frame_length.to_be_bytes());
        row.extend(self.time_put.to_be_bytes());
        row
    }

    pub(super) fn decode(row: &[u8]) -> Option<Self> {
        let (kind, row) = row.split_first()?;
        let (length, row) = row.split_first_chunk()?;
        let (frame_length, row) = row.split_first_chunk()?;
        Some(Self {
            kind: Kind::from_code(*kind)?,
            length: u32::from_be_bytes(*length),
            frame_length: u32::from_be_bytes(*frame_length),
            time_put: u64::from_be_bytes(row.try_into().ok()?),
        })
    }
}

/// Key of a row of `members`.
pub(super) type OwnerKey = [u8; 40];

pub(super) fn owner_key(id: &ChunkId, owner: Owner) -> OwnerKey {
    let mut key = [0; 40];
    let (of_id, of_owner) = key.split_at_mut(32);
    of_id.copy_from_slice(id.as_bytes());
    of_owner.copy_from_slice(&owner.to_be_bytes());
    key
}

/// The repository in a key of `members`, if it is one of that id.
pub(super) fn holder_in(key: &[u8], id: &ChunkId) -> Option<Owner> {
    let owner = key.strip_prefix(id.as_bytes().as_slice())?;
    Some(Owner::from_be_bytes(owner.try_into().ok()?))
}

/// First byte of the key of a session's row.
pub(super) const SESSION_ROW: u8 = b's';

pub(super) fn session_key(id: &SessionId) -> Vec<u8> {
    let mut key = vec![SESSION_ROW];
    key.extend(id.as_bytes());
    key
}

/// What all the keys of ids sent in a session start with.
pub(super) fn sent_prefix(id: &SessionId) -> Vec<u8> {
    let mut key = vec![b'c'];
    key.extend(id.as_bytes());
    key
}

pub(super) fn sent_key(session: &SessionId, id: &ChunkId) -> Vec<u8> {
    let mut key = sent_prefix(session);
    key.extend(id.as_bytes());
    key
}

/// The id in what follows the prefix of a sent id's key.
pub(super) fn sent_id(rest: &[u8]) -> Option<ChunkId> {
    ChunkId::from_slice(rest)
}

pub(super) fn encode_session(session: &Session) -> Vec<u8> {
    let owner = session.owner.as_bytes();
    let mut row = session.expires.to_be_bytes().to_vec();
    // Names are at most 128 bytes.
    row.extend(u16::try_from(owner.len()).unwrap_or(u16::MAX).to_be_bytes());
    row.extend(owner);
    row.extend(session.repository.as_bytes());
    row
}

pub(super) fn decode_session(id: SessionId, row: &[u8]) -> Option<Session> {
    let (expires, row) = row.split_first_chunk()?;
    let (owner_length, row) = row.split_first_chunk()?;
    let (owner, repository) = row.split_at_checked(u16::from_be_bytes(*owner_length).into())?;
    Some(Session {
        id,
        owner: String::from_utf8(owner.to_vec()).ok()?,
        repository: String::from_utf8(repository.to_vec()).ok()?,
        expires: u64::from_be_bytes(*expires),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_presence_row_is_frozen() {
        let row = Presence { kind: Kind::List, length: 0x0102, frame_length: 7, time_put: 0x0A0B };
        let bytes = [2, 0, 0, 1, 2, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0x0A, 0x0B];
        assert_eq!(row.encode(), bytes);
        assert_eq!(Presence::decode(&bytes), Some(row));
        assert_eq!(Presence::decode(&bytes[1..]), None);
        assert_eq!(Presence::decode(&[&bytes[..], &[0]].concat()), None);
    }

    #[test]
    fn a_key_of_the_index_is_frozen() {
        let id = ChunkId::from_slice(&[7; 32]).unwrap();
        let key = owner_key(&id, 0x0102);
        assert_eq!(key[..32], [7; 32]);
        assert_eq!(key[32..], [0, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!(holder_in(&key, &id), Some(0x0102));
        assert_eq!(holder_in(&key, &ChunkId::from_slice(&[8; 32]).unwrap()), None);
        assert_eq!(holder_in(&key[..39], &id), None);
    }

    #[test]
    fn a_session_row_is_frozen() {
        let id = SessionId::from_slice(&[9; 16]).unwrap();
        let session =
            Session { id, owner: "bo".into(), repository: "eo-team".into(), expires: 258 };
        let bytes = b"\0\0\0\0\0\0\x01\x02\0\x02boeo-team";
        assert_eq!(encode_session(&session), bytes);
        assert_eq!(decode_session(id, bytes), Some(session));
        assert_eq!(decode_session(id, &bytes[..9]), None);
    }
}
