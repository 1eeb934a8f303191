//! The routes of the simulated Strava: who may ask, how often, and what is answered.
//!
//! Every call is counted against the quota first, refused ones included. It never changes what people did.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Method, Response};
use serde_json::{Value, json};

use crate::sandbox::Reaction;
use crate::sandbox::call::{self, Call};
use crate::sandbox::oauth::{ConsentRefused, Issued, TokenRefused};

use super::activity::Activity;
use super::{Cloud, athlete, athlete_id, index};

type Answer = Response<Bytes>;

/// A refusal, with the one error that it lists.
#[derive(Clone, Copy)]
pub(super) struct Refusal {
    status: u16,
    message: &'static str,
    resource: &'static str,
    field: &'static str,
    code: &'static str,
}

impl Refusal {
    pub(super) const fn bad_request(resource: &'static str, field: &'static str, code: &'static str) -> Self {
        Self { status: 400, message: "Bad Request", resource, field, code }
    }

    pub(super) const fn unauthorized(resource: &'static str, field: &'static str) -> Self {
        Self { status: 401, message: "Authorization Error", resource, field, code: "invalid" }
    }

    const fn missing_permission(field: &'static str) -> Self {
        Self { status: 403, message: "Forbidden", resource: "AccessToken", field, code: "missing" }
    }

    pub(super) const fn not_found(resource: &'static str) -> Self {
        Self { status: 404, message: "Record Not Found", resource, field: "id", code: "invalid" }
    }

    const RATE_LIMITED: Self = Self {
        status: 429,
        message: "Rate Limit Exceeded",
        resource: "Application",
        field: "rate limit",
        code: "exceeded",
    };

    /// A status that a script asked for.
    const fn scripted(status: u16) -> Self {
        match status {
            401 => Self::unauthorized("Athlete", "access_token"),
            403 => Self::missing_permission("activity:read_permission"),
            404 => Self::not_found("Activity"),
            429 => Self::RATE_LIMITED,
            _ => Self { status, message: "error", resource: "Application", field: "", code: "unavailable" },
        }
    }

    pub(super) fn answer(self) -> Answer {
        let error = json!({"resource": self.resource, "field": self.field, "code": self.code});
        call::json(self.status, &json!({"message": self.message, "errors": [error]}))
    }
}

#[derive(Clone, Copy)]
enum Route<'a> {
    Authorize,
    Token,
    Revoke,
    Deauthorize,
    Athlete,
    Zones,
    Stats(&'a str),
    Activities,
    Activity(&'a str),
    Laps(&'a str),
    Streams(&'a str),
    Subscribe,
    Subscriptions,
    Unsubscribe(&'a str),
    Unknown,
}

impl<'a> Route<'a> {
    fn of(method: &Method, segments: &[&'a str]) -> Self {
        match (method.as_str(), segments) {
            ("GET" | "POST", ["oauth", "authorize"]) => Self::Authorize,
            ("POST", ["api", "v3", "oauth", "token"] | ["oauth", "token"]) => Self::Token,
            ("POST", ["oauth", "revoke"]) => Self::Revoke,
            ("POST", ["oauth", "deauthorize"]) => Self::Deauthorize,
            ("GET", ["api", "v3", "athlete"]) => Self::Athlete,
            ("GET", ["api", "v3", "athlete", "zones"]) => Self::Zones,
            ("GET", ["api", "v3", "athlete", "activities"]) => Self::Activities,
            ("GET", ["api", "v3", "athletes", id, "stats"]) => Self::Stats(id),
            ("GET", ["api", "v3", "activities", id]) => Self::Activity(id),
            ("GET", ["api", "v3", "activities", id, "laps"]) => Self::Laps(id),
            ("GET", ["api", "v3", "activities", id, "streams"]) => Self::Streams(id),
            ("POST", ["api", "v3", "push_subscriptions"]) => Self::Subscribe,
            ("GET", ["api", "v3", "push_subscriptions"]) => Self::Subscriptions,
            ("DELETE", ["api", "v3", "push_subscriptions", id]) => Self::Unsubscribe(id),
            _ => Self::Unknown,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Authorize => "GET /oauth/authorize",
            Self::Token => "POST /oauth/token",
            Self::Revoke => "POST /oauth/revoke",
            Self::Deauthorize => "POST /oauth/deauthorize",
            Self::Athlete => "GET /api/v3/athlete",
            Self::Zones => "GET /api/v3/athlete/zones",
            Self::Stats(_) => "GET /api/v3/athletes/{id}/stats",
            Self::Activities => "GET /api/v3/athlete/activities",
            Self::Activity(_) => "GET /api/v3/activities/{id}",
            Self::Laps(_) => "GET /api/v3/activities/{id}/laps",
            Self::Streams(_) => "GET /api/v3/activities/{id}/streams",
            Self::Subscribe => "POST /api/v3/push_subscriptions",
            Self::Subscriptions => "GET /api/v3/push_subscriptions",
            Self::Unsubscribe(_) => "DELETE /api/v3/push_subscriptions/{id}",
            Self::Unknown => "unknown",
        }
    }

    /// Whether it is a call of the API, which the quota is for, and not of the authority.
    const fn is_metered(self) -> bool {
        !matches!(self, Self::Authorize | Self::Token | Self::Revoke | Self::Deauthorize)
    }
}

impl Cloud {
    pub(super) fn react(&mut self, call: &Call, now: DateTime<Utc>) -> Reaction {
        let segments = call.segments();
        let route = Route::of(&call.method, &segments);
        let exceeded = route.is_metered() && {
            let (overall, read) = (self.overall.count(now), self.read.count(now));
            overall.or(read).is_some()
        };
        let fault = self.faults.take(route.name(), call);
        if fault.is_some() {
            self.statistics.faults = self.statistics.faults.saturating_add(1);
        }
        let mut reaction = if exceeded {
            self.statistics.quota_violations = self.statistics.quota_violations.saturating_add(1);
            Reaction::Answer(Refusal::RATE_LIMITED.answer())
        } else {
            match fault.as_ref().and_then(|fault| fault.instead(|status| Refusal::scripted(status).answer()))
            {
                Some(reaction) => reaction,
                None => self.answer(route, call, now),
            }
        };
        if let (true, Reaction::Answer(response)) = (route.is_metered(), &mut reaction) {
            call::set(response, "x-ratelimit-limit", &self.overall.limits());
            call::set(response, "x-ratelimit-usage", &self.overall.usage());
            call::set(response, "x-readratelimit-limit", &self.read.limits());
            call::set(response, "x-readratelimit-usage", &self.read.usage());
        }
        if let Some(fault) = fault {
            reaction = fault.spoil(reaction);
        }
        self.statistics.count(route.name(), &reaction);
        reaction
    }

    fn answer(&mut self, route: Route<'_>, call: &Call, now: DateTime<Utc>) -> Reaction {
        Reaction::Answer(match route {
            Route::Authorize => self.authorize(call, now),
            Route::Token => self.token(call, now),
            Route::Revoke => self.revoke(call),
            Route::Deauthorize => self.deauthorize(call),
            Route::Subscribe => return self.subscribe(call),
            Route::Subscriptions => self.subscriptions(call),
            Route::Unsubscribe(id) => self.unsubscribe(call, id),
            Route::Unknown => Refusal::not_found("resource").answer(),
            Route::Athlete
            | Route::Zones
            | Route::Stats(_)
            | Route::Activities
            | Route::Activity(_)
            | Route::Laps(_)
            | Route::Streams(_) => self.resource(route, call, now).unwrap_or_else(Refusal::answer),
        })
    }

    /// Answers what needs an athlete's token. A refusal is an `Err`.
    fn resource(&self, route: Route<'_>, call: &Call, now: DateTime<Utc>) -> Result<Answer, Refusal> {
        let token = call.bearer().or_else(|| call.query("access_token"));
        let bearer = token
            .and_then(|token| self.authority.bearer(token, now))
            .ok_or_else(|| Refusal::unauthorized("Athlete", "access_token"))?;
        let person = self.people.get(index(bearer.person)).ok_or_else(|| Refusal::not_found("Athlete"))?;
        let sees_private = bearer.granted("activity:read_all");
        let needs = |granted: bool, permission| {
            if granted { Ok(()) } else { Err(Refusal::missing_permission(permission)) }
        };
        let needs_activities =
            || needs(sees_private || bearer.granted("activity:read"), "activity:read_permission");
        match route {
            Route::Zones => {
                needs(bearer.granted("profile:read_all"), "profile:read_all")?;
                Ok(call::json(200, &athlete::zones(person)))
            }
            Route::Stats(id) if id == athlete_id(person.number).to_string() => {
                needs_activities()?;
                let mine = self
                    .of_person(person.number, true)
                    .filter(|activity| !activity.only_me)
                    .filter_map(|activity| self.truth(activity).map(|(_, truth)| (activity, truth)));
                Ok(call::json(200, &athlete::statistics(mine, now)))
            }
            Route::Stats(_) => Err(Refusal::missing_permission("athlete")),
            Route::Activities => {
                needs_activities()?;
                self.list(call, person.number, sees_private)
            }
            Route::Activity(id) | Route::Laps(id) | Route::Streams(id) => {
                needs_activities()?;
                self.one(route, id, call, person.number, sees_private)
            }
            Route::Athlete
            | Route::Authorize
            | Route::Token
            | Route::Revoke
            | Route::Deauthorize
            | Route::Subscribe
            | Route::Subscriptions
            | Route::Unsubscribe(_)
            | Route::Unknown => {
                Ok(call::json(200, &athlete::profile(person, bearer.granted("profile:read_all"))))
            }
        }
    }

    /// A person's activities by start.
    fn of_person(&self, person: u32, oldest_first: bool) -> impl Iterator<Item = &Activity> {
        let numbers = self.by_person.get(index(person)).map(Vec::as_slice).unwrap_or_default();
        let position = move |place: usize| if oldest_first { place } else { numbers.len() - 1 - place };
        (0..numbers.len())
            .filter_map(move |place| numbers.get(position(place)))
            .filter_map(|number| self.activities.get(index(*number)))
    }

    fn list(&self, call: &Call, person: u32, sees_private: bool) -> Result<Answer, Refusal> {
        let number = |name: &'static str, otherwise: i64| match call.query(name) {
            None => Ok(otherwise),
            Some(text) => text.parse().ok().ok_or(Refusal::bad_request("Activity", name, "invalid")),
        };
        let (after, before) = (number("after", i64::MIN)?, number("before", i64::MAX)?);
        let (page, per_page) = (number("page", 1)?, number("per_page", 30)?);
        let (Ok(page), Ok(per_page)) = (usize::try_from(page), usize::try_from(per_page)) else {
            return Err(Refusal::bad_request("Activity", "page", "invalid"));
        };
        if page == 0 || per_page == 0 || per_page > 200 {
            return Err(Refusal::bad_request("Activity", "per_page", "invalid"));
        }
        let mut body = String::from("[");
        let mut wanted = self
            .of_person(person, call.query("after").is_some())
            .filter(|activity| activity.start.timestamp() > after && activity.start.timestamp() < before)
            .filter(|activity| sees_private || !activity.only_me);
        let skipped = (page - 1).saturating_mul(per_page);
        if skipped > 0 && wanted.by_ref().take(skipped).count() < skipped {
            return Ok(call::written(200, "[]"));
        }
        for activity in wanted.take(per_page) {
            let Some((person, truth)) = self.truth(activity) else { continue };
            if body.len() > 1 {
                body.push(',');
            }
            body.push_str(&truth.summary(activity, person).to_string());
        }
        body.push(']');
        Ok(call::written(200, body))
    }

    /// One activity, its laps or its streams.
    fn one(
        &self,
        route: Route<'_>,
        id: &str,
        call: &Call,
        person: u32,
        sees_private: bool,
    ) -> Result<Answer, Refusal> {
        let number = Activity::number_of(id).ok_or_else(|| Refusal::not_found("Activity"))?;
        let activity =
            self.activities.get(index(number)).filter(|activity| activity.person == person && !activity.gone);
        let activity = activity.ok_or_else(|| Refusal::not_found("Activity"))?;
        let (person, truth) = self.truth(activity).ok_or_else(|| Refusal::not_found("Activity"))?;
        if activity.only_me && !sees_private {
            return Err(Refusal::not_found("Activity"));
        }
        Ok(match route {
            Route::Laps(_) => call::written(200, truth.laps_json(activity, person)),
            Route::Streams(_) => {
                let track = truth.track(activity).ok_or_else(|| Refusal::not_found("Streams"))?;
                let keys =
                    call.query("keys").ok_or_else(|| Refusal::bad_request("Streams", "keys", "missing"))?;
                call::written(200, track.json(keys, call.query("key_by_type") == Some("true")))
            }
            _ => call::written(200, truth.detailed(activity, person)),
        })
    }

    fn authorize(&mut self, call: &Call, now: DateTime<Utc>) -> Answer {
        self.authority.consent(call, &self.people, now).unwrap_or_else(|refused| match refused {
            ConsentRefused::Client => Refusal::bad_request("Application", "client_id", "invalid").answer(),
            ConsentRefused::RedirectUri => {
                Refusal::bad_request("Application", "redirect_uri", "invalid").answer()
            }
            ConsentRefused::ResponseType => {
                Refusal::bad_request("Application", "response_type", "invalid").answer()
            }
            ConsentRefused::Scope => Refusal::bad_request("Application", "scope", "invalid").answer(),
            ConsentRefused::Login => call::html(404, "There is no person of that number.".to_owned()),
        })
    }

    fn token(&mut self, call: &Call, now: DateTime<Utc>) -> Answer {
        match self.authority.token(call, now) {
            Ok(issued) => call::json(200, &self.tokens(&issued, now)),
            Err(TokenRefused::Client) => Refusal::unauthorized("Application", "client_id").answer(),
            Err(TokenRefused::GrantType) => Refusal::bad_request("OAuth", "grant_type", "invalid").answer(),
            Err(TokenRefused::Code) => Refusal::bad_request("AuthorizationCode", "code", "invalid").answer(),
            Err(TokenRefused::RefreshToken) => {
                Refusal::bad_request("RefreshToken", "refresh_token", "invalid").answer()
            }
        }
    }

    fn tokens(&self, issued: &Issued, now: DateTime<Utc>) -> Value {
        let mut tokens = json!({
            "token_type": "Bearer",
            "expires_at": issued.expires.timestamp(),
            "expires_in": (issued.expires - now).num_seconds(),
            "refresh_token": issued.refresh,
            "access_token": issued.access,
            "scope": self.authority.joined(&issued.scopes),
        });
        let person = self.people.get(index(issued.person)).filter(|_| issued.by_code);
        if let (Some(person), Some(fields)) = (person, tokens.as_object_mut()) {
            fields.insert("athlete".to_owned(), athlete::profile(person, false));
        }
        tokens
    }

    fn revoke(&mut self, call: &Call) -> Answer {
        let client = call.basic();
        let (id, secret) =
            client.as_ref().map_or((None, None), |(id, secret)| (Some(id.as_str()), Some(secret.as_str())));
        if !self.authority.is_client(id, secret) {
            return Refusal::unauthorized("Application", "client_id").answer();
        }
        // As RFC 7009 has it, a token that is not known is as good as revoked.
        let revoked = call.form("token").map(|token| self.authority.revoke(token));
        if revoked.is_none() {
            Refusal::bad_request("Application", "token", "missing").answer()
        } else {
            call::empty(200)
        }
    }

    fn deauthorize(&mut self, call: &Call) -> Answer {
        let token = call.field("access_token").or_else(|| call.bearer()).map(str::to_owned);
        match token.filter(|token| self.authority.revoke(token).is_some()) {
            Some(token) => call::json(200, &json!({ "access_token": token })),
            None => Refusal::unauthorized("Athlete", "access_token").answer(),
        }
    }
}
