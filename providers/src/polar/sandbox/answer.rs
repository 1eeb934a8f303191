//! The routes of the simulated Polar: who may ask, how often, and what is answered.
//!
//! Every call is counted against the quota first, refused ones included.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Method, Response};
use serde_json::json;

use crate::sandbox::Reaction;
use crate::sandbox::call::{self, Call};
use crate::sandbox::oauth::{ConsentRefused, TokenRefused};

use super::{Cloud, FIRST_USER, index, resource, user_id};

type Answer = Response<Bytes>;

/// A refusal in Polar's model of an error.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal {
    status: u16,
    message: &'static str,
}

impl Refusal {
    pub(super) const NOT_FOUND: Self = Self::new(404, "Not found.");

    pub(super) const fn new(status: u16, message: &'static str) -> Self {
        Self { status, message }
    }

    pub(super) fn answer(self) -> Answer {
        let error = json!({"timestamp": "2026-05-02T07:10:00.000Z", "status": self.status, "errorType": "error",
            "message": self.message, "corrId": "00000000"});
        call::json(self.status, &error)
    }
}

const NOT_REGISTERED: Refusal = Refusal::new(403, "User has not accepted all mandatory consents.");

#[derive(Clone, Copy)]
enum Route<'a> {
    Authorize,
    Token,
    Register,
    User(&'a str),
    Delete(&'a str),
    Exercises,
    Exercise(&'a str),
    Fit,
    Activities,
    HeartRates,
    Loads,
    Nights,
    Night(&'a str),
    Recharges,
    Recharge(&'a str),
    Biosensing(&'a str),
    Physical,
    Webhooks,
    CreateWebhook,
    ChangeWebhook(&'a str),
    DeleteWebhook(&'a str),
    Activate,
    Deactivate,
    Unknown,
}

impl<'a> Route<'a> {
    fn of(method: &Method, segments: &[&'a str]) -> Self {
        match (method.as_str(), segments) {
            ("GET" | "POST", ["oauth2", "authorization"]) => Self::Authorize,
            ("POST", ["v2", "oauth2", "token"]) => Self::Token,
            ("POST", ["v3", "users"]) => Self::Register,
            ("GET", ["v3", "exercises"]) => Self::Exercises,
            ("GET", ["v3", "exercises", id]) => Self::Exercise(id),
            ("GET", ["v3", "exercises", _, "fit"]) => Self::Fit,
            ("GET", ["v3", "users", "activities"]) => Self::Activities,
            ("GET", ["v3", "users", "continuous-heart-rate"]) => Self::HeartRates,
            ("GET", ["v3", "users", "cardio-load", "date"]) => Self::Loads,
            ("GET", ["v3", "users", "sleep"]) => Self::Nights,
            ("GET", ["v3", "users", "sleep", date]) => Self::Night(date),
            ("GET", ["v3", "users", "nightly-recharge"]) => Self::Recharges,
            ("GET", ["v3", "users", "nightly-recharge", date]) => Self::Recharge(date),
            ("GET", ["v3", "users", "biosensing", kind]) => Self::Biosensing(kind),
            ("GET", ["v3", "users", "physical-info"]) => Self::Physical,
            ("GET", ["v3", "users", id]) => Self::User(id),
            ("DELETE", ["v3", "users", id]) => Self::Delete(id),
            ("GET", ["v3", "webhooks"]) => Self::Webhooks,
            ("POST", ["v3", "webhooks"]) => Self::CreateWebhook,
            ("POST", ["v3", "webhooks", "activate"]) => Self::Activate,
            ("POST", ["v3", "webhooks", "deactivate"]) => Self::Deactivate,
            ("PATCH", ["v3", "webhooks", id]) => Self::ChangeWebhook(id),
            ("DELETE", ["v3", "webhooks", id]) => Self::DeleteWebhook(id),
            _ => Self::Unknown,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Authorize => "GET /oauth2/authorization",
            Self::Token => "POST /v2/oauth2/token",
            Self::Register => "POST /v3/users",
            Self::User(_) => "GET /v3/users/{user-id}",
            Self::Delete(_) => "DELETE /v3/users/{user-id}",
            Self::Exercises => "GET /v3/exercises",
            Self::Exercise(_) => "GET /v3/exercises/{id}",
            Self::Fit => "GET /v3/exercises/{id}/fit",
            Self::Activities => "GET /v3/users/activities",
            Self::HeartRates => "GET /v3/users/continuous-heart-rate",
            Self::Loads => "GET /v3/users/cardio-load/date",
            Self::Nights => "GET /v3/users/sleep",
            Self::Night(_) => "GET /v3/users/sleep/{date}",
            Self::Recharges => "GET /v3/users/nightly-recharge",
            Self::Recharge(_) => "GET /v3/users/nightly-recharge/{date}",
            Self::Biosensing(_) => "GET /v3/users/biosensing/{kind}",
            Self::Physical => "GET /v3/users/physical-info",
            Self::Webhooks => "GET /v3/webhooks",
            Self::CreateWebhook => "POST /v3/webhooks",
            Self::ChangeWebhook(_) => "PATCH /v3/webhooks/{id}",
            Self::DeleteWebhook(_) => "DELETE /v3/webhooks/{id}",
            Self::Activate => "POST /v3/webhooks/activate",
            Self::Deactivate => "POST /v3/webhooks/deactivate",
            Self::Unknown => "unknown",
        }
    }
}

impl Cloud {
    pub(super) fn react(&mut self, call: &Call, now: DateTime<Utc>) -> Reaction {
        let segments = call.segments();
        let route = Route::of(&call.method, &segments);
        let metered = !matches!(route, Route::Authorize | Route::Token);
        let exceeded = if metered { self.app.count(now) } else { None };
        let fault = self.faults.take(route.name(), call);
        if fault.is_some() {
            self.statistics.faults = self.statistics.faults.saturating_add(1);
        }
        let scripted = |status| Refusal::new(status, "the request was refused").answer();
        let instead = fault.as_ref().and_then(|fault| fault.instead(scripted));
        let mut reaction = match (&exceeded, instead) {
            (Some(_), _) => {
                self.statistics.quota_violations = self.statistics.quota_violations.saturating_add(1);
                Reaction::Answer(Refusal::new(429, "Too many requests.").answer())
            }
            (None, Some(reaction)) => reaction,
            (None, None) => self.answer(route, call, now),
        };
        if let Reaction::Answer(answer) = &mut reaction
            && metered
        {
            call::set(answer, "ratelimit-limit", &self.app.limits());
            call::set(answer, "ratelimit-usage", &self.app.usage());
            if let Some(exceeded) = exceeded {
                let left = (exceeded.resets_at - now.timestamp()).max(1);
                call::set(answer, "ratelimit-reset", &left.to_string());
            }
        }
        if let Some(fault) = fault {
            reaction = fault.spoil(reaction);
        }
        self.statistics.count(route.name(), &reaction);
        reaction
    }

    fn answer(&mut self, route: Route<'_>, call: &Call, now: DateTime<Utc>) -> Reaction {
        let answer = match route {
            Route::Authorize => Ok(self.authorize(call, now)),
            Route::Token => Ok(self.token(call, now)),
            Route::Unknown => Err(Refusal::NOT_FOUND),
            Route::Webhooks
            | Route::CreateWebhook
            | Route::ChangeWebhook(_)
            | Route::DeleteWebhook(_)
            | Route::Activate
            | Route::Deactivate => return self.webhook(route, call, now),
            Route::Register => self.registration(call, now),
            Route::Delete(id) => self.end_registration(id, call, now),
            route => self.resource(route, call, now),
        };
        Reaction::Answer(answer.unwrap_or_else(Refusal::answer))
    }

    fn webhook(&mut self, route: Route<'_>, call: &Call, now: DateTime<Utc>) -> Reaction {
        let basic = call.basic();
        let (id, secret) = basic.as_ref().map(|(id, secret)| (id.as_str(), secret.as_str())).unzip();
        if !self.authority.is_client(id, secret) {
            return Reaction::Answer(Refusal::new(401, "Unauthorized.").answer());
        }
        let asked = match route {
            Route::CreateWebhook => self.webhooks.create(call, &mut self.outbox, now),
            Route::ChangeWebhook(id) => self.webhooks.change(id, call, &mut self.outbox, now),
            Route::Activate => match self.webhooks.activate(&mut self.outbox, now) {
                Some(ping) => Ok(ping),
                None => return Reaction::Answer(call::empty(204)),
            },
            Route::DeleteWebhook(id) => return Reaction::Answer(self.webhooks.delete(id)),
            Route::Deactivate => return Reaction::Answer(self.webhooks.deactivate()),
            _ => return Reaction::Answer(self.webhooks.list()),
        };
        match asked {
            Ok(ping) => Reaction::Call(ping),
            Err(refusal) => Reaction::Answer(refusal.answer()),
        }
    }

    fn authorize(&mut self, call: &Call, now: DateTime<Utc>) -> Answer {
        let people = &self.people;
        self.authority.consent(call, people, now).unwrap_or_else(|refused| match refused {
            ConsentRefused::Client => Refusal::new(400, "invalid client_id").answer(),
            ConsentRefused::RedirectUri => Refusal::new(400, "invalid redirect_uri").answer(),
            ConsentRefused::ResponseType => Refusal::new(400, "invalid response_type").answer(),
            ConsentRefused::Scope => Refusal::new(400, "invalid scope").answer(),
            ConsentRefused::Login => call::html(404, "There is no person of that number.".to_owned()),
        })
    }

    /// No refresh token, and the user's id beside the access token.
    fn token(&mut self, call: &Call, now: DateTime<Utc>) -> Answer {
        let error = |status, code: &str| call::json(status, &json!({ "error": code }));
        match self.authority.token_by_basic(call, now) {
            Ok(issued) => call::json(
                200,
                &json!({
                    "access_token": issued.access,
                    "token_type": "bearer",
                    "expires_in": (issued.expires - now).num_seconds(),
                    "x_user_id": user_id(issued.person),
                }),
            ),
            Err(TokenRefused::Client) => error(401, "invalid_client"),
            Err(TokenRefused::GrantType) => error(400, "unsupported_grant_type"),
            Err(TokenRefused::Code | TokenRefused::RefreshToken) => error(400, "invalid_grant"),
        }
    }

    /// The person behind the token.
    fn bearer(&self, call: &Call, now: DateTime<Utc>) -> Result<u32, Refusal> {
        let bearer = call.bearer().and_then(|token| self.authority.bearer(token, now));
        bearer.map(|bearer| bearer.person).ok_or(Refusal::new(401, "Unauthorized."))
    }

    fn registration(&mut self, call: &Call, now: DateTime<Utc>) -> Result<Answer, Refusal> {
        let number = self.bearer(call, now)?;
        let member = call.json().and_then(|body| Some(body.get("member-id")?.as_str()?.to_owned()));
        let member = member.ok_or(Refusal::new(400, "member-id is missing"))?;
        let taken = self.lives.iter().any(|life| life.registered.is_some() && life.member == member);
        let known = self.lives.get(index(number)).is_some_and(|life| life.registered.is_some());
        if known || taken {
            return Err(Refusal::new(409, "User already registered to partner or duplicated member-id."));
        }
        self.register(number, &member, now);
        let (person, life) = (self.people.get(index(number)), self.lives.get(index(number)));
        person.zip(life).ok_or(Refusal::NOT_FOUND).and_then(|(person, life)| resource::user(person, life))
    }

    fn end_registration(&mut self, id: &str, call: &Call, now: DateTime<Utc>) -> Result<Answer, Refusal> {
        let number = self.bearer(call, now)?;
        if id != user_id(number).to_string() {
            return Err(Refusal::new(403, "not the user of the token"));
        }
        self.deregister(number);
        Ok(call::empty(204))
    }

    /// Answers what needs a registered person's token.
    fn resource(&self, route: Route<'_>, call: &Call, now: DateTime<Utc>) -> Result<Answer, Refusal> {
        let number = self.bearer(call, now)?;
        let person = self.people.get(index(number)).ok_or(Refusal::NOT_FOUND)?;
        let life = self.lives.get(index(number)).filter(|life| life.registered.is_some());
        let life = life.ok_or(NOT_REGISTERED)?;
        match route {
            Route::User(id) => {
                let is_own = id.parse::<u32>().ok().and_then(|id| id.checked_sub(FIRST_USER)) == Some(number);
                if is_own { resource::user(person, life) } else { Ok(call::empty(204)) }
            }
            Route::Exercises => self.exercises(call, person, life, now),
            Route::Exercise(id) => self.exercise(call, person, life, id),
            Route::Activities => self.activities(call, person, life, now),
            Route::HeartRates => self.heart_rates(call, person, life, now),
            Route::Loads => self.loads(call, person, life, now),
            Route::Nights => resource::nights(person, life, now),
            Route::Night(date) => resource::night(person, life, date),
            Route::Recharges => resource::recharges(person, life, now),
            Route::Recharge(date) => resource::recharge(person, life, date),
            Route::Biosensing(kind) => resource::biosensing(kind, call, person, life, now),
            Route::Physical => resource::physical(person, life),
            // No file has what the JSON does not.
            _ => Err(Refusal::NOT_FOUND),
        }
    }
}
