//! What each route takes: one rule for each, and how to ask so that only rights can be in the way. What follows
//! from the rule for a caller, the permission table says.

use flisthub_hub::auth::{
    Caller, Credential, Denied, Right, Scope, allow_create, allow_job, allow_operate, allow_own,
    allow_sign, allow_token, allow_tokens,
};

use super::ask::Ask;
use super::callers::Who;
use super::prepare::{Before, Case};
use super::stage::Stage;
use crate::support::START;

/// What a request takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// Nothing: nobody looks at who is calling.
    Nothing,
    /// Nothing, and a token that comes must be valid.
    Valid,
    /// A token.
    SignedIn,
    /// A token of the hub's own.
    HubToken,
    /// The right to change what is the user's own.
    Own,
    /// The right to make repositories.
    Create,
    /// The right to make a token that reads, for a minute.
    MakeToken,
    /// The right to the caller's own tokens.
    OwnTokens,
    /// The right to the tokens of the owner of `target`.
    Tokens(Right),
    /// To be an admin.
    Operate,
    /// The right to a job of the owner of `target`.
    Job(Right),
    /// The right in `target`.
    On(Right),
    /// The right in the caller's own repository.
    OnOwn(Right),
    /// The right to change what is the user's own, and the right in `target`.
    OwnAnd(Right),
    /// To write to the caller's own repository, and the right in `target`.
    OwnThen(Right),
    /// A token of the hub's own, and the right in `target`.
    Sign(Right),
    /// The right in `target`, by an upload session of the caller's.
    Session(Right),
    /// Nothing, and `target` is named only to who has the right.
    Lists(Right),
}

/// What comes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comes {
    Success,
    /// 401.
    NoCredentials,
    /// 403.
    Forbidden,
    /// As if what was asked for were not there.
    Absent,
}

/// The rule of a route.
pub(super) struct Rule {
    pub(super) method: &'static str,
    pub(super) pattern: &'static str,
    pub(super) needs: Needs,
    pub(super) before: Before,
    /// The statuses of success.
    pub(super) succeeds: &'static [u16],
    /// Whether a success may take the caller's token, so that everybody gets new ones afterwards.
    pub(super) spends: bool,
    /// Whether it takes long, so that only some ask.
    pub(super) slow: bool,
    pub(super) ask: fn(&Stage, &Case) -> Ask,
}

impl Rule {
    pub(super) fn new(
        (method, pattern): (&'static str, &'static str),
        needs: Needs,
        before: Before,
        ask: fn(&Stage, &Case) -> Ask,
    ) -> Self {
        Self {
            method,
            pattern,
            needs,
            before,
            succeeds: &[200, 201, 202, 204],
            spends: false,
            slow: false,
            ask,
        }
    }

    /// A `GET` in which nothing has to be made before.
    pub(super) fn get(pattern: &'static str, needs: Needs, ask: fn(&Stage, &Case) -> Ask) -> Self {
        Self::new(("GET", pattern), needs, Before::Nothing, ask)
    }

    /// What the permission table has come of it.
    pub(super) fn comes(&self, stage: &Stage, who: &Who) -> Comes {
        let Some(caller) = &who.caller else {
            return if self.needs == Needs::Nothing {
                Comes::Success
            } else {
                Comes::NoCredentials
            };
        };
        let config = &stage.hub.config;
        let changes = |right| right >= Right::Write;
        let anonymous = *caller == Caller::Anonymous;
        let decided = match self.needs {
            Needs::SignedIn | Needs::OnOwn(_) | Needs::OwnThen(_) if anonymous => {
                Err(Denied::Anonymous)
            }
            Needs::Nothing | Needs::Valid | Needs::Lists(_) | Needs::SignedIn => Ok(()),
            Needs::HubToken => match caller {
                Caller::User(identity) => match identity.credential {
                    Credential::Token { .. } => Ok(()),
                    _ => Err(Denied::Issued),
                },
                _ => Err(Denied::Anonymous),
            },
            Needs::Own => allow_own(config, caller),
            Needs::OwnAnd(right) => {
                allow_own(config, caller).and_then(|()| who.may(stage, right, &stage.target))
            }
            Needs::Create => allow_create(config, caller),
            Needs::MakeToken => allow_token(config, caller, Scope::Read, Some(START + 60)),
            Needs::OwnTokens => match caller.user() {
                Ok(user) => allow_tokens(caller, Right::Read, user.id),
                Err(_) => Err(Denied::Anonymous),
            },
            Needs::Tokens(right) => allow_tokens(caller, right, stage.user("olga").id),
            Needs::Operate => allow_operate(caller),
            // A token that is limited is shown conversions for its repositories alone; this is none.
            Needs::Job(right) => allow_job(caller, right, Some(stage.user("olga").id))
                .and_then(|()| if limited(caller) { Err(Denied::NotOwner) } else { Ok(()) }),
            Needs::Sign(right) => {
                allow_sign(caller).and_then(|()| who.may(stage, right, &stage.target))
            }
            // Who is nobody in particular hears that first.
            Needs::On(right) | Needs::Session(right) if changes(right) && anonymous => {
                Err(Denied::Anonymous)
            }
            Needs::On(right) | Needs::Session(right) => who.may(stage, right, &stage.target),
            Needs::OnOwn(right) => who.may(stage, right, stage.own(who.own())),
            Needs::OwnThen(right) => who
                .may(stage, Right::Write, stage.own(who.own()))
                .and_then(|()| who.may(stage, right, &stage.target)),
        };
        match decided {
            Ok(()) => Comes::Success,
            Err(Denied::Anonymous) => Comes::NoCredentials,
            // To others the job or the token does not exist either.
            Err(Denied::Unseen | Denied::NotOwner) => Comes::Absent,
            Err(_) => Comes::Forbidden,
        }
    }
}

/// Every rule.
pub(super) fn all() -> Vec<Rule> {
    let mut all = super::rules_native::rules();
    all.extend(super::rules_names::rules());
    all.extend(super::rules_accounts::rules());
    all.extend(super::rules_zero_hub::rules());
    all.extend(super::rules_sharinghub::rules());
    all.extend(super::rules_stac::rules());
    all
}

fn limited(caller: &Caller) -> bool {
    caller.identity().is_ok_and(|identity| identity.only.is_some())
}
