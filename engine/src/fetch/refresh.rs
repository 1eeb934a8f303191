//! One refresh of one connection's token, from the stored credential to the stored successor.
//!
//! A lost consent is believed only when the store still holds the very token that was sent. Everything else passes:
//! the token endpoint is asked again after a pause that grows, and until then the old token is used as long as it lives.

use std::time::Duration;

use chrono::TimeDelta;
use tracing::{error, info, warn};
use tributary_contract::{FetchError, Secret};

use super::Owner;
use super::shelf::{Stored, Unstored};
use super::token::{Fresh, Identity, Inner, Outcome, REFRESH, Refresher, Verdict, not_now, usable};
use crate::clock::later;
use crate::oauth;
use crate::retry;
use crate::telemetry::metric;
use crate::vault::Credential;

/// How long the token endpoint may take, waiting for the quota included.
const ANSWER: Duration = Duration::from_secs(25);
/// An old token with less than this left is not worth a call.
const LAST_MOMENT: TimeDelta = TimeDelta::seconds(10);
/// Stored tokens that are tried one after the other when each turns out to be replaced.
const ROUNDS: usize = 3;

pub(super) async fn run(
    inner: &Inner,
    owner: &Owner,
    refused: Option<&Secret<String>>,
    refresher: &Refresher,
) -> Outcome {
    let mut lost: Option<(Identity, FetchError)> = None;
    for _ in 0..ROUNDS {
        let stored = inner.load(owner.id).await?;
        let now = inner.clock.now();
        if let Some(fresh) = usable(&stored, refused, refresher.scheme.refresh_ahead, now) {
            return Ok(fresh);
        }
        let Some(refresh_token) = &stored.credential.refresh_token else {
            let reason = "the access token was refused and there is no refresh token".to_owned();
            return Err(FetchError::Auth { call: REFRESH.to_owned(), reason });
        };
        let about = Identity::of(&stored);
        if let Some((sent, error)) = lost.take_if(|(sent, _)| *sent == about) {
            warn!(%error, "the provider says that the consent is lost");
            metric::TOKEN_REFRESHES.add(1, [refresher.provider, "lost"]);
            let verdict = Verdict { about: sent, failures: 0, not_before: None, error: error.clone() };
            inner.judge(owner.id, Some(verdict));
            return Err(error);
        }
        if let Some(verdict) = inner.verdict(owner.id, &about, now) {
            return fall_back(inner, &stored, refused, &verdict);
        }
        match ask(inner, &stored.credential, refresh_token, refresher).await {
            Ok(next) => return keep(inner, owner, &stored, next, refused, refresher).await,
            Err(error @ FetchError::Auth { .. }) => lost = Some((about, error)),
            Err(error) => return failed(inner, owner, &stored, refused, refresher.provider, error),
        }
    }
    Err(not_now("the stored token was replaced again and again"))
}

async fn ask(
    inner: &Inner,
    credential: &Credential,
    refresh_token: &Secret<String>,
    refresher: &Refresher,
) -> Result<Credential, FetchError> {
    let request = oauth::token::refresh(refresher.scheme, &refresher.app, refresh_token);
    let answer = inner.clock.timeout(ANSWER, refresher.door.send(request)).await;
    let answer = answer.map_err(|_elapsed| not_now("the token endpoint did not answer in time"))??;
    oauth::token::parse(refresher.scheme, &answer, Some(credential), inner.clock.now())
}

/// Stores what the provider gave, for as long as that takes, and only then lets it be used.
async fn keep(
    inner: &Inner,
    owner: &Owner,
    stored: &Stored,
    next: Credential,
    refused: Option<&Secret<String>>,
    refresher: &Refresher,
) -> Outcome {
    let is_newer = oauth::token::is_newer(&stored.credential, &next);
    // An answer without any progress may hold another refresh token all the same.
    if is_newer || next.refresh_token != stored.credential.refresh_token {
        save(inner, owner, &next, refresher.provider).await?;
    }
    let now = inner.clock.now();
    let next = Stored { credential: next, stored_at: now };
    if !is_newer || refused == Some(&next.credential.access_token) {
        return failed(
            inner,
            owner,
            &next,
            refused,
            refresher.provider,
            not_now("it brought the same token with the same expiry"),
        );
    }
    inner.judge(owner.id, None);
    metric::TOKEN_REFRESHES.add(1, [refresher.provider, "ok"]);
    info!("access token refreshed");
    let fresh = usable(&next, None, refresher.scheme.refresh_ahead, now);
    Ok(fresh.unwrap_or_else(|| at_any_rate(&next.credential)))
}

async fn save(inner: &Inner, owner: &Owner, next: &Credential, provider: &str) -> Result<(), FetchError> {
    let mut failures = 0;
    loop {
        match inner.shelf.put(owner, next, inner.clock.now()).await {
            Ok(()) => {
                inner.mark_unsaved(owner.id, false);
                return Ok(());
            }
            Err(Unstored::Fenced) => {
                let reason = "the connection was authorised anew or removed meanwhile".to_owned();
                return Err(FetchError::Stopped { reason });
            }
            Err(Unstored::Failed(reason)) => {
                failures += 1;
                metric::TOKEN_STORE_FAILURES.add(1, [provider]);
                inner.mark_unsaved(owner.id, true);
                error!(
                    reason,
                    failures, "a refreshed token is not saved; it is kept in memory and not used until it is"
                );
                let idle = inner.clock.idle();
                inner.clock.sleep(retry::STORE.delay(failures)).await;
                drop(idle);
            }
        }
    }
}

/// Notes the failure, so that the token endpoint is left alone for a while.
fn failed(
    inner: &Inner,
    owner: &Owner,
    stored: &Stored,
    refused: Option<&Secret<String>>,
    provider: &str,
    error: FetchError,
) -> Outcome {
    let about = Identity::of(stored);
    let failures = inner.failures(owner.id, &about).saturating_add(1);
    let pause = retry::REFRESH.delay(failures).max(error.retry_after().unwrap_or_default());
    metric::TOKEN_REFRESHES.add(1, [provider, "failed"]);
    warn!(%error, failures, pause_seconds = pause.as_secs(), "an access token was not refreshed");
    let not_before = Some(later(inner.clock.now(), pause));
    let verdict = Verdict { about, failures, not_before, error };
    inner.judge(owner.id, Some(verdict.clone()));
    fall_back(inner, stored, refused, &verdict)
}

/// The old token, while it lives and the consent is not known to be lost; else the error that stands.
fn fall_back(inner: &Inner, stored: &Stored, refused: Option<&Secret<String>>, verdict: &Verdict) -> Outcome {
    let now = inner.clock.now();
    let Some(not_before) = verdict.not_before else { return Err(verdict.error.clone()) };
    let credential = &stored.credential;
    let lives = credential.expires_at.is_none_or(|ends_at| ends_at > now + LAST_MOMENT);
    if lives && refused != Some(&credential.access_token) {
        return Ok(Fresh { fresh_until: Some(not_before), ..at_any_rate(credential) });
    }
    let (FetchError::Transient { reason, .. } | FetchError::Malformed { at: reason, .. }) = &verdict.error
    else {
        return Err(verdict.error.clone());
    };
    let retry_after = (not_before - now).to_std().ok();
    Err(FetchError::Transient { call: REFRESH.to_owned(), reason: reason.clone(), retry_after })
}

fn at_any_rate(credential: &Credential) -> Fresh {
    Fresh {
        token: credential.access_token.clone(),
        fresh_until: credential.expires_at,
        ends_at: credential.expires_at,
    }
}
