use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderMap;
use tributary_contract::{Class, Request, Response};

use super::super::shelf::Unstored;
use super::*;
use crate::clock::Hand;
use crate::oauth::token::tests::{app, scheme};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn owner() -> Owner {
    Owner { id: Uuid::from_u128(1), epoch: 1, tenant: Arc::from("acme") }
}

/// What the token endpoint does next.
enum Turn {
    /// Gives this pair, after so many seconds.
    Gives(&'static str, &'static str, u64),
    /// Fails.
    Fails(FetchError),
    Hangs,
    Panics,
}

struct World {
    clock: Clock,
    script: Mutex<VecDeque<Turn>>,
    /// Refresh tokens that were sent, puts that worked and puts that failed, in order.
    events: Mutex<Vec<String>>,
    stored: Mutex<Option<Stored>>,
    failing_puts: AtomicUsize,
    is_fenced: AtomicUsize,
}

impl World {
    fn note(&self, event: String) {
        self.events.lock().unwrap().push(event);
    }

    fn events(&self) -> Vec<String> {
        self.events.lock().unwrap().clone()
    }

    fn asked(&self) -> usize {
        self.events().iter().filter(|event| event.starts_with("sent")).count()
    }

    fn store(&self, access: &str, refresh: Option<&str>, life: Option<Duration>) {
        let now = self.clock.now();
        let credential = Credential {
            access_token: access.into(),
            refresh_token: refresh.map(Into::into),
            expires_at: life.map(|life| now + TimeDelta::from_std(life).unwrap()),
            scopes: Vec::new(),
            token_type: "Bearer".to_owned(),
        };
        *self.stored.lock().unwrap() = Some(Stored { credential, stored_at: now });
    }

    fn then(&self, turn: Turn) {
        self.script.lock().unwrap().push_back(turn);
    }
}

struct OnShelf(Arc<World>);

#[async_trait]
impl Shelf for OnShelf {
    async fn load(&self, _connection: Uuid) -> Result<Option<Stored>, FetchError> {
        tokio::task::yield_now().await;
        Ok(self.0.stored.lock().unwrap().clone())
    }

    async fn put(&self, owner: &Owner, credential: &Credential, now: DateTime<Utc>) -> Result<(), Unstored> {
        tokio::task::yield_now().await;
        assert_eq!(owner.epoch, 1);
        if self.0.is_fenced.load(Ordering::Relaxed) == 1 {
            return Err(Unstored::Fenced);
        }
        let failing = self.0.failing_puts.load(Ordering::Relaxed);
        if failing > 0 {
            self.0.failing_puts.store(failing - 1, Ordering::Relaxed);
            self.0.note("not stored".to_owned());
            return Err(Unstored::Failed("disk full".to_owned()));
        }
        self.0.note(format!("stored {}", credential.access_token.expose()));
        *self.0.stored.lock().unwrap() = Some(Stored { credential: credential.clone(), stored_at: now });
        Ok(())
    }
}

struct Endpoint(Arc<World>);

#[async_trait]
impl Door for Endpoint {
    async fn send(&self, request: Request) -> Result<Response, FetchError> {
        let fields: HashMap<String, String> =
            url::form_urlencoded::parse(&request.body).into_owned().collect();
        self.0.note(format!("sent {}", fields["refresh_token"]));
        let turn = self.0.script.lock().unwrap().pop_front();
        match turn {
            Some(Turn::Gives(access, refresh, seconds)) => {
                let idle = self.0.clock.idle();
                self.0.clock.sleep(SECOND * u32::try_from(seconds).unwrap()).await;
                drop(idle);
                let body =
                    format!(r#"{{"access_token":"{access}","refresh_token":"{refresh}","expires_in":3600}}"#);
                Ok(Response { status: 200, headers: HeaderMap::new(), body: Bytes::from(body) })
            }
            Some(Turn::Fails(error)) => Err(error),
            Some(Turn::Hangs) => {
                let _idle = self.0.clock.idle();
                std::future::pending().await
            }
            Some(Turn::Panics) => panic!("a bug in the door"),
            None => Err(down()),
        }
    }
}

fn down() -> FetchError {
    FetchError::Transient { call: "token".to_owned(), reason: "status 503".to_owned(), retry_after: None }
}

fn lost() -> FetchError {
    FetchError::Auth { call: "token".to_owned(), reason: "invalid_grant".to_owned() }
}

struct Rig {
    world: Arc<World>,
    tokens: Tokens,
    refresher: Refresher,
    hand: Hand,
}

impl Rig {
    /// A connection whose access token `a0` has just ended; its refresh token is `r0`.
    fn new() -> Self {
        let (clock, hand) = Clock::manual(start());
        let world = Arc::new(World {
            clock: clock.clone(),
            script: Mutex::default(),
            events: Mutex::default(),
            stored: Mutex::default(),
            failing_puts: AtomicUsize::new(0),
            is_fenced: AtomicUsize::new(0),
        });
        world.store("a0", Some("r0"), Some(Duration::ZERO));
        let tokens = Tokens::on_shelf(Box::new(OnShelf(Arc::clone(&world))), clock);
        let door: Arc<dyn Door> = Arc::new(Endpoint(Arc::clone(&world)));
        let refresher =
            Refresher { scheme: Box::leak(Box::new(scheme())), app: Arc::new(app()), door, provider: "test" };
        Self { world, tokens, refresher, hand }
    }

    async fn get(&self) -> Outcome {
        self.tokens.access_token(&owner(), None, &self.refresher).await
    }

    fn spawn(&self, refused: Option<&'static str>) -> tokio::task::JoinHandle<Outcome> {
        let (tokens, refresher) = (self.tokens.clone(), self.refresher.clone());
        let refused = refused.map(Secret::from);
        tokio::spawn(async move { tokens.access_token(&owner(), refused.as_ref(), &refresher).await })
    }

    fn is_idle(&self) -> bool {
        self.tokens.inner.slots().is_empty()
    }
}

fn token(outcome: &Outcome) -> &str {
    outcome.as_ref().unwrap().token.expose()
}

#[tokio::test]
async fn a_hundred_jobs_with_an_expired_token_cause_one_refresh_however_long_it_takes() {
    let rig = Rig::new();
    rig.world.then(Turn::Gives("a1", "r1", 11));
    let jobs: Vec<_> = (0..100).map(|_| rig.spawn(None)).collect();
    rig.hand.until_sleepers(101).await;
    rig.hand.advance(SECOND * 11).await;
    for job in jobs {
        assert_eq!(token(&job.await.unwrap()), "a1");
    }
    assert_eq!(rig.world.events(), ["sent r0", "stored a1"]);
    assert_eq!(token(&rig.get().await), "a1");
    assert_eq!(rig.world.asked(), 1);
    assert!(rig.is_idle(), "nothing is kept about a connection without trouble");
}

#[tokio::test]
async fn a_token_that_is_not_saved_is_neither_used_nor_asked_for_again() {
    let rig = Rig::new();
    rig.world.then(Turn::Gives("a1", "r1", 0));
    rig.world.failing_puts.store(3, Ordering::Relaxed);
    let job = rig.spawn(None);
    rig.hand.until_sleepers(2).await;
    assert_eq!(rig.tokens.unsaved(), 1);
    assert!(!job.is_finished());
    let second = rig.spawn(None);
    rig.hand.advance(SECOND * 30).await;
    assert_eq!(token(&job.await.unwrap()), "a1");
    assert_eq!(token(&second.await.unwrap()), "a1");
    assert_eq!(rig.world.events(), ["sent r0", "not stored", "not stored", "not stored", "stored a1"]);
    assert_eq!(rig.tokens.unsaved(), 0);
}

#[tokio::test]
async fn a_store_that_is_down_for_an_hour_costs_jobs_their_turn_but_not_the_token() {
    let rig = Rig::new();
    rig.world.then(Turn::Gives("a1", "r1", 0));
    rig.world.failing_puts.store(120, Ordering::Relaxed);
    let job = rig.spawn(None);
    rig.hand.until_sleepers(2).await;
    rig.hand.advance(SECOND * 60).await;
    assert_eq!(job.await.unwrap().unwrap_err().class(), Class::Retry);
    rig.hand.advance(HOUR * 2).await;
    rig.tokens.settled().await;
    assert_eq!(rig.world.asked(), 1);
    assert_eq!(rig.world.events().last().unwrap(), "stored a1");
}

#[tokio::test]
async fn a_refresh_ends_well_although_its_job_is_dropped() {
    let rig = Rig::new();
    rig.world.then(Turn::Gives("a1", "r1", 5));
    let job = rig.spawn(None);
    rig.hand.until_sleepers(3).await;
    job.abort();
    assert!(job.await.unwrap_err().is_cancelled());
    rig.hand.advance(SECOND * 5).await;
    rig.tokens.settled().await;
    assert_eq!(rig.world.events(), ["sent r0", "stored a1"]);
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_after_a_pause_and_not_before() {
    let rig = Rig::new();
    rig.world.then(Turn::Fails(down()));
    let error = rig.get().await.unwrap_err();
    assert_eq!(error.class(), Class::Retry);
    assert!(error.retry_after().unwrap() > SECOND * 30);
    rig.hand.advance(SECOND * 30).await;
    assert_eq!(rig.get().await.unwrap_err().class(), Class::Retry);
    assert_eq!(rig.world.asked(), 1, "half a minute is too early");
    rig.world.then(Turn::Gives("a1", "r1", 0));
    rig.hand.advance(SECOND * 30).await;
    assert_eq!(token(&rig.get().await), "a1");
    assert!(rig.is_idle());
}

#[tokio::test]
async fn an_outage_of_two_days_marks_nobody_and_costs_few_calls() {
    let rig = Rig::new();
    for _ in 0..2 * 24 * 60 {
        let error = rig.get().await.unwrap_err();
        assert_eq!(error.class(), Class::Retry);
        rig.hand.advance(SECOND * 60).await;
    }
    assert!((100..=200).contains(&rig.world.asked()), "{}", rig.world.asked());
    rig.world.then(Turn::Gives("a1", "r1", 0));
    rig.hand.advance(SECOND * 1500).await;
    assert_eq!(token(&rig.get().await), "a1");
}

#[tokio::test]
async fn an_endpoint_that_hangs_gives_up_its_claim_within_half_a_minute() {
    let rig = Rig::new();
    rig.world.then(Turn::Hangs);
    rig.world.then(Turn::Gives("a1", "r1", 0));
    let job = rig.spawn(None);
    rig.hand.until_sleepers(2).await;
    rig.hand.advance(SECOND * 30).await;
    assert_eq!(job.await.unwrap().unwrap_err().class(), Class::Retry);
    rig.hand.advance(SECOND * 60).await;
    assert_eq!(token(&rig.get().await), "a1");
}

#[tokio::test]
async fn a_panic_in_a_refresh_gives_up_its_claim() {
    let rig = Rig::new();
    rig.world.then(Turn::Panics);
    rig.world.then(Turn::Gives("a1", "r1", 0));
    assert_eq!(rig.get().await.unwrap_err().class(), Class::Retry);
    assert_eq!(token(&rig.get().await), "a1");
}

#[tokio::test]
async fn a_lost_consent_is_believed_for_the_token_that_was_sent_and_no_other() {
    let rig = Rig::new();
    rig.world.then(Turn::Fails(lost()));
    assert_eq!(rig.get().await.unwrap_err().class(), Class::Reauth);
    rig.hand.advance(HOUR * 24).await;
    assert_eq!(rig.get().await.unwrap_err().class(), Class::Reauth);
    assert_eq!(rig.world.asked(), 1, "a dead token is not sent again");
    // The user connects again, and the provider gives the old refresh token back.
    rig.world.store("a5", Some("r0"), Some(HOUR));
    assert_eq!(token(&rig.get().await), "a5");
    rig.hand.advance(HOUR).await;
    rig.world.then(Turn::Gives("a6", "r6", 0));
    assert_eq!(token(&rig.get().await), "a6");
}

#[tokio::test]
async fn a_refusal_of_a_token_that_was_replaced_meanwhile_is_no_lost_consent() {
    for (life, expected) in [(HOUR, "a7"), (Duration::ZERO, "a8")] {
        let rig = Rig::new();
        rig.world.then(Turn::Fails(lost()));
        rig.world.then(Turn::Gives("a8", "r8", 0));
        let endpoint = Arc::clone(&rig.world);
        let job = rig.spawn(None);
        // Another node stores its pair between our read and the provider's answer.
        let other = tokio::spawn(async move {
            while endpoint.asked() == 0 {
                tokio::task::yield_now().await;
            }
            endpoint.store("a7", Some("r7"), Some(life));
        });
        assert_eq!(token(&job.await.unwrap()), expected);
        other.await.unwrap();
    }
}

#[tokio::test]
async fn a_connection_that_was_authorised_anew_takes_nothing_from_an_old_refresh() {
    let rig = Rig::new();
    rig.world.then(Turn::Gives("a1", "r1", 0));
    rig.world.is_fenced.store(1, Ordering::Relaxed);
    assert_eq!(rig.get().await.unwrap_err().kind(), "stopped");
    assert!(rig.is_idle());
}

#[tokio::test]
async fn a_token_that_still_lives_is_used_while_its_refresh_fails() {
    let rig = Rig::new();
    rig.world.store("a1", Some("r1"), Some(HOUR));
    rig.hand.advance(SECOND * 3400).await;
    let fresh = rig.get().await.unwrap();
    assert_eq!((fresh.token.expose().as_str(), rig.world.asked()), ("a1", 1));
    assert!(fresh.fresh_until.unwrap() > rig.hand.now() + TimeDelta::seconds(30));
    assert_eq!(token(&rig.get().await), "a1");
    assert_eq!(rig.world.asked(), 1);
    rig.hand.advance(SECOND * 195).await;
    assert_eq!(
        rig.get().await.unwrap_err().class(),
        Class::Retry,
        "in its last moment it is not worth a call"
    );
}

#[tokio::test]
async fn the_same_token_with_the_same_expiry_is_no_refresh() {
    let rig = Rig::new();
    rig.world.store("a1", Some("r1"), Some(HOUR));
    rig.world.then(Turn::Gives("a1", "r2", 0));
    let refused = rig.spawn(Some("a1")).await.unwrap();
    assert_eq!(refused.unwrap_err().class(), Class::Retry, "the provider has refused this very token");
    assert_eq!(rig.world.events(), ["sent r1", "stored a1"], "the new refresh token is kept all the same");
    assert_eq!(token(&rig.get().await), "a1", "whoever was not refused goes on with it");
    assert!(rig.spawn(Some("a1")).await.unwrap().is_err());
    assert_eq!(rig.world.asked(), 1, "and the endpoint is left alone for a while");
}

#[tokio::test]
async fn a_refused_token_is_not_refreshed_when_a_newer_one_is_stored() {
    let rig = Rig::new();
    rig.world.store("a1", Some("r1"), Some(HOUR));
    assert_eq!(token(&rig.spawn(Some("a0")).await.unwrap()), "a1");
    assert_eq!(rig.world.asked(), 0);
    rig.world.then(Turn::Gives("a2", "r2", 0));
    let (one, two) = (rig.spawn(Some("a1")), rig.spawn(Some("a1")));
    assert_eq!((token(&one.await.unwrap()), token(&two.await.unwrap())), ("a2", "a2"));
    assert_eq!(rig.world.asked(), 1);
}

#[tokio::test]
async fn without_a_refresh_token_the_access_token_is_used_until_it_is_refused() {
    let rig = Rig::new();
    rig.world.store("a1", None, Some(Duration::ZERO));
    assert_eq!(token(&rig.get().await), "a1");
    assert_eq!(rig.spawn(Some("a1")).await.unwrap().unwrap_err().class(), Class::Reauth);
    *rig.world.stored.lock().unwrap() = None;
    assert_eq!(rig.get().await.unwrap_err().kind(), "stopped");
    assert_eq!(rig.world.asked(), 0);
}

#[test]
fn a_token_is_fresh_for_at_least_half_of_its_life() {
    let stored = |life: i64| Stored {
        credential: Credential {
            access_token: "a".into(),
            refresh_token: Some("r".into()),
            expires_at: Some(start() + TimeDelta::seconds(life)),
            scopes: Vec::new(),
            token_type: "Bearer".to_owned(),
        },
        stored_at: start(),
    };
    let until = |life, ahead| {
        let fresh = usable(&stored(life), None, Duration::from_secs(ahead), start());
        fresh.map(|fresh| (fresh.fresh_until.unwrap() - start()).num_seconds())
    };
    assert_eq!(until(3600, 300), Some(3300));
    assert_eq!(until(3600, 7200), Some(1800), "else each call would be preceded by a refresh");
    assert_eq!(until(0, 300), None);
    assert_eq!(until(-10, 300), None);
}
