//! What can go wrong on the way to a provider, sorted by what to do about it.
//!
//! Only the door classifies: it sees statuses, headers and bodies. A provider itself raises nothing but
//! [`FetchError::Malformed`] and [`FetchError::Unsupported`]. Texts never hold a payload value, a token, a user id
//! or a query string; they name the call by its template.

use std::time::Duration;

use thiserror::Error;

/// What the engine does about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Try again later; nothing is lost by waiting.
    Retry,
    /// The user has to authorise again; polling stops until then.
    Reauth,
    /// Trying again cannot help: the same input gives the same answer.
    GiveUp,
}

/// Whom a quota belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuotaScope {
    /// All connections of one provider app share it.
    App,
    /// One connection has it for itself.
    User,
}

/// Why a call to a provider did not give an answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FetchError {
    /// The provider says that consent is lost; nothing but a new authorisation helps.
    #[error("the provider refused the credentials for {call}: {reason}; the user has to connect again")]
    Auth {
        /// Template of the call.
        call: String,
        /// The provider's error code or our reading of it, never a token.
        reason: String,
    },
    /// The provider's quota is used up.
    #[error("the provider's quota is used up at {call}; next try {}", after(*.retry_after))]
    Quota {
        /// Template of the call.
        call: String,
        /// Whose quota it was.
        scope: QuotaScope,
        /// When the provider said to come back, if it did.
        retry_after: Option<Duration>,
    },
    /// 404 or 410: there is no such thing, or no longer.
    #[error("{call} does not exist at the provider")]
    Gone {
        /// Template of the call.
        call: String,
    },
    /// 403: this route is not covered by the scopes, the plan or the membership. The connection itself lives on.
    #[error("{call} is not allowed: a scope, plan or membership is missing")]
    Forbidden {
        /// Template of the call.
        call: String,
    },
    /// 400 or 422 and the like: our own request was wrong.
    #[error("the provider answered {status} to {call}: the request was wrong and is not repeated")]
    Rejected {
        /// Template of the call.
        call: String,
        /// HTTP status, or the provider's own number where that stands inside a 200.
        status: u16,
    },
    /// A time-out, a broken connection, a 5xx: passes by itself.
    #[error("{call} failed for now: {reason}; next try {}", after(*.retry_after))]
    Transient {
        /// Template of the call.
        call: String,
        /// What happened, without any payload.
        reason: String,
        /// When the provider said to come back, if it did.
        retry_after: Option<Duration>,
    },
    /// The answer does not have the documented shape.
    #[error("malformed answer in {what} at {at}")]
    Malformed {
        /// Which document: a template or a resource name.
        what: String,
        /// Where in it: line and column, a field path, never a value.
        at: String,
    },
    /// The provider has no such thing.
    #[error("{what} is not supported by this provider")]
    Unsupported {
        /// What was asked for.
        what: String,
    },
    /// The job was stopped: shutdown, deadline, or the connection has a new owner.
    #[error("the job was stopped: {reason}")]
    Stopped {
        /// Why.
        reason: String,
    },
    /// What was emitted could not be committed; nothing of it counts.
    #[error("the store did not take the records: {reason}; they will be fetched again")]
    Store {
        /// The store's own error text.
        reason: String,
    },
}

fn after(delay: Option<Duration>) -> String {
    delay.map_or_else(|| "as scheduled".to_owned(), |delay| format!("in {} s", delay.as_secs()))
}

impl FetchError {
    /// A document that lacks its documented shape. `at` is a place, never a value.
    pub fn malformed(what: impl Into<String>, at: impl Into<String>) -> Self {
        Self::Malformed { what: what.into(), at: at.into() }
    }

    /// Something that this provider does not offer.
    pub fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into() }
    }

    /// What to do about it.
    pub const fn class(&self) -> Class {
        match self {
            Self::Auth { .. } => Class::Reauth,
            Self::Quota { .. } | Self::Transient { .. } | Self::Stopped { .. } | Self::Store { .. } => {
                Class::Retry
            }
            Self::Gone { .. }
            | Self::Forbidden { .. }
            | Self::Rejected { .. }
            | Self::Malformed { .. }
            | Self::Unsupported { .. } => Class::GiveUp,
        }
    }

    /// The delay that the provider asked for, if any.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Quota { retry_after, .. } | Self::Transient { retry_after, .. } => *retry_after,
            Self::Auth { .. }
            | Self::Gone { .. }
            | Self::Forbidden { .. }
            | Self::Rejected { .. }
            | Self::Malformed { .. }
            | Self::Unsupported { .. }
            | Self::Stopped { .. }
            | Self::Store { .. } => None,
        }
    }

    /// A short, bounded word for metrics and tables.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Auth { .. } => "auth",
            Self::Quota { .. } => "quota",
            Self::Gone { .. } => "gone",
            Self::Forbidden { .. } => "forbidden",
            Self::Rejected { .. } => "rejected",
            Self::Transient { .. } => "transient",
            Self::Malformed { .. } => "malformed",
            Self::Unsupported { .. } => "unsupported",
            Self::Stopped { .. } => "stopped",
            Self::Store { .. } => "store",
        }
    }
}
