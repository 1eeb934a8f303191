//! The routes of the simulated Concept2: who may ask, and what is answered.
//!
//! It never changes what people did.

use bytes::Bytes;
use chrono::{DateTime, NaiveDateTime, Utc};
use http::{Method, Response};
use serde_json::{Value, json};

use crate::sandbox::Reaction;
use crate::sandbox::call::{self, Call};
use crate::sandbox::oauth::TokenRefused;

use super::outcome::{self, Outcome};
use super::{Cloud, index};

type Answer = Response<Bytes>;

const VERSION: &str = "application/vnd.c2logbook.v1+json";

#[derive(Clone, Copy)]
enum Route<'a> {
    Authorize,
    Token,
    User,
    Results,
    Result(&'a str),
    Strokes(&'a str),
    Unknown,
}

impl<'a> Route<'a> {
    fn of(method: &Method, segments: &[&'a str]) -> Self {
        match (method.as_str(), segments) {
            ("GET" | "POST", ["oauth", "authorize"]) => Self::Authorize,
            ("POST", ["oauth", "access_token"]) => Self::Token,
            ("GET", ["api", "users", "me"]) => Self::User,
            ("GET", ["api", "users", "me", "results"]) => Self::Results,
            ("GET", ["api", "users", "me", "results", id]) => Self::Result(id),
            ("GET", ["api", "users", "me", "results", id, "strokes"]) => Self::Strokes(id),
            _ => Self::Unknown,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Authorize => "GET /oauth/authorize",
            Self::Token => "POST /oauth/access_token",
            Self::User => "GET /api/users/me",
            Self::Results => "GET /api/users/me/results",
            Self::Result(_) => "GET /api/users/me/results/{id}",
            Self::Strokes(_) => "GET /api/users/me/results/{id}/strokes",
            Self::Unknown => "unknown",
        }
    }
}

/// The shape of an error is not documented beyond its status.
fn refusal(status: u16) -> Answer {
    call::json(status, &json!({"status_code": status, "message": "refused"}))
}

impl Cloud {
    pub(super) fn react(&mut self, call: &Call, now: DateTime<Utc>) -> Reaction {
        let segments = call.segments();
        let route = Route::of(&call.method, &segments);
        let fault = self.faults.take(route.name(), call);
        if fault.is_some() {
            self.statistics.faults = self.statistics.faults.saturating_add(1);
        }
        let mut reaction = match fault.as_ref().and_then(|fault| fault.instead(refusal)) {
            Some(reaction) => reaction,
            None => Reaction::Answer(match route {
                Route::Authorize => self.authorize(call, now),
                Route::Token => self.token(call, now),
                _ => self.resource(route, call, now).unwrap_or_else(refusal),
            }),
        };
        if let Some(fault) = fault {
            reaction = fault.spoil(reaction);
        }
        self.statistics.count(route.name(), &reaction);
        reaction
    }

    fn authorize(&mut self, call: &Call, now: DateTime<Utc>) -> Answer {
        let answer = self.authority.consent(call, &self.people, now);
        if answer.is_ok() {
            self.register(call.field("redirect_uri").unwrap_or_default());
        }
        answer.unwrap_or_else(|_| refusal(400))
    }

    fn token(&mut self, call: &Call, now: DateTime<Utc>) -> Answer {
        match self.authority.token(call, now) {
            Ok(issued) => {
                let asked = call.form("scope").unwrap_or("user:read,results:write");
                if !asked.split(',').any(|scope| scope == "results:read") {
                    self.narrow.insert(issued.access.clone());
                }
                let tokens = json!({
                    "access_token": issued.access,
                    "token_type": "Bearer",
                    "expires_in": (issued.expires - now).num_seconds(),
                    "refresh_token": issued.refresh,
                });
                call::json(200, &tokens)
            }
            Err(TokenRefused::RefreshToken) => call::json(400, &json!({"error": "invalid_grant"})),
            Err(_) => refusal(400),
        }
    }

    // ANCHOR: resource
    /// Answers what needs a user's token. A refusal is an `Err`.
    fn resource(&self, route: Route<'_>, call: &Call, now: DateTime<Utc>) -> Result<Answer, u16> {
        let token = call.bearer().ok_or(401_u16)?;
        let bearer = self.authority.bearer(token, now).ok_or(401_u16)?;
        let person = self.people.get(index(bearer.person)).ok_or(404_u16)?;
        if call.header("accept") != Some(VERSION) {
            return Err(400);
        }
        let scope = if matches!(route, Route::User) { "user:read" } else { "results:read" };
        if !bearer.granted(scope) || (scope == "results:read" && self.narrow.contains(token)) {
            return Err(403);
        }
        let data = match route {
            Route::User => outcome::profile(person),
            Route::Results => return self.list(call, person.number).map(|page| call::json(200, &page)),
            Route::Result(id) => self.summary(self.one(id, person.number)?).ok_or(404_u16)?,
            Route::Strokes(id) => {
                let (_, truth) = self.truth(self.one(id, person.number)?).ok_or(404_u16)?;
                truth.strokes_json().ok_or(404_u16)?
            }
            Route::Authorize | Route::Token | Route::Unknown => return Err(404),
        };
        Ok(call::json(200, &json!({ "data": data })))
    }
    // ANCHOR_END: resource

    fn one(&self, id: &str, person: u32) -> Result<&Outcome, u16> {
        let outcome = Outcome::number_of(id).and_then(|number| self.outcomes.get(number));
        outcome.filter(|outcome| outcome.person == person).ok_or(404)
    }

    /// A page of the person's results, newest first.
    fn list(&self, call: &Call, user: u32) -> Result<Value, u16> {
        let number = |name: &str, otherwise: usize| {
            call.query(name).map_or(Ok(otherwise), |text| text.parse().ok().ok_or(422_u16))
        };
        let (page, per_page) = (number("page", 1)?, number("number", 50)?);
        if !(1..=250).contains(&per_page) {
            return Err(422);
        }
        // Nobody promises as many as were asked for.
        let per_page = per_page.min(self.settings.page_size.max(1));
        let after =
            call.query("updated_after").map(|text| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S"));
        let after = after.transpose().ok().ok_or(422_u16)?.map(|after| after.and_utc());
        let (from, to) = (call.query("from").unwrap_or(""), call.query("to").unwrap_or("9999-12-31"));
        let person = self.people.get(index(user)).ok_or(404_u16)?;
        let mut found: Vec<&Outcome> = self
            .outcomes
            .iter()
            .filter(|outcome| outcome.person == user && after.is_none_or(|after| outcome.changed > after))
            .filter(|outcome| {
                let date = person.wall_clock(outcome.end).date().to_string();
                (from..=to).contains(&date.as_str())
            })
            .collect();
        found.sort_by_key(|outcome| std::cmp::Reverse((outcome.end, outcome.number)));
        let (total, skipped) = (found.len(), page.saturating_sub(1).saturating_mul(per_page));
        let here: Vec<Value> = found
            .into_iter()
            .skip(skipped)
            .take(per_page)
            .filter_map(|outcome| self.summary(outcome))
            .collect();
        let pagination = json!({
            "total": total,
            "count": here.len(),
            "per_page": per_page,
            "current_page": page,
            "total_pages": total.div_ceil(per_page).max(1),
            "links": [],
        });
        Ok(json!({"data": here, "meta": {"pagination": pagination}}))
    }
}
