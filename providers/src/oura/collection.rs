//! Oura's collections of documents: their routes, the scopes that open them, their names in notifications, and which
//! resources their documents are part of.
//!
//! Lists come page by page to their end or as an error, never cut off. Nothing here looks into a document.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use tributary_contract::spec::Document;
use tributary_contract::{Fetch, FetchError, Request};

use super::wire;
use super::{ACTIVITY, ATHLETE, BODY, DAILY, SLEEP};

/// More pages than any window has; a list that is longer does not end.
const MOST_PAGES: u32 = 500;

/// What Oura puts before the names of the scopes that it granted, but not before those that it is asked for.
const SCOPE_PREFIX: &str = "extapi:";

/// One collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Collection {
    /// Its `data_type` in notifications.
    pub(super) data_type: &'static str,
    /// Template of the list.
    pub(super) list: &'static str,
    /// Template of one document.
    pub(super) document: &'static str,
    /// Any of these scopes opens it; empty where the scope is not known for sure.
    scopes: &'static [&'static str],
    /// Resources whose records hold something of its documents.
    pub(super) resources: &'static [&'static str],
}

impl Collection {
    /// The list, as a part of a resource.
    pub(super) const fn part(&self) -> Document {
        Document {
            name: self.data_type,
            template: self.list,
            empty: Some(r#"{"data": [], "next_token": null}"#),
        }
    }

    /// Whether it is worth asking: a scope that was not granted is answered with 401, which looks like a dead token.
    pub(super) fn open_to(&self, cx: &Fetch) -> bool {
        let granted = cx.account().map_or(&[][..], |account| &account.scopes);
        let bare = |scope: &str| scope.strip_prefix(SCOPE_PREFIX).unwrap_or(scope).to_owned();
        self.scopes.is_empty()
            || granted.is_empty()
            || granted.iter().any(|scope| self.scopes.contains(&bare(scope).as_str()))
    }
}

pub(super) const SLEEP_PERIODS: Collection = Collection {
    data_type: "sleep",
    list: "/v2/usercollection/sleep",
    document: "/v2/usercollection/sleep/{document_id}",
    scopes: &["daily"],
    resources: &[SLEEP],
};
pub(super) const DAILY_SLEEP: Collection = Collection {
    data_type: "daily_sleep",
    list: "/v2/usercollection/daily_sleep",
    document: "/v2/usercollection/daily_sleep/{document_id}",
    scopes: &["daily"],
    resources: &[SLEEP, DAILY],
};
pub(super) const DAILY_READINESS: Collection = Collection {
    data_type: "daily_readiness",
    list: "/v2/usercollection/daily_readiness",
    document: "/v2/usercollection/daily_readiness/{document_id}",
    scopes: &["daily"],
    resources: &[DAILY],
};
pub(super) const DAILY_ACTIVITY: Collection = Collection {
    data_type: "daily_activity",
    list: "/v2/usercollection/daily_activity",
    document: "/v2/usercollection/daily_activity/{document_id}",
    scopes: &["daily"],
    resources: &[DAILY],
};
pub(super) const DAILY_STRESS: Collection = Collection {
    data_type: "daily_stress",
    list: "/v2/usercollection/daily_stress",
    document: "/v2/usercollection/daily_stress/{document_id}",
    scopes: &[],
    resources: &[DAILY],
};
pub(super) const DAILY_RESILIENCE: Collection = Collection {
    data_type: "daily_resilience",
    list: "/v2/usercollection/daily_resilience",
    document: "/v2/usercollection/daily_resilience/{document_id}",
    scopes: &[],
    resources: &[DAILY],
};
pub(super) const DAILY_SPO2: Collection = Collection {
    data_type: "daily_spo2",
    list: "/v2/usercollection/daily_spo2",
    document: "/v2/usercollection/daily_spo2/{document_id}",
    scopes: &["spo2", "spo2Daily"],
    resources: &[DAILY, BODY],
};
pub(super) const ENHANCED_TAG: Collection = Collection {
    data_type: "enhanced_tag",
    list: "/v2/usercollection/enhanced_tag",
    document: "/v2/usercollection/enhanced_tag/{document_id}",
    scopes: &["tag"],
    resources: &[DAILY],
};
pub(super) const WORKOUT: Collection = Collection {
    data_type: "workout",
    list: "/v2/usercollection/workout",
    document: "/v2/usercollection/workout/{document_id}",
    scopes: &["workout"],
    resources: &[ACTIVITY],
};
pub(super) const SESSION: Collection = Collection {
    data_type: "session",
    list: "/v2/usercollection/session",
    document: "/v2/usercollection/session/{document_id}",
    scopes: &["session"],
    resources: &[ACTIVITY],
};
/// Capital in the route, lower case in notifications.
pub(super) const VO2_MAX: Collection = Collection {
    data_type: "vo2_max",
    list: "/v2/usercollection/vO2_max",
    document: "/v2/usercollection/vO2_max/{document_id}",
    scopes: &[],
    resources: &[BODY],
};
pub(super) const DAILY_CARDIOVASCULAR_AGE: Collection = Collection {
    data_type: "daily_cardiovascular_age",
    list: "/v2/usercollection/daily_cardiovascular_age",
    document: "/v2/usercollection/daily_cardiovascular_age/{document_id}",
    scopes: &[],
    resources: &[BODY],
};
pub(super) const RING_CONFIGURATION: Collection = Collection {
    data_type: "ring_configuration",
    list: "/v2/usercollection/ring_configuration",
    document: "/v2/usercollection/ring_configuration/{document_id}",
    scopes: &[],
    resources: &[ATHLETE],
};
/// Has neither documents of its own nor notifications.
pub(super) const HEART_RATE: Collection = Collection {
    data_type: "heartrate",
    list: "/v2/usercollection/heartrate",
    document: "",
    scopes: &["heartrate"],
    resources: &[],
};

/// The collections that have notifications and whose documents become part of records.
pub(super) const NOTIFYING: [Collection; 13] = [
    SLEEP_PERIODS,
    DAILY_SLEEP,
    DAILY_READINESS,
    DAILY_ACTIVITY,
    DAILY_STRESS,
    DAILY_RESILIENCE,
    DAILY_SPO2,
    ENHANCED_TAG,
    WORKOUT,
    SESSION,
    VO2_MAX,
    DAILY_CARDIOVASCULAR_AGE,
    RING_CONFIGURATION,
];

/// The collection of that `data_type`, if its documents become part of records.
pub(super) fn find(data_type: &str) -> Option<Collection> {
    NOTIFYING.into_iter().find(|collection| collection.data_type == data_type)
}

/// Days to ask for; whether the last one is part of the answer differs from collection to collection.
pub(super) type Range = (NaiveDate, NaiveDate);

/// All documents between two days.
pub(super) async fn documents<T: DeserializeOwned>(
    cx: &Fetch,
    collection: &Collection,
    (first, last): Range,
) -> Result<Vec<T>, FetchError> {
    let request = Request::get(collection.list)
        .query("start_date", first.to_string())
        .query("end_date", last.to_string());
    pages(cx, &request).await
}

/// All pages of a list.
pub(super) async fn pages<T: DeserializeOwned>(cx: &Fetch, request: &Request) -> Result<Vec<T>, FetchError> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut next = request.clone();
    for _ in 0..MOST_PAGES {
        let page: wire::Page<T> = cx.json(next).await?;
        found.extend(page.data);
        let Some(token) = page.next_token.filter(|token| !token.is_empty()) else { return Ok(found) };
        next = request.clone().query("next_token", token.clone());
        if !seen.insert(token) {
            return Err(FetchError::malformed(request.template.as_str(), "next_token (comes again)"));
        }
    }
    Err(FetchError::malformed(request.template.as_str(), format!("page {MOST_PAGES}: the list does not end")))
}

/// One document that a notification named.
pub(super) async fn document<T: DeserializeOwned>(
    cx: &Fetch,
    collection: &Collection,
    id: &str,
) -> Result<T, FetchError> {
    cx.json(Request::get(collection.document).arg("document_id", id)).await
}

/// The lists that make up one record, some of which may be closed to us.
///
/// Oura answers 403, or 401, to a route whose scope was not granted. While the same token opens another list that is
/// no reason to fail; when it opens none, it is.
#[derive(Debug, Default)]
pub(super) struct Parts {
    opened: bool,
    refused: Option<FetchError>,
}

impl Parts {
    /// The documents of one list between two days; none when it is closed.
    pub(super) async fn list<T: DeserializeOwned>(
        &mut self,
        cx: &Fetch,
        collection: &Collection,
        range: Range,
    ) -> Result<Vec<T>, FetchError> {
        if !collection.open_to(cx) {
            return Ok(Vec::new());
        }
        let result = documents(cx, collection, range).await;
        self.admit(result)
    }

    /// What a list gave; nothing when it is closed.
    pub(super) fn admit<T>(&mut self, result: Result<Vec<T>, FetchError>) -> Result<Vec<T>, FetchError> {
        match result {
            Ok(documents) => {
                self.opened = true;
                Ok(documents)
            }
            Err(error @ (FetchError::Forbidden { .. } | FetchError::Auth { .. })) => {
                // Lost consent weighs more than a missing scope.
                if self.refused.is_none() || matches!(error, FetchError::Auth { .. }) {
                    self.refused = Some(error);
                }
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }

    /// Whether there was anything to read at all.
    pub(super) fn settle(self, resource: &str) -> Result<(), FetchError> {
        match self {
            Self { opened: true, .. } => Ok(()),
            Self { refused: Some(error), .. } => Err(error),
            Self { refused: None, .. } => {
                Err(FetchError::unsupported(format!("{resource} without any of the scopes for it")))
            }
        }
    }
}
