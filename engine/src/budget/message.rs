//! What the budget is asked and told, and what it answers. Small and cheap to move; no request and no token is in it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use thiserror::Error;
use tributary_contract::error::QuotaScope;
use tributary_contract::{Cause, FetchError};
use uuid::Uuid;

use super::ledger::Saved;
use super::usage::Reading;

/// Names one wish for a permit from the wish to the end of its call.
pub type Ticket = u64;

/// Why a call is made, most urgent first. The order is the order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Tokens, consent, subscriptions.
    Authorization,
    /// A person or a REST call waits for it.
    Request,
    /// The provider said that something is new.
    Notification,
    /// It was due.
    Poll,
    /// History.
    Backfill,
}

impl Class {
    /// All classes, most urgent first.
    pub const ALL: [Self; 5] =
        [Self::Authorization, Self::Request, Self::Notification, Self::Poll, Self::Backfill];

    /// The word in metrics and spans.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorization => "authorization",
            Self::Request => "request",
            Self::Notification => "notification",
            Self::Poll => "poll",
            Self::Backfill => "backfill",
        }
    }

    /// Part of a quota that this class leaves to more urgent ones, in hundredths.
    const fn leaves(self) -> u32 {
        match self {
            Self::Authorization | Self::Request => 0,
            Self::Notification => 2,
            Self::Poll => 5,
            Self::Backfill => 20,
        }
    }

    /// Places of a quota that this class leaves free: its part, but never the whole quota.
    pub(super) fn keeps(self, permits: u32) -> u32 {
        let part = u64::from(permits) * u64::from(self.leaves()) / 100;
        let part = u32::try_from(part).unwrap_or(u32::MAX);
        let at_least = u32::from(self >= Self::Poll && permits > 1);
        part.max(at_least).min(permits.saturating_sub(1))
    }

    /// Whether the class waits so that a window is not used up at once.
    pub(super) const fn is_paced(self) -> bool {
        matches!(self, Self::Poll | Self::Backfill)
    }
}

impl From<Cause> for Class {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Request => Self::Request,
            Cause::Notification => Self::Notification,
            Cause::Poll => Self::Poll,
            Cause::Backfill => Self::Backfill,
        }
    }
}

/// A wish for a permit.
#[derive(Debug, Clone)]
pub struct PermitRequest {
    /// How urgent.
    pub class: Class,
    /// For which tenant; permits go round between tenants.
    pub tenant: Arc<str>,
    /// For which connection; `None` for calls of the whole app.
    pub connection: Option<Uuid>,
}

/// Why there is no permit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BudgetError {
    /// The quota stays used up for longer than a caller waits.
    #[error("the quota is used up for another {} s", retry_after.as_secs())]
    UsedUp {
        /// Whose quota.
        scope: QuotaScope,
        /// When it is worth coming back.
        retry_after: Duration,
    },
    /// Too many calls of this class wait already.
    #[error("too many calls wait for the quota")]
    Crowded,
    /// The budget has ended.
    #[error("the budget has stopped")]
    Stopped,
}

impl BudgetError {
    /// As the error of a call.
    pub fn into_fetch_error(self, call: &str) -> FetchError {
        let call = call.to_owned();
        match self {
            Self::UsedUp { scope, retry_after } => {
                FetchError::Quota { call, scope, retry_after: Some(retry_after) }
            }
            Self::Crowded => FetchError::Quota { call, scope: QuotaScope::App, retry_after: None },
            Self::Stopped => {
                FetchError::Stopped { reason: "the quota of the provider app is no longer kept".to_owned() }
            }
        }
    }
}

/// What the budget is told.
#[derive(Debug)]
pub enum Message {
    /// Somebody wants to make a call.
    Wanted {
        /// Its name from now on.
        ticket: Ticket,
        /// Which call.
        request: PermitRequest,
    },
    /// The wish is gone, or the permit was not used: no call was or will be sent.
    Dropped(Ticket),
    /// The call ended with an answer.
    Answered(Ticket, Reading),
    /// The call ended without an answer.
    Ended(Ticket),
    /// What was saved before the start, if anything was.
    Resumed(Option<Saved>),
    /// The save that was asked for is durable, or failed.
    SaveEnded(bool),
    /// Time has passed.
    Tick,
}

/// What the shell does about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The call may be made.
    Grant(Ticket),
    /// The call may not be made.
    Refuse(Ticket, BudgetError),
    /// Send [`Message::Tick`] then.
    WakeAt(DateTime<Utc>),
    /// Make this durable and send [`Message::SaveEnded`].
    Save(Saved),
}
