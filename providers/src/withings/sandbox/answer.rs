//! The routes of the simulated Withings: who may ask, how often, and what is answered.
//!
//! Every call counts against the quota, refused ones included. Refusals are a status inside a 200.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::Response;
use serde_json::{Value, json};

use crate::sandbox::Reaction;
use crate::sandbox::call::{self, Call};
use crate::sandbox::oauth::TokenRefused;

use super::document::{self, Asked};
use super::{Cloud, account, index, sign};

type Answer = Response<Bytes>;

pub(super) const UNAUTHENTICATED: i64 = 401;
pub(super) const UNAUTHORIZED: i64 = 277;
pub(super) const INVALID: i64 = 503;
pub(super) const TOO_MANY: i64 = 601;
pub(super) const NOT_IMPLEMENTED: i64 = 2554;

/// A success with that body.
pub(super) fn ok(body: &Value) -> Answer {
    call::json(200, &json!({"status": 0, "body": body}))
}

/// A refusal.
pub(super) fn refused(status: i64, error: &str) -> Answer {
    call::json(200, &json!({"status": status, "body": {}, "error": error}))
}

/// A refusal that a script asked for.
fn scripted(status: u16) -> Answer {
    match status {
        401 => refused(UNAUTHENTICATED, "invalid_token"),
        403 => refused(UNAUTHORIZED, "Unauthorized"),
        429 => refused(TOO_MANY, "Too Many Requests"),
        status if status < 500 => refused(INVALID, "Invalid Params"),
        status => call::html(status, "<html><body>Service Unavailable</body></html>".to_owned()),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Route {
    Authorize,
    Token,
    Revoke,
    Nonce,
    Measures,
    Days,
    Course,
    Workouts,
    Stages,
    Nights,
    Readings,
    Devices,
    Subscriptions,
    Subscribe,
    Unknown,
}

impl Route {
    fn of(call: &Call) -> Self {
        let action = call.form("action").unwrap_or_default();
        match (call.method.as_str(), call.path.as_str(), action) {
            ("GET" | "POST", "/oauth2_user/authorize2", _) => Self::Authorize,
            ("POST", "/v2/oauth2", "requesttoken") => Self::Token,
            ("POST", "/v2/oauth2", "revoke") => Self::Revoke,
            ("POST", "/v2/signature", "getnonce") => Self::Nonce,
            ("POST", "/measure", "getmeas") => Self::Measures,
            ("POST", "/v2/measure", "getactivity") => Self::Days,
            ("POST", "/v2/measure", "getintradayactivity") => Self::Course,
            ("POST", "/v2/measure", "getworkouts") => Self::Workouts,
            ("POST", "/v2/sleep", "get") => Self::Stages,
            ("POST", "/v2/sleep", "getsummary") => Self::Nights,
            ("POST", "/v2/heart", "list") => Self::Readings,
            ("POST", "/v2/user", "getdevice") => Self::Devices,
            ("POST", "/notify", "list") => Self::Subscriptions,
            ("POST", "/notify", "subscribe") => Self::Subscribe,
            _ => Self::Unknown,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Authorize => "GET /oauth2_user/authorize2",
            Self::Token => "POST /v2/oauth2 requesttoken",
            Self::Revoke => "POST /v2/oauth2 revoke",
            Self::Nonce => "POST /v2/signature getnonce",
            Self::Measures => "POST /measure getmeas",
            Self::Days => "POST /v2/measure getactivity",
            Self::Course => "POST /v2/measure getintradayactivity",
            Self::Workouts => "POST /v2/measure getworkouts",
            Self::Stages => "POST /v2/sleep get",
            Self::Nights => "POST /v2/sleep getsummary",
            Self::Readings => "POST /v2/heart list",
            Self::Devices => "POST /v2/user getdevice",
            Self::Subscriptions => "POST /notify list",
            Self::Subscribe => "POST /notify subscribe",
            Self::Unknown => "unknown",
        }
    }

    /// The scope that a call needs.
    const fn scope(self) -> Option<&'static str> {
        match self {
            Self::Measures | Self::Readings => Some("user.metrics"),
            Self::Days | Self::Course | Self::Workouts | Self::Stages | Self::Nights => Some("user.activity"),
            Self::Devices => Some("user.info"),
            _ => None,
        }
    }
}

impl Cloud {
    pub(super) fn react(&mut self, call: &Call, now: DateTime<Utc>) -> Reaction {
        let route = Route::of(call);
        let exceeded = if route == Route::Authorize { None } else { self.app.count(now) };
        let fault = self.faults.take(route.name(), call);
        if fault.is_some() {
            self.statistics.faults = self.statistics.faults.saturating_add(1);
        }
        let mut reaction = match (exceeded, fault.as_ref().and_then(|fault| fault.instead(scripted))) {
            (Some(_), _) => {
                self.statistics.quota_violations = self.statistics.quota_violations.saturating_add(1);
                Reaction::Answer(refused(TOO_MANY, "Too Many Requests"))
            }
            (None, Some(reaction)) => reaction,
            (None, None) => self.answer(route, call, now),
        };
        if let Some(fault) = fault {
            reaction = fault.spoil(reaction);
        }
        self.statistics.count(route.name(), &reaction);
        reaction
    }

    fn answer(&mut self, route: Route, call: &Call, now: DateTime<Utc>) -> Reaction {
        Reaction::Answer(match route {
            Route::Authorize => {
                let people = &self.people;
                let consent = self.authority.consent(call, people, now);
                consent.unwrap_or_else(|_refused| call::html(400, "The request is not valid.".to_owned()))
            }
            Route::Token => self.token(call, now),
            Route::Nonce => {
                if sign::is_signed(call, self.secret(), &["action", "client_id", "timestamp"]) {
                    ok(&json!({"nonce": self.nonces.give(self.settings.seed, now)}))
                } else {
                    refused(INVALID, "Invalid Params: invalid signature")
                }
            }
            Route::Revoke => self.revoke(call, now),
            Route::Unknown => refused(NOT_IMPLEMENTED, "Not implemented"),
            _ => return self.of_user(route, call, now),
        })
    }

    fn secret(&self) -> &str {
        self.settings.client_secret.expose()
    }

    fn token(&mut self, call: &Call, now: DateTime<Utc>) -> Answer {
        let invalid = |what: &str| refused(INVALID, &format!("Invalid Params: invalid {what}"));
        match self.authority.token(call, now) {
            Ok(issued) => ok(&json!({
                "userid": account(issued.person), "access_token": issued.access, "refresh_token": issued.refresh,
                "expires_in": (issued.expires - now).num_seconds(), "scope": self.authority.joined(&issued.scopes),
                "token_type": "Bearer", "csrf_token": "unused",
            })),
            Err(TokenRefused::Client) => invalid("client_id or client_secret"),
            Err(TokenRefused::GrantType) => invalid("grant_type"),
            Err(TokenRefused::Code) => invalid("code"),
            Err(TokenRefused::RefreshToken) => invalid("refresh_token"),
        }
    }

    fn revoke(&mut self, call: &Call, now: DateTime<Utc>) -> Answer {
        if !sign::is_signed(call, self.secret(), &["action", "client_id", "nonce"]) {
            return refused(INVALID, "Invalid Params: invalid signature");
        }
        if !self.nonces.take(call.form("nonce").unwrap_or_default(), now) {
            return refused(INVALID, "Invalid Params: invalid nonce");
        }
        let wanted = call.form("userid").unwrap_or_default();
        let person = self.people.iter().map(|person| person.number).find(|number| account(*number) == wanted);
        match person.filter(|person| self.authority.withdraw(*person)) {
            Some(person) => {
                self.subscriptions.forget(person);
                ok(&json!([]))
            }
            None => refused(INVALID, "Invalid Params: invalid userid"),
        }
    }

    /// Answers what needs a user's token.
    fn of_user(&mut self, route: Route, call: &Call, now: DateTime<Utc>) -> Reaction {
        let token = call.bearer().unwrap_or_default();
        self.authority.used(token);
        let Some(bearer) = self.authority.bearer(token, now) else {
            return Reaction::Answer(refused(UNAUTHENTICATED, "invalid_token"));
        };
        if route.scope().is_some_and(|scope| !bearer.granted(scope)) {
            return Reaction::Answer(refused(UNAUTHORIZED, "Unauthorized"));
        }
        let person = bearer.person;
        match route {
            Route::Subscriptions => Reaction::Answer(self.subscriptions.list(person)),
            Route::Subscribe => match self.subscriptions.ask(call, person, &mut self.outbox) {
                Some(outbound) => Reaction::Call(outbound),
                None => Reaction::Answer(refused(INVALID, "Invalid Params: invalid callbackurl or appli")),
            },
            _ => Reaction::Answer(
                self.resource(route, call, person)
                    .unwrap_or_else(|| refused(INVALID, "Invalid Params: a date is missing")),
            ),
        }
    }

    fn resource(&self, route: Route, call: &Call, person: u32) -> Option<Answer> {
        let (person, life) = (self.people.get(index(person))?, self.lives.get(index(person))?);
        if route == Route::Devices {
            return Some(ok(&document::devices(person, self.start)));
        }
        let asked = Asked::read(call)?;
        Some(match (route, asked) {
            (Route::Course, Asked::Between(from, to)) => {
                ok(&json!({"series": document::course(life, from, to)}))
            }
            (Route::Stages, Asked::Between(from, to)) => ok(&document::stages(life, from, to)),
            (Route::Measures, asked) => {
                let types: Vec<i64> = call
                    .form("meastypes")
                    .map(|list| list.split(',').filter_map(|kind| kind.parse().ok()).collect())
                    .unwrap_or_default();
                let zone = person.zone.name;
                self.page(call, "measuregrps", document::measures(person, life, &asked, &types), Some(zone))
            }
            (Route::Readings, asked) => {
                self.page(call, "series", document::readings(person, life, &asked), None)
            }
            (Route::Days, asked) => self.page(call, "activities", document::days(person, life, &asked), None),
            (Route::Workouts, asked) => {
                self.page(call, "series", document::workouts(person, life, &asked), None)
            }
            (Route::Nights, asked) => self.page(call, "series", document::nights(person, life, &asked), None),
            _ => return None,
        })
    }

    /// One page of a list. Measures say with numbers whether there is more, the others with truth values.
    fn page(&self, call: &Call, name: &str, items: Vec<Value>, zone: Option<&str>) -> Answer {
        let offset: usize = call.form("offset").and_then(|text| text.parse().ok()).unwrap_or_default();
        let size = self.settings.page_size.max(1);
        let total = items.len();
        let page: Vec<Value> = items.into_iter().skip(offset).take(size).collect();
        let next = offset.saturating_add(size);
        let more = next < total;
        let mut body = json!({ name: page, "offset": if more { next } else { 0 } });
        if let Some(fields) = body.as_object_mut() {
            match zone {
                Some(zone) => {
                    fields.insert("timezone".to_owned(), zone.into());
                    fields.insert("more".to_owned(), u8::from(more).into());
                }
                None => {
                    fields.insert("more".to_owned(), more.into());
                }
            }
        }
        ok(&body)
    }
}
