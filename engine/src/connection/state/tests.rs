use super::*;
use crate::fetch::classify::REFUSED_TOKEN;
use crate::store::Lane;
use crate::telemetry::span::new_trace;
use std::time::Duration as Std;
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

fn row(resource: &str, lane: Lane, finished: bool) -> Mark {
    Mark { resource: resource.to_owned(), lane, finished, updated_at: now(), asked: None }
}

fn loaded(marks: Vec<Mark>) -> (State, Vec<Effect>) {
    let mut state = State::new(Uuid::from_u128(1), &SPEC);
    let message = Message::Loaded { marks, status: ConnectionState::Active, spread: Std::ZERO };
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
    let wish = Wish { resource: 1, window: Window::new(now(), now()), trace: None };
    state.on(Message::Request(wish), now());
    let effects = state
        .on(Message::Loaded { marks: vec![], status: ConnectionState::Active, spread: Std::ZERO }, now());
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
    let message = Message::Loaded { marks: vec![], status: ConnectionState::Quarantined, spread: Std::ZERO };
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

fn wish() -> Wish {
    Wish { resource: 1, window: Window::new(now() - Duration::days(1), now()), trace: None }
}

#[test]
fn a_stretch_that_two_people_want_is_fetched_once_and_in_the_trace_of_the_first() {
    let mut state = idle();
    state.on(Message::Notified(now()), now());
    let (first, second) = (Some(new_trace()), Some(new_trace()));
    state.on(Message::Request(Wish { trace: first, ..wish() }), now());
    state.on(Message::Request(Wish { trace: second, ..wish() }), now());
    let other = Wish { resource: 0, trace: second, ..wish() };
    state.on(Message::Request(other), now());
    let wanted = Task::Request(Wish { trace: first, ..wish() });
    assert_eq!(state.on(Message::Ended(Task::Inbox, DONE), now()), [Effect::Run(wanted)]);
    assert_eq!(state.on(Message::Ended(wanted, DONE), now()), [Effect::Run(Task::Request(other))]);
}

#[test]
fn a_steady_stream_of_notices_and_requests_starves_neither_polls_nor_history() {
    let (mut state, mut effects) = loaded(Vec::new());
    let mut ran = Vec::new();
    for _ in 0..30 {
        let [Effect::Run(task)] = effects[..] else { panic!("there is always something to do: {effects:?}") };
        ran.push(task);
        state.on(Message::Notified(now()), now());
        state.on(Message::Request(wish()), now());
        effects = state.on(Message::Ended(task, DONE), now());
    }
    let steady = ran.iter().filter(|task| matches!(task, Task::Poll(_) | Task::History(_))).count();
    assert_eq!(steady, 6, "one in five: {ran:?}");
    assert!(ran.contains(&Task::History(1)) && ran.contains(&Task::Poll(0)) && ran.contains(&Task::Poll(1)));
}

#[test]
fn one_refusal_of_a_fresh_token_is_doubted_and_a_second_one_is_believed() {
    let refused = || FetchError::Auth { call: "/x".to_owned(), reason: REFUSED_TOKEN.to_owned() };
    let mut state = idle();
    state.on(Message::Notified(now()), now());
    let effects = state.on(Message::Ended(Task::Inbox, Ended::Failed(refused())), now());
    let [Effect::Wake(until)] = effects[..] else { panic!("it pauses: {effects:?}") };
    assert_eq!((state.status(), until), (ConnectionState::Active, now() + DOUBT));
    assert!(
        matches!(state.on(Message::Notified(now()), now())[..], [Effect::Wake(_)]),
        "nothing runs meanwhile"
    );
    assert_eq!(state.on(Message::Tick, until), [Effect::Run(Task::Inbox)]);
    let effects = state.on(Message::Ended(Task::Inbox, Ended::Failed(refused())), until);
    assert!(matches!(effects[..], [Effect::Refused { .. }]), "{effects:?}");
    assert_eq!(state.status(), ConnectionState::ReauthNeeded);
}

#[test]
fn a_success_ends_the_doubt_about_a_token() {
    let refused = FetchError::Auth { call: "/x".to_owned(), reason: REFUSED_TOKEN.to_owned() };
    let mut state = idle();
    let mut at = now();
    for _ in 0..3 {
        state.on(Message::Notified(at), at);
        state.on(Message::Ended(Task::Inbox, Ended::Failed(refused.clone())), at);
        at += DOUBT;
        assert_eq!(state.on(Message::Tick, at), [Effect::Run(Task::Inbox)]);
        state.on(Message::Ended(Task::Inbox, DONE), at);
        assert_eq!(state.status(), ConnectionState::Active);
    }
}

#[test]
fn behind_a_closed_gate_only_notifications_and_requests_run() {
    let (mut state, effects) = loaded(Vec::new());
    let [Effect::Run(first)] = effects[..] else { panic!("a poll") };
    state.on(Message::Gate { closed: true }, now());
    let effects = state.on(Message::Ended(first, DONE), now());
    let [Effect::Wake(at)] = effects[..] else { panic!("it waits: {effects:?}") };
    assert!(at > now() && at <= now() + Duration::seconds(300), "it looks again soon");
    assert!(state.is_held() && state.has_history_left());
    assert_eq!(state.on(Message::Notified(now()), now()), [Effect::Run(Task::Inbox)]);
    state.on(Message::Ended(Task::Inbox, DONE), now());
    assert_eq!(state.on(Message::Request(wish()), now()), [Effect::Run(Task::Request(wish()))]);
    state.on(Message::Ended(Task::Request(wish()), DONE), now());
    assert!(matches!(state.on(Message::Gate { closed: false }, at)[..], [Effect::Run(Task::Poll(_))]));
}

#[test]
fn what_was_asked_for_is_walked_to_its_end_and_again_when_more_is_asked_for_meanwhile() {
    let mut state = idle();
    let done = |finished| Message::Ended(Task::Asked(1), Ended::Done { inbox_due: None, finished });
    assert_eq!(state.on(Message::Asked(1), now()), [Effect::Run(Task::Asked(1))]);
    assert_eq!(state.on(done(false), now()), [Effect::Run(Task::Asked(1))]);
    state.on(Message::Asked(1), now());
    assert_eq!(state.on(done(true), now()), [Effect::Run(Task::Asked(1))], "the second wish counts");
    assert!(matches!(state.on(done(true), now())[..], [Effect::Wake(_)]));
}

#[test]
fn what_was_asked_for_before_a_restart_goes_on() {
    let asked =
        |lane, text: &str, finished| Mark { asked: Some(text.to_owned()), ..row("two", lane, finished) };
    let rest = || {
        vec![row("one", Lane::Live, false), row("two", Lane::Live, false), row("two", Lane::History, true)]
    };
    let with = |filled: Option<Mark>| {
        let marks = rest().into_iter().chain([asked(Lane::Asked, "a/b", false)]).chain(filled).collect();
        loaded(marks).1
    };
    assert_eq!(with(None), [Effect::Run(Task::Asked(1))]);
    assert_eq!(with(Some(asked(Lane::Filled, "a/b", false))), [Effect::Run(Task::Asked(1))]);
    assert_eq!(with(Some(asked(Lane::Filled, "older", true))), [Effect::Run(Task::Asked(1))]);
    assert!(matches!(with(Some(asked(Lane::Filled, "a/b", true)))[..], [Effect::Wake(_)]));
}

#[test]
fn a_stuck_job_counts_as_a_crash_and_comes_again() {
    let mut state = idle();
    state.on(Message::Notified(now()), now());
    let effects = state.on(Message::Ended(Task::Inbox, Ended::Stuck), now());
    assert!(matches!(effects[..], [Effect::Wake(at)] if at > now()), "{effects:?}");
}

#[test]
fn a_connection_that_is_gone_has_nothing_left_to_do() {
    let mut state = idle();
    state.on(Message::Notified(now()), now());
    let gone = Ended::Inactive(ConnectionState::Disconnected);
    assert_eq!(state.on(Message::Ended(Task::Inbox, gone), now()), [Effect::Finished]);
}

#[test]
fn overdue_connections_do_not_all_begin_in_the_same_second_after_a_start() {
    let mut seconds = std::collections::BTreeMap::<i64, u32>::new();
    let late = now() + Duration::days(3);
    for n in 0..10_000_u128 {
        let mut state = State::new(Uuid::from_u128(n.wrapping_mul(0x1234_5678_9ABC_DEF1)), &SPEC);
        let marks = vec![
            row("one", Lane::Live, false),
            row("two", Lane::Live, false),
            row("two", Lane::History, false),
        ];
        let message = Message::Loaded { marks, status: ConnectionState::Active, spread: Std::from_secs(100) };
        let at = match state.on(message, late)[..] {
            [Effect::Run(_)] => late,
            [Effect::Wake(at)] => at,
            ref other => panic!("{other:?}"),
        };
        *seconds.entry((at - late).num_seconds()).or_default() += 1;
    }
    let busiest = seconds.values().max().unwrap();
    assert!(*busiest <= 3 * 3 * 10_000 / 100, "three resources, three times the mean: {busiest}");
}

#[test]
fn a_resting_connection_is_small() {
    let (state, _) = loaded(vec![row("one", Lane::Live, false)]);
    assert_eq!(state.wishes.capacity(), 0);
    assert!(size_of::<State>() <= 216, "{} bytes", size_of::<State>());
}
