//! The authority of a simulated cloud: consent, codes, tokens, rotation, revocation.
//!
//! Servers put it behind their own routes and phrase its refusals their own way. It never answers in a provider's
//! words, and it keeps tokens in memory only: they are as invented as the people.
//!
//! Consent without a browser: `GET /oauth/authorize?client_id=…&redirect_uri=…&response_type=code&scope=…&state=…`
//! with `&login=7&approve=1` sends person 7 straight back with a code; `approve=0` is a refusal. Without `approve` a
//! page with two buttons comes, without `login` the page asks who it is. Each `tick=scope` grants one scope; without
//! any, all that were asked for are granted.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::Response;
use sha2::{Digest as _, Sha256};
use tributary_contract::Secret;
use url::Url;

use super::Settings;
use super::call::{self, Call};
use super::consent;
use super::people::{Chance, Person};

/// How a provider deals with tokens.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Name of the provider, for the consent page.
    pub name: &'static str,
    /// What stands between two scopes.
    pub separator: char,
    /// Scopes that exist.
    pub scopes: &'static [&'static str],
    /// Whether the callback repeats the granted scopes.
    pub scope_in_callback: bool,
    /// Life of an access token.
    pub lifetime: Duration,
    /// A refresh gives the same tokens while more than this is left.
    pub same_while_left: Option<Duration>,
    /// Whether the use of a rotated refresh token ends the whole grant.
    pub reuse_ends_grant: bool,
}

/// Codes live that long.
const CODE_LIFE: TimeDelta = TimeDelta::minutes(10);

struct Code {
    person: u32,
    scopes: Vec<String>,
    redirect_uri: String,
    challenge: Option<String>,
    expires: DateTime<Utc>,
}

struct Grant {
    person: u32,
    scopes: Vec<String>,
    active: bool,
    access: String,
    expires: DateTime<Utc>,
    refresh: String,
    /// The refresh token before the present one, and when it was replaced, while it still works.
    replaced: Option<(String, DateTime<Utc>)>,
}

/// Tokens that were issued.
pub struct Issued {
    /// Whose they are.
    pub person: u32,
    /// Access token.
    pub access: String,
    /// Refresh token.
    pub refresh: String,
    /// When the access token expires.
    pub expires: DateTime<Utc>,
    /// Granted scopes.
    pub scopes: Vec<String>,
    /// Whether a code was exchanged, and not a token refreshed.
    pub by_code: bool,
}

/// Why the consent page is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentRefused {
    /// No such client.
    Client,
    /// `redirect_uri` is no absolute URL.
    RedirectUri,
    /// `response_type` is not `code`.
    ResponseType,
    /// A scope is missing or unknown.
    Scope,
    /// There is no person of that number.
    Login,
}

/// Why no token is issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenRefused {
    /// Client id or secret are wrong.
    Client,
    /// `grant_type` is neither `authorization_code` nor `refresh_token`.
    GrantType,
    /// The code is unknown, expired, used, or was issued for another redirect or verifier.
    Code,
    /// The refresh token is unknown, rotated away or revoked.
    RefreshToken,
}

/// Who a bearer token speaks for.
#[derive(Debug, Clone, Copy)]
pub struct Bearer<'a> {
    /// Number of the person.
    pub person: u32,
    scopes: &'a [String],
}

impl Bearer<'_> {
    /// Whether that scope was granted.
    pub fn granted(&self, scope: &str) -> bool {
        self.scopes.iter().any(|granted| granted == scope)
    }
}

/// Everything that was granted by whom.
pub struct Authority {
    rules: Rules,
    client_id: String,
    client_secret: Secret<String>,
    dice: Chance,
    codes: HashMap<String, Code>,
    grants: Vec<Grant>,
    access: HashMap<String, (usize, DateTime<Utc>)>,
    refresh: HashMap<String, usize>,
    connected: HashSet<u32>,
    code_life: TimeDelta,
    grace: Option<TimeDelta>,
    /// Codes exchanged.
    pub exchanged: u64,
    /// New access tokens by refresh.
    pub refreshed: u64,
    /// Refreshes with a token that had been rotated away.
    pub reused: u64,
}

impl Authority {
    /// Nobody has granted anything yet.
    pub fn new(settings: &Settings, rules: Rules) -> Self {
        Self {
            dice: Chance::of(&[settings.seed, 0x6f_6175_7468, u64::from(rules.separator)]),
            rules,
            client_id: settings.client_id.clone(),
            client_secret: settings.client_secret.clone(),
            codes: HashMap::new(),
            grants: Vec::new(),
            access: HashMap::new(),
            refresh: HashMap::new(),
            connected: HashSet::new(),
            code_life: CODE_LIFE,
            grace: None,
            exchanged: 0,
            refreshed: 0,
            reused: 0,
        }
    }

    /// Codes live that long instead.
    #[must_use]
    pub const fn with_code_life(mut self, life: TimeDelta) -> Self {
        self.code_life = life;
        self
    }

    /// A replaced refresh token goes on for that long, or until [`Authority::used`] is told of the new access token.
    #[must_use]
    pub const fn with_grace(mut self, grace: TimeDelta) -> Self {
        self.grace = Some(grace);
        self
    }

    /// An access token was used, so that the refresh token before it ends.
    pub fn used(&mut self, token: &str) {
        let Some((index, _)) = self.access.get(token) else { return };
        if let Some(grant) = self.grants.get_mut(*index).filter(|grant| grant.access == token) {
            grant.replaced = None;
        }
    }

    /// Whether these are the client's credentials.
    pub fn is_client(&self, id: Option<&str>, secret: Option<&str>) -> bool {
        id == Some(&self.client_id) && secret == Some(self.client_secret.expose())
    }

    /// The consent page, or the way back from it.
    ///
    /// # Errors
    /// The request itself is wrong, so nobody is sent anywhere.
    pub fn consent(
        &mut self,
        call: &Call,
        people: &[Person],
        now: DateTime<Utc>,
    ) -> Result<Response<Bytes>, ConsentRefused> {
        if call.field("client_id") != Some(&self.client_id) {
            return Err(ConsentRefused::Client);
        }
        let target = call.field("redirect_uri").and_then(|uri| Url::parse(uri).ok());
        let mut target = target.filter(Url::has_host).ok_or(ConsentRefused::RedirectUri)?;
        if call.field("response_type") != Some("code") {
            return Err(ConsentRefused::ResponseType);
        }
        let asked: Vec<&str> = call
            .field("scope")
            .unwrap_or_default()
            .split(self.rules.separator)
            .filter(|scope| !scope.is_empty())
            .collect();
        if asked.is_empty() || asked.iter().any(|scope| !self.rules.scopes.contains(scope)) {
            return Err(ConsentRefused::Scope);
        }
        let person = match call.field("login") {
            Some(login) => {
                let number = login.parse::<usize>().ok();
                Some(number.and_then(|number| people.get(number)).ok_or(ConsentRefused::Login)?)
            }
            None => None,
        };
        let (Some(person), Some(approve)) = (person, call.field("approve")) else {
            return Ok(call::html(
                200,
                consent::page(self.rules.name, &self.client_id, call, person, &asked),
            ));
        };

        if let Some(state) = call.field("state") {
            target.query_pairs_mut().append_pair("state", state);
        }
        if approve != "1" {
            target.query_pairs_mut().append_pair("error", "access_denied");
            return Ok(call::redirect(target.as_str()));
        }
        let ticked: Vec<&str> = call.fields("tick").collect();
        let scopes: Vec<String> = asked
            .into_iter()
            .filter(|scope| ticked.is_empty() || ticked.contains(scope))
            .map(str::to_owned)
            .collect();
        let code = self.dice.token();
        target.query_pairs_mut().append_pair("code", &code);
        if self.rules.scope_in_callback {
            target.query_pairs_mut().append_pair("scope", &self.joined(&scopes));
        }
        let code_of = Code {
            person: person.number,
            scopes,
            redirect_uri: call.field("redirect_uri").unwrap_or_default().to_owned(),
            challenge: call.field("code_challenge").map(str::to_owned),
            expires: now + self.code_life,
        };
        self.codes.insert(code, code_of);
        Ok(call::redirect(target.as_str()))
    }

    /// The token endpoint: exchanges a code or refreshes a token.
    ///
    /// # Errors
    /// Why it does not.
    pub fn token(&mut self, call: &Call, now: DateTime<Utc>) -> Result<Issued, TokenRefused> {
        if !self.is_client(call.form("client_id"), call.form("client_secret")) {
            return Err(TokenRefused::Client);
        }
        self.granted(call, now)
    }

    /// The same for a client that has proven itself by HTTP Basic.
    ///
    /// # Errors
    /// Why it does not.
    pub fn token_by_basic(&mut self, call: &Call, now: DateTime<Utc>) -> Result<Issued, TokenRefused> {
        let basic = call.basic();
        let (id, secret) = basic.as_ref().map(|(id, secret)| (id.as_str(), secret.as_str())).unzip();
        if !self.is_client(id, secret) {
            return Err(TokenRefused::Client);
        }
        self.granted(call, now)
    }

    fn granted(&mut self, call: &Call, now: DateTime<Utc>) -> Result<Issued, TokenRefused> {
        match call.form("grant_type") {
            Some("authorization_code") => self.exchange(call, now),
            Some("refresh_token") => self.rotate(call.form("refresh_token").unwrap_or_default(), now),
            _ => Err(TokenRefused::GrantType),
        }
    }

    fn exchange(&mut self, call: &Call, now: DateTime<Utc>) -> Result<Issued, TokenRefused> {
        // Removed at once: a code works a single time, also when the rest is wrong.
        let code = call.form("code").and_then(|code| self.codes.remove(code)).ok_or(TokenRefused::Code)?;
        let redirect_fits = call.form("redirect_uri").is_none_or(|uri| uri == code.redirect_uri);
        let verifier = call.form("code_verifier").map(|text| URL_SAFE_NO_PAD.encode(Sha256::digest(text)));
        if code.expires < now || !redirect_fits || (code.challenge.is_some() && verifier != code.challenge) {
            return Err(TokenRefused::Code);
        }
        self.exchanged = self.exchanged.saturating_add(1);
        self.connected.insert(code.person);
        self.grants.push(Grant {
            person: code.person,
            scopes: code.scopes,
            active: true,
            access: String::new(),
            expires: now,
            refresh: String::new(),
            replaced: None,
        });
        self.issue(self.grants.len() - 1, now, true)
    }

    fn rotate(&mut self, token: &str, now: DateTime<Utc>) -> Result<Issued, TokenRefused> {
        let index = *self.refresh.get(token).ok_or(TokenRefused::RefreshToken)?;
        let grant = self.grants.get_mut(index).ok_or(TokenRefused::RefreshToken)?;
        let grace = self.grace.unwrap_or_default();
        let in_grace = grant.replaced.as_ref().is_some_and(|(old, at)| old == token && now - *at < grace);
        if grant.refresh != token && !in_grace {
            self.reused = self.reused.saturating_add(1);
            if self.rules.reuse_ends_grant {
                grant.active = false;
                let person = grant.person;
                self.look_again(person);
            }
            return Err(TokenRefused::RefreshToken);
        }
        if !grant.active {
            return Err(TokenRefused::RefreshToken);
        }
        let keeps = self.rules.same_while_left.and_then(|left| TimeDelta::from_std(left).ok());
        if keeps.is_some_and(|left| grant.expires - now > left) {
            return Ok(issued(grant, false));
        }
        self.refreshed = self.refreshed.saturating_add(1);
        self.issue(index, now, false)
    }

    fn issue(&mut self, index: usize, now: DateTime<Utc>, by_code: bool) -> Result<Issued, TokenRefused> {
        let (access, refresh) = (self.dice.token(), self.dice.token());
        let lifetime = TimeDelta::from_std(self.rules.lifetime).unwrap_or_default();
        let expires = now.checked_add_signed(lifetime).unwrap_or(now);
        let grant = self.grants.get_mut(index).ok_or(TokenRefused::RefreshToken)?;
        // An access token that is replaced early lives to its end; the one before it is forgotten.
        if grant.expires <= now {
            self.access.remove(&grant.access);
        }
        let old = std::mem::replace(&mut grant.refresh, refresh);
        if self.grace.is_some() && !by_code && grant.replaced.is_none() {
            grant.replaced = Some((old, now));
        }
        (grant.access, grant.expires) = (access, expires);
        self.access.insert(grant.access.clone(), (index, expires));
        self.refresh.insert(grant.refresh.clone(), index);
        Ok(issued(grant, by_code))
    }

    /// Who a bearer token speaks for, while it is valid.
    pub fn bearer(&self, token: &str, now: DateTime<Utc>) -> Option<Bearer<'_>> {
        let (index, expires) = self.access.get(token)?;
        let grant = self.grants.get(*index).filter(|grant| grant.active && *expires > now)?;
        Some(Bearer { person: grant.person, scopes: &grant.scopes })
    }

    /// Ends the grant that an access or refresh token belongs to.
    pub fn revoke(&mut self, token: &str) -> Option<u32> {
        let index =
            self.access.get(token).map(|(index, _)| *index).or_else(|| self.refresh.get(token).copied())?;
        let grant = self.grants.get_mut(index)?;
        grant.active = false;
        let person = grant.person;
        self.look_again(person);
        Some(person)
    }

    /// Ends all grants of a person. False when there was none.
    pub fn withdraw(&mut self, person: u32) -> bool {
        let mut found = false;
        for grant in self.grants.iter_mut().filter(|grant| grant.active && grant.person == person) {
            grant.active = false;
            found = true;
        }
        self.connected.remove(&person);
        found
    }

    /// Whether a person lets the app in at present.
    pub fn is_connected(&self, person: u32) -> bool {
        self.connected.contains(&person)
    }

    /// After a grant ended: whether the person has another one.
    fn look_again(&mut self, person: u32) {
        if !self.grants.iter().any(|grant| grant.active && grant.person == person) {
            self.connected.remove(&person);
        }
    }

    /// Scopes as the provider writes them.
    pub fn joined(&self, scopes: &[String]) -> String {
        let mut text = String::new();
        for scope in scopes {
            if !text.is_empty() {
                text.push(self.rules.separator);
            }
            text.push_str(scope);
        }
        text
    }
}

fn issued(grant: &Grant, by_code: bool) -> Issued {
    Issued {
        person: grant.person,
        access: grant.access.clone(),
        refresh: grant.refresh.clone(),
        expires: grant.expires,
        scopes: grant.scopes.clone(),
        by_code,
    }
}

#[cfg(test)]
mod tests;
