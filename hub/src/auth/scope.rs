//! What a token allows, as far as the token itself goes. What its user may do is decided in
//! `permission`.

use std::str::FromStr;

/// Each scope includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// See what the user may see.
    Read,
    /// Change what the user owns.
    Write,
    /// Change anything: for the operator.
    Admin,
}

/// The text is no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no scope: read, write or admin")]
pub struct ParseScopeError(String);

impl Scope {
    /// The number in the catalog.
    pub fn code(self) -> i16 {
        match self {
            Self::Read => 1,
            Self::Write => 2,
            Self::Admin => 3,
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    /// The scope of a number in the catalog.
    pub fn from_code(code: i16) -> Option<Self> {
        [Self::Read, Self::Write, Self::Admin].into_iter().find(|scope| scope.code() == code)
    }
}

impl FromStr for Scope {
    type Err = ParseScopeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "read" => Ok(Self::Read),
            "write" => Ok(Self::Write),
            "admin" => Ok(Self::Admin),
            _ => Err(ParseScopeError(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_frozen_and_scopes_are_ordered() {
        for (scope, code, word) in
            [(Scope::Read, 1, "read"), (Scope::Write, 2, "write"), (Scope::Admin, 3, "admin")]
        {
            assert_eq!(scope.code(), code);
            assert_eq!(Scope::from_code(code), Some(scope));
            assert_eq!((word.parse(), scope.word()), (Ok(scope), word));
        }
        assert_eq!(Scope::from_code(0), None);
        assert!(Scope::Read < Scope::Write && Scope::Write < Scope::Admin);
        assert!("root".parse::<Scope>().is_err());
    }
}
