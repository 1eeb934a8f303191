use super::*;
use std::time::Duration as Std;
use tributary_contract::Cursor;
use tributary_contract::model::DataType;
use tributary_contract::spec::{
    AuthScheme, Capabilities, Notifications, Resource, Signature, Status, Subscription, Usage,
};

const fn resource(name: &'static str, history: Option<Std>) -> Resource {
    Resource {
        name,
        yields: &[DataType::Activity],
        scopes: &[],
        poll: Std::from_secs(3_600),
        look_back: Std::from_secs(86_400),
        max_window: Std::from_secs(86_400 * 30),
        history,
        documents: &[],
    }
}

static RESOURCES: [Resource; 2] = [resource("one", None), resource("two", Some(Std::from_secs(86_400 * 90)))];

static SPEC: Spec = Spec {
    key: "test",
    wire_name: "TEST",
    name: "Test",
    status: Status::Complete,
    auth: AuthScheme::None,
    api_base: "https://api.example.com",
    hosts: &[],
    app_quotas: &[],
    user_quotas: &[],
    usage: Usage::Silent,
    body_status: None,
    resources: &RESOURCES,
    notifications: Notifications {
        signature: Signature::Unsigned,
        subscription: Subscription::Manual,
        ack: 200,
        ack_within: Std::from_secs(2),
    },
    capabilities: Capabilities {
        revoke: false,
        pages: false,
        retry_after: false,
        deletions: false,
        revocation_notice: false,
    },
    sources: &[],
};

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + Duration::days(20_000)
}

fn row(resource: &str, lane: Lane, finished: bool) -> CursorRow {
    CursorRow { resource: resource.to_owned(), lane, cursor: Cursor::at(now()), finished, updated_at: now() }
}

fn loaded(cursors: Vec<CursorRow>) -> (State, Vec<Effect>) {
    let mut state = State::new(Uuid::from_u128(1), &SPEC);
    let message = Message::Loaded { cursors, status: ConnectionState::Active, spread: Std::ZERO };
    let effects = state.on(message, now());
    (state, effects)
}

fn idle() -> State {
    let rows =
        vec![row("one", Lane::Live, false), row("two", Lane::Live, false), row("two", Lane::History, true)];
    let (state, effects) = loaded(rows);
    assert!(matches!(effects[..], [Effect::Wake(_)]));
    state
}

const DONE: Ended = Ended::Done { inbox_due: None, finished: false };

fn auth_error() -> FetchError {
    FetchError::Auth { call: "/x".to_owned(), reason: "invalid_grant".to_owned() }
}

#[test]
fn a_new_connection_polls_everything_then_walks_its_history_to_the_end() {
    let (mut state, mut effects) = loaded(Vec::new());
    let mut ran = Vec::new();
    for _ in 0..5 {
        let [Effect::Run(task)] = effects[..] else { break };
        ran.push(task);
        let finished = ran.iter().filter(|task| **task == Task::History(1)).count() == 2;
        effects = state.on(Message::Ended(task, Ended::Done { inbox_due: None, finished }), now());
    }
    assert_eq!(ran, [Task::Poll(0), Task::Poll(1), Task::History(1), Task::History(1)]);
    assert!(matches!(effects[..], [Effect::Wake(_)]));
    assert!(!state.has_history_left());
}

#[test]
fn a_request_goes_before_a_notification_and_a_notification_before_a_poll() {
    let mut state = State::new(Uuid::from_u128(1), &SPEC);
    state.on(Message::Notified(now()), now());
    let wish = Wish { resource: 1, window: Window::new(now(), now()) };
    state.on(Message::Request(wish), now());
    let effects = state
        .on(Message::Loaded { cursors: vec![], status: ConnectionState::Active, spread: Std::ZERO }, now());
    assert_eq!(effects, [Effect::Run(Task::Request(wish))]);
    assert_eq!(state.on(Message::Ended(Task::Request(wish), DONE), now()), [Effect::Run(Task::Inbox)]);
    assert_eq!(state.on(Message::Ended(Task::Inbox, DONE), now()), [Effect::Run(Task::Poll(0))]);
}

#[test]
fn there_is_never_more_than_one_job() {
    let mut state = idle();
    assert_eq!(state.on(Message::Notified(now()), now()), [Effect::Run(Task::Inbox)]);
    assert_eq!(state.on(Message::Notified(now()), now()), []);
    assert_eq!(state.on(Message::Tick, now() + Duration::days(1)), []);
}

#[test]
fn a_notice_that_comes_while_the_inbox_is_worked_off_is_not_forgotten() {
    let mut state = idle();
    state.on(Message::Notified(now()), now());
    state.on(Message::Notified(now()), now());
    assert_eq!(state.on(Message::Ended(Task::Inbox, DONE), now()), [Effect::Run(Task::Inbox)]);
}

#[test]
fn lost_consent_stops_everything_until_the_user_comes_back() {
    let mut state = idle();
    state.on(Message::Notified(now()), now());
    let effects = state.on(Message::Ended(Task::Inbox, Ended::Failed(auth_error())), now());
    assert!(matches!(effects[..], [Effect::Refused { .. }]), "told once, and nothing else");
    assert_eq!(state.on(Message::Tick, now() + Duration::days(9)), []);
    assert_eq!(state.on(Message::Reauthorized, now()), [Effect::Run(Task::Poll(0))]);
}

#[test]
fn a_failure_that_passes_keeps_the_connection_active_and_waits() {
    let mut state = idle();
    let error = FetchError::Transient { call: "/x".to_owned(), reason: "503".to_owned(), retry_after: None };
    let late = now() + Duration::hours(3);
    let [Effect::Run(task)] = state.on(Message::Tick, late)[..] else { panic!("a poll is due") };
    let effects = state.on(Message::Ended(task, Ended::Failed(error)), late);
    assert_eq!(state.status(), ConnectionState::Active);
    assert!(matches!(effects[..], [Effect::Run(other)] if other != task), "the other resource goes on");
}

#[test]
fn crashes_in_a_row_end_in_quarantine_and_quarantine_ends() {
    let mut state = idle();
    let mut at = now();
    let mut quarantined = None;
    for _ in 0..50 {
        at += Duration::hours(2);
        let mut effects = state.on(Message::Tick, at);
        while let Some(effect) = effects.pop() {
            match effect {
                Effect::Run(task) => effects.extend(state.on(Message::Ended(task, Ended::Panicked), at)),
                Effect::Quarantined { until } => quarantined = Some(until),
                _ => {}
            }
        }
        if quarantined.is_some() {
            break;
        }
    }
    let until = quarantined.expect("quarantined after some crashes");
    assert_eq!(state.status(), ConnectionState::Quarantined);
    assert!(
        state
            .on(Message::Tick, until - Duration::seconds(1))
            .iter()
            .all(|effect| matches!(effect, Effect::Wake(_)))
    );
    assert!(matches!(state.on(Message::Tick, until)[..], [Effect::Released, Effect::Run(_)]));
}

#[test]
fn a_quarantine_outlives_a_restart_and_still_ends() {
    let mut state = State::new(Uuid::from_u128(1), &SPEC);
    let message =
        Message::Loaded { cursors: vec![], status: ConnectionState::Quarantined, spread: Std::ZERO };
    let [Effect::Wake(until)] = state.on(message, now())[..] else { panic!("it waits") };
    assert!(until > now());
    assert!(matches!(state.on(Message::Tick, until)[..], [Effect::Released, Effect::Run(_)]));
}

#[test]
fn draining_waits_for_the_running_job_and_starts_no_other() {
    let mut state = idle();
    state.on(Message::Notified(now()), now());
    assert_eq!(state.on(Message::Drain, now()), []);
    state.on(Message::Notified(now()), now());
    assert_eq!(state.on(Message::Ended(Task::Inbox, DONE), now()), [Effect::Drained]);
}
