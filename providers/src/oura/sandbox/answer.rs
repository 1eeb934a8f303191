//! The routes of the simulated Oura: who may ask, how often, and what is answered.
//!
//! Every call is counted against the quota first, refused ones included. It never changes what people did.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Method, Response};
use serde_json::{Value, json};

use crate::sandbox::Reaction;
use crate::sandbox::call::{self, Call};
use crate::sandbox::oauth::{Bearer, ConsentRefused, TokenRefused};
use crate::sandbox::people::Person;
use crate::sandbox::quota::Exceeded;

use super::collection::{Collection, Subject, parse_id};
use super::series::{battery_rows, heart_rate_rows};
use super::{Cloud, Life, index};

type Answer = Response<Bytes>;

/// A refusal. Only the shape of 422 is documented; the others state a detail likewise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal {
    status: u16,
    detail: &'static str,
    /// Place and name of the value that cannot be read.
    parameter: Option<(&'static str, &'static str)>,
}

impl Refusal {
    pub(super) const fn new(status: u16, detail: &'static str) -> Self {
        Self { status, detail, parameter: None }
    }

    /// A value that is missing or cannot be read.
    pub(super) const fn unprocessable(place: &'static str, name: &'static str) -> Self {
        let detail = "the value is missing or not valid";
        Self { status: 422, detail, parameter: Some((place, name)) }
    }

    const NOT_FOUND: Self = Self::new(404, "Not Found");

    pub(super) fn answer(self) -> Answer {
        let detail = match self.parameter {
            Some((place, name)) => json!([{"loc": [place, name], "msg": self.detail, "type": "value_error"}]),
            None => self.detail.into(),
        };
        call::json(self.status, &json!({ "detail": detail }))
    }
}

/// A status that a script asked for.
fn scripted(status: u16) -> Answer {
    match status {
        422 => Refusal::unprocessable("query", "start_date").answer(),
        429 => rate_limited(
            "app",
            &Exceeded { limit: crate::sandbox::Limit::new(5_000, 300), resets_at: 0 },
            None,
        ),
        _ => Refusal::new(status, "the request was refused").answer(),
    }
}

fn rate_limited(tier: &str, exceeded: &Exceeded, now: Option<DateTime<Utc>>) -> Answer {
    let mut response = Refusal::new(429, "Request Rate Limit Exceeded.").answer();
    let wait = now.map_or(1, |now| (exceeded.resets_at - now.timestamp()).max(1));
    call::set(&mut response, "retry-after", &wait.to_string());
    call::set(&mut response, "x-ratelimit-limit", &exceeded.limit.permits.to_string());
    call::set(&mut response, "x-ratelimit-window", &exceeded.limit.seconds.to_string());
    if now.is_some() {
        call::set(&mut response, "x-ratelimit-reset", &exceeded.resets_at.to_string());
    }
    call::set(&mut response, "x-ratelimit-tier", tier);
    response
}

#[derive(Clone, Copy)]
enum Route<'a> {
    Authorize,
    Token,
    Revoke,
    PersonalInfo,
    HeartRate,
    Battery,
    List(&'static Collection),
    Document(&'static Collection, &'a str),
    Subscriptions,
    Subscribe,
    Subscription(&'a str),
    Update(&'a str),
    Renew(&'a str),
    Unsubscribe(&'a str),
    Unknown,
}

impl<'a> Route<'a> {
    fn of(method: &Method, segments: &[&'a str]) -> Self {
        match (method.as_str(), segments) {
            ("GET" | "POST", ["oauth", "authorize"]) => Self::Authorize,
            ("POST", ["oauth", "token"]) => Self::Token,
            ("POST", ["oauth", "revoke"]) => Self::Revoke,
            ("GET", ["v2", "usercollection", "personal_info"]) => Self::PersonalInfo,
            ("GET", ["v2", "usercollection", "heartrate"]) => Self::HeartRate,
            ("GET", ["v2", "usercollection", "ring_battery_level"]) => Self::Battery,
            ("GET", ["v2", "usercollection", name]) => {
                Collection::named(name).map_or(Self::Unknown, Self::List)
            }
            // Notifications name the type as `vo2_max`, which the path of one document takes as well.
            ("GET", ["v2", "usercollection", "vo2_max", id]) => Collection::named("vO2_max")
                .map_or(Self::Unknown, |collection| Self::Document(collection, id)),
            ("GET", ["v2", "usercollection", name, id]) => {
                Collection::named(name).map_or(Self::Unknown, |collection| Self::Document(collection, id))
            }
            ("GET", ["v2", "webhook", "subscription"]) => Self::Subscriptions,
            ("POST", ["v2", "webhook", "subscription"]) => Self::Subscribe,
            ("GET", ["v2", "webhook", "subscription", id]) => Self::Subscription(id),
            ("PUT", ["v2", "webhook", "subscription", "renew", id]) => Self::Renew(id),
            ("PUT", ["v2", "webhook", "subscription", id]) => Self::Update(id),
            ("DELETE", ["v2", "webhook", "subscription", id]) => Self::Unsubscribe(id),
            _ => Self::Unknown,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Authorize => "GET /oauth/authorize",
            Self::Token => "POST /oauth/token",
            Self::Revoke => "POST /oauth/revoke",
            Self::PersonalInfo => "GET /v2/usercollection/personal_info",
            Self::HeartRate => "GET /v2/usercollection/heartrate",
            Self::Battery => "GET /v2/usercollection/ring_battery_level",
            Self::List(collection) => collection.route,
            Self::Document(collection, _) => collection.document_route,
            Self::Subscriptions => "GET /v2/webhook/subscription",
            Self::Subscribe => "POST /v2/webhook/subscription",
            Self::Subscription(_) => "GET /v2/webhook/subscription/{id}",
            Self::Update(_) => "PUT /v2/webhook/subscription/{id}",
            Self::Renew(_) => "PUT /v2/webhook/subscription/renew/{id}",
            Self::Unsubscribe(_) => "DELETE /v2/webhook/subscription/{id}",
            Self::Unknown => "unknown",
        }
    }
}

impl Cloud {
    pub(super) fn react(&mut self, call: &Call, now: DateTime<Utc>) -> Reaction {
        let segments = call.segments();
        let route = Route::of(&call.method, &segments);
        let metered = !matches!(route, Route::Authorize | Route::Token | Route::Revoke);
        let person =
            call.bearer().and_then(|token| self.authority.bearer(token, now)).map(|bearer| bearer.person);
        let of_app = if metered { self.app.count(now) } else { None };
        let of_user = person.filter(|_| metered).and_then(|person| self.users.count(person, now));
        let fault = self.faults.take(route.name(), call);
        if fault.is_some() {
            self.statistics.faults = self.statistics.faults.saturating_add(1);
        }
        let exceeded =
            of_app.map(|exceeded| ("app", exceeded)).or(of_user.map(|exceeded| ("user", exceeded)));
        let mut reaction = match (exceeded, fault.as_ref().and_then(|fault| fault.instead(scripted))) {
            (Some((tier, exceeded)), _) => {
                self.statistics.quota_violations = self.statistics.quota_violations.saturating_add(1);
                Reaction::Answer(rate_limited(tier, &exceeded, Some(now)))
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

    fn answer(&mut self, route: Route<'_>, call: &Call, now: DateTime<Utc>) -> Reaction {
        let is_app = self.authority.is_client(call.header("x-client-id"), call.header("x-client-secret"));
        Reaction::Answer(match route {
            Route::Authorize => self.authorize(call, now),
            Route::Token => self.token(call, now),
            Route::Revoke => {
                match call.query("access_token").and_then(|token| self.authority.revoke(token)) {
                    Some(_) => call::empty(200),
                    None => Refusal::new(400, "the access token is not known").answer(),
                }
            }
            Route::PersonalInfo
            | Route::HeartRate
            | Route::Battery
            | Route::List(_)
            | Route::Document(..) => self.resource(route, call, now).unwrap_or_else(Refusal::answer),
            Route::Unknown => Refusal::NOT_FOUND.answer(),
            Route::Subscriptions
            | Route::Subscribe
            | Route::Subscription(_)
            | Route::Update(_)
            | Route::Renew(_)
            | Route::Unsubscribe(_)
                if !is_app =>
            {
                Refusal::new(401, "the client id or secret is wrong").answer()
            }
            Route::Subscriptions => self.subscriptions.all(now),
            Route::Subscription(id) => self.subscriptions.one(id),
            Route::Renew(id) => self.subscriptions.renew(id, now),
            Route::Unsubscribe(id) => self.subscriptions.delete(id),
            Route::Subscribe => return self.ask_subscriber(call, None, now),
            Route::Update(id) => return self.ask_subscriber(call, Some(id), now),
        })
    }

    fn ask_subscriber(&mut self, call: &Call, id: Option<&str>, now: DateTime<Utc>) -> Reaction {
        match self.subscriptions.ask(call, id, &mut self.outbox, now) {
            Ok(outbound) => Reaction::Call(outbound),
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

    fn token(&mut self, call: &Call, now: DateTime<Utc>) -> Answer {
        let error = |status, code: &str| call::json(status, &json!({ "error": code }));
        match self.authority.token(call, now) {
            Ok(issued) => call::json(
                200,
                &json!({
                    "token_type": "bearer",
                    "access_token": issued.access,
                    "refresh_token": issued.refresh,
                    "expires_in": (issued.expires - now).num_seconds(),
                    "scope": self.authority.joined(&issued.scopes),
                }),
            ),
            Err(TokenRefused::Client) => error(401, "invalid_client"),
            Err(TokenRefused::GrantType) => error(400, "unsupported_grant_type"),
            Err(TokenRefused::Code | TokenRefused::RefreshToken) => error(400, "invalid_grant"),
        }
    }

    /// Answers what needs a person's token. A refusal is an `Err`.
    fn resource(&self, route: Route<'_>, call: &Call, now: DateTime<Utc>) -> Result<Answer, Refusal> {
        let bearer = call
            .bearer()
            .and_then(|token| self.authority.bearer(token, now))
            .ok_or(Refusal::new(401, "the access token is expired, malformed or revoked"))?;
        let person = self.people.get(index(bearer.person)).ok_or(Refusal::NOT_FOUND)?;
        let life = self.lives.get(index(bearer.person)).ok_or(Refusal::NOT_FOUND)?;
        let needs = |scopes: &[&str]| {
            let granted = scopes.is_empty() || scopes.iter().any(|scope| bearer.granted(scope));
            if granted { Ok(()) } else { Err(Refusal::new(403, "a scope is missing")) }
        };
        match route {
            Route::HeartRate => {
                needs(&["heartrate"])?;
                self.rows(call, person, life, now, heart_rate_rows)
            }
            Route::Battery => self.rows(call, person, life, now, battery_rows),
            Route::List(collection) => {
                needs(collection.scopes)?;
                self.list(call, collection, person, life, now)
            }
            Route::Document(collection, id) => {
                needs(collection.scopes)?;
                let (owner, _, subject) = parse_id(id)
                    .filter(|(_, found, _)| found.code == collection.code)
                    .ok_or(Refusal::NOT_FOUND)?;
                let document =
                    self.document(collection, person, life, subject).filter(|_| owner == person.number);
                let gone = matches!(subject, Subject::Moment(number) if life.moment(number).is_none_or(|moment| moment.gone));
                document
                    .filter(|_| !gone)
                    .map(|document| call::json(200, &document))
                    .ok_or(Refusal::NOT_FOUND)
            }
            _ => Ok(personal_info(person, life, bearer)),
        }
    }
}

fn personal_info(person: &Person, life: &Life, bearer: Bearer<'_>) -> Answer {
    let personal = |value: Value| if bearer.granted("personal") { value } else { Value::Null };
    let email = bearer.granted("email").then(|| format!("person{}@example.com", person.number));
    let info = json!({
        "id": life.user,
        "age": personal(person.age.into()),
        "weight": personal((f64::from(person.weight_tenths) / 10.0).into()),
        "height": personal((f64::from(person.height_cm) / 100.0).into()),
        "biological_sex": personal(if person.female { "female" } else { "male" }.into()),
        "email": email,
    });
    call::json(200, &info)
}
