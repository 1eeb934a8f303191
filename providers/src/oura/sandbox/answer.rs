//! The routes of the simulated Oura: who may ask, how often, and what is answered.
//!
//! Every call is counted against the quota first, refused ones included. It never changes what people did.

use bytes::Bytes;
use chrono::{DateTime, Days, NaiveDate, SecondsFormat, TimeDelta, Utc};
use http::{Method, Response};
use serde_json::{Value, json};

use crate::sandbox::Reaction;
use crate::sandbox::call::{self, Call};
use crate::sandbox::oauth::{Bearer, ConsentRefused, TokenRefused};
use crate::sandbox::people::Person;
use crate::sandbox::quota::Exceeded;

use super::collection::{Collection, End, OF_DAYS, Place, Subject, parse_id, sort_key};
use super::day::Truth;
use super::moment::{Kind, Moment};
use super::night::{self, Sleep};
use super::series::{battery_rows, heart_rate_rows, localized};
use super::{Cloud, Life, index};

type Answer = Response<Bytes>;

/// Longest range of heart rate rows; longer ones are reported as refused.
const LONGEST: TimeDelta = TimeDelta::days(30);

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

    /// Rows of a series between two instants, a page at a time.
    fn rows(
        &self,
        call: &Call,
        person: &Person,
        life: &Life,
        now: DateTime<Utc>,
        written: impl Fn(&Person, DateTime<Utc>, DateTime<Utc>, usize) -> (String, Option<i64>),
    ) -> Result<Answer, Refusal> {
        let asked = |name: &'static str| match call.query(name) {
            None => Ok(None),
            Some(text) => instant(text).map(Some).ok_or_else(|| Refusal::unprocessable("query", name)),
        };
        let place = match call.query("next_token") {
            Some(token) => {
                let place = Place::<i64>::parse(token).ok_or(Refusal::new(400, "invalid next_token"))?;
                Place { from: place.after.parse().unwrap_or(place.from), ..place }
            }
            None => {
                let to = asked("end_datetime")?.unwrap_or(now);
                let from = asked("start_datetime")?.unwrap_or(to - TimeDelta::days(1));
                if from > to || to - from > LONGEST {
                    return Err(Refusal::new(
                        400,
                        "the range ends before it begins, or is longer than 30 days",
                    ));
                }
                Place { from: from.timestamp_micros(), to: to.timestamp_micros(), after: String::new() }
            }
        };
        let known_from = person.instant(life.first, 0);
        let clipped =
            |micros| DateTime::from_timestamp_micros(micros).unwrap_or(now).clamp(known_from, life.synced);
        let (mut from, to, mut limit) =
            (clipped(place.from), clipped(place.to), self.settings.rows_per_page.max(1));
        if call.query("latest") == Some("true") {
            from = from.max(to - TimeDelta::hours(12));
            limit = usize::MAX;
        }
        let (mut data, next) = written(person, from, to, limit);
        if call.query("latest") == Some("true") {
            let rows: Vec<Value> = serde_json::from_str(&data).unwrap_or_default();
            data = Value::from_iter(rows.last().cloned()).to_string();
        }
        let token = next.map(|second| {
            let after = (second * 1_000_000).to_string();
            Place { after, ..place }.token()
        });
        Ok(call::written(200, format!("{{\"data\":{data},\"next_token\":{}}}", Value::from(token))))
    }

    /// Documents of a range of days, a page at a time.
    fn list(
        &self,
        call: &Call,
        collection: &Collection,
        person: &Person,
        life: &Life,
        now: DateTime<Utc>,
    ) -> Result<Answer, Refusal> {
        let place = self.range(call, collection, person, now)?;
        let fields: Option<Vec<&str>> = call.query("fields").map(|fields| fields.split(',').collect());
        let (mut data, mut count, mut last, mut more) =
            (String::from("{\"data\":["), 0, String::new(), false);
        for (day, subject) in subjects(collection, person, life, place.from, place.to) {
            let key = sort_key(day, subject);
            if key <= place.after {
                continue;
            }
            let Some(mut document) = self.document(collection, person, life, subject) else { continue };
            if count == self.settings.page_size.max(1) {
                more = true;
                break;
            }
            if let (Some(fields), Some(object)) = (&fields, document.as_object_mut()) {
                object.retain(|name, _| {
                    ["id", "day", "meta"].contains(&name.as_str()) || fields.contains(&name.as_str())
                });
            }
            if count > 0 {
                data.push(',');
            }
            data.push_str(&document.to_string());
            (count, last) = (count + 1, key);
        }
        let token = more.then(|| Place { after: last, ..place }.token());
        Ok(call::written(200, format!("{data}],\"next_token\":{}}}", Value::from(token))))
    }

    /// The days that are asked for, the last one excluded.
    fn range(
        &self,
        call: &Call,
        collection: &Collection,
        person: &Person,
        now: DateTime<Utc>,
    ) -> Result<Place<NaiveDate>, Refusal> {
        if let Some(token) = call.query("next_token") {
            return Place::parse(token).ok_or(Refusal::new(400, "invalid next_token"));
        }
        let asked = |name: &'static str| match call.query(name) {
            None => Ok(None),
            Some(text) => date(text).map(Some).ok_or_else(|| Refusal::unprocessable("query", name)),
        };
        let today = person.wall_clock(now).date();
        let next = |day: NaiveDate| day.checked_add_days(Days::new(1)).unwrap_or(day);
        let to = match (asked("end_date")?, collection.end) {
            (Some(end), End::Exclusive) => end,
            (Some(end), End::Inclusive) => next(end),
            (None, _) => next(today),
        };
        let from =
            asked("start_date")?.unwrap_or_else(|| today.checked_sub_days(Days::new(1)).unwrap_or(today));
        if from > to {
            return Err(Refusal::new(400, "the range ends before it begins"));
        }
        Ok(Place { from, to, after: String::new() })
    }

    /// One document, if there is such a thing.
    fn document(
        &self,
        collection: &Collection,
        person: &Person,
        life: &Life,
        subject: Subject,
    ) -> Option<Value> {
        let id = collection.id(person.number, subject);
        match (collection.name, subject) {
            ("ring_configuration", Subject::Day(0)) => Some(ring(person, &id)),
            ("rest_mode_period", Subject::Day(day)) => {
                let date = life.day(day)?.date;
                (rests(person, life) == Some(date)).then(|| rest_mode(person, date, &id))
            }
            ("sleep", Subject::Day(day)) => {
                let day = life.day(day).filter(|day| day.woken)?;
                let readiness = Truth::of(person, day.date).readiness();
                let night = Sleep::night(person, day.date, readiness);
                Some(night.json(person, &id, night.end, false))
            }
            (name, Subject::Day(day)) => {
                let day = life.day(day)?;
                Truth::of(person, day.date).json(name, &id, day, self.settings.met_interval_seconds)
            }
            ("tag", Subject::Moment(number)) => {
                let moment = life.moment(number).filter(|moment| moment.kind == Kind::Tag)?;
                Some(
                    json!({"id": id, "day": moment.day(person).to_string(), "text": "Late evening & long day",
                    "timestamp": localized(person, moment.start), "tags": ["tag_generic_coffee"]}),
                )
            }
            (name, Subject::Moment(number)) => {
                let moment = life.moment(number).filter(|moment| moment.kind.collection() == name)?;
                Some(moment.json(person, &id))
            }
        }
    }
}

/// What a collection holds between two days, in the order of pages.
fn subjects(
    collection: &Collection,
    person: &Person,
    life: &Life,
    from: NaiveDate,
    to: NaiveDate,
) -> Vec<(NaiveDate, Subject)> {
    if collection.name == "ring_configuration" {
        return vec![(life.first, Subject::Day(0))];
    }
    let mut subjects = Vec::new();
    let of_days =
        OF_DAYS.contains(&collection.name) || matches!(collection.name, "sleep" | "rest_mode_period");
    if of_days {
        let wanted = life.days.iter().filter(|day| day.date >= from && day.date < to);
        subjects.extend(wanted.map(|day| (day.date, Subject::Day(night::number(day.date)))));
    }
    let kind = match collection.name {
        "sleep" => Kind::Nap,
        "workout" => Kind::Workout,
        "session" => Kind::Session,
        "tag" | "enhanced_tag" => Kind::Tag,
        _ => return subjects,
    };
    // A nap that was deleted stays as its tombstone; anything else is no longer listed.
    let listed = |moment: &&Moment| moment.kind == kind && (!moment.gone || kind == Kind::Nap);
    let dated = life.moments.iter().filter(listed).map(|moment| {
        let day = if kind == Kind::Workout { moment.start.date_naive() } else { moment.day(person) };
        (day, Subject::Moment(moment.number))
    });
    subjects.extend(dated.filter(|(day, _)| *day >= from && *day < to));
    subjects.sort_unstable();
    subjects
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

fn ring(person: &Person, id: &str) -> Value {
    let set_up =
        DateTime::from_timestamp(1_740_000_000 + i64::from(person.number) * 977, 0).unwrap_or_default();
    let hardware = person.dice(0x72, 0).pick(&["gen3", "gen4"], "gen3");
    json!({"id": id, "meta": super::meta(set_up, 1), "color": "silver", "design": "heritage",
        "firmware_version": "2.9.31", "hardware_type": hardware, "size": 9,
        "set_up_at": set_up.to_rfc3339_opts(SecondsFormat::Secs, false)})
}

/// One person in ten was ill on the first day of history.
fn rests(person: &Person, life: &Life) -> Option<NaiveDate> {
    (person.number % 10 == 3).then_some(life.first)
}

fn rest_mode(person: &Person, date: NaiveDate, id: &str) -> Value {
    let start = localized(person, person.instant(date, 9 * 60));
    json!({"id": id, "meta": super::meta(person.instant(date, 9 * 60), 1), "start_day": date.to_string(),
        "start_time": start, "end_day": null, "end_time": null,
        "episodes": [{"tags": ["tag_sleep_sick"], "timestamp": start}]})
}

/// A date, or the date of a time.
fn date(text: &str) -> Option<NaiveDate> {
    text.parse().ok().or_else(|| Some(DateTime::parse_from_rfc3339(text).ok()?.date_naive()))
}

/// A time with offset, or without one in UTC.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    let offset = DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
    offset.or_else(|| Some(text.parse::<chrono::NaiveDateTime>().ok()?.and_utc()))
}
