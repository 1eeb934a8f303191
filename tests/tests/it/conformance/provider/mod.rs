//! Providers: the cases, and which of them a Spec asks for.
//!
//! Each case runs against the provider's simulated cloud in a world of its own, through real sockets. Nothing here
//! knows a provider by name.

mod calls;
mod connect;
mod data;
mod notices;
mod quota;
mod tokens;
mod trouble;

use tributary_contract::Spec;
use tributary_contract::spec::{AuthScheme, OAuth2, Signature};
use tributary_providers::registry::PROVIDERS;
use tributary_tests::{Plan, Rig, rig};

/// The fewest cases that a provider has to pass whatever it declares.
const FEWEST: usize = 15;

/// So much happens that edits and deletions come soon, but still after what they edit and delete was delivered.
const LIVELY: f64 = 600.0;

/// What every provider has to be able to do, if its Spec says that it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    FirstData,
    DeniedConsent,
    WrongState,
    OtherBrowser,
    Revoke,
    Reauthorize,
    Rotation,
    LostRefreshAnswer,
    RefreshRefused,
    TokenRefused,
    TokenEndpointDown,
    Pages,
    Backfill,
    Resume,
    SameAgain,
    Edit,
    CutOnce,
    CutInTheMiddle,
    Malformed,
    SmallQuota,
    RefusalWithTime,
    RefusalWithoutTime,
    Notified,
    ForgedNotice,
    MeaninglessNotice,
    ReplayedNotice,
    UnknownUser,
    DeletionNotice,
    RevocationNotice,
}

impl Case {
    const ALL: [Self; 29] = [
        Self::FirstData,
        Self::DeniedConsent,
        Self::WrongState,
        Self::OtherBrowser,
        Self::Revoke,
        Self::Reauthorize,
        Self::Rotation,
        Self::LostRefreshAnswer,
        Self::RefreshRefused,
        Self::TokenRefused,
        Self::TokenEndpointDown,
        Self::Pages,
        Self::Backfill,
        Self::Resume,
        Self::SameAgain,
        Self::Edit,
        Self::CutOnce,
        Self::CutInTheMiddle,
        Self::Malformed,
        Self::SmallQuota,
        Self::RefusalWithTime,
        Self::RefusalWithoutTime,
        Self::Notified,
        Self::ForgedNotice,
        Self::MeaninglessNotice,
        Self::ReplayedNotice,
        Self::UnknownUser,
        Self::DeletionNotice,
        Self::RevocationNotice,
    ];

    /// Whether a provider has to pass it, and if not, why.
    fn fits(self, spec: &Spec) -> Result<(), &'static str> {
        let AuthScheme::OAuth2(oauth) = &spec.auth else { return Err("there is nothing to authorise") };
        let notifies = notifies(spec);
        let declared = &spec.capabilities;
        let (holds, otherwise) = match self {
            Self::FirstData
            | Self::DeniedConsent
            | Self::WrongState
            | Self::OtherBrowser
            | Self::Reauthorize
            | Self::SameAgain
            | Self::Edit
            | Self::Resume
            | Self::CutOnce
            | Self::CutInTheMiddle
            | Self::Malformed
            | Self::SmallQuota => (true, ""),
            Self::Revoke => (declared.revoke, "a grant cannot be revoked through the API"),
            Self::Rotation | Self::LostRefreshAnswer | Self::RefreshRefused | Self::TokenEndpointDown => {
                (refreshes(oauth), "it gives no refresh tokens")
            }
            Self::TokenRefused => (!refreshes(oauth), "it gives refresh tokens"),
            Self::Pages => (declared.pages, "its lists come whole"),
            Self::Backfill => (data::days(spec).is_some(), "its history fits into one window"),
            Self::RefusalWithTime => (declared.retry_after, "its 429 does not say when to come back"),
            Self::RefusalWithoutTime => (!declared.retry_after, "its 429 says when to come back"),
            Self::Notified | Self::ReplayedNotice | Self::UnknownUser => (notifies, "it does not notify"),
            Self::ForgedNotice => {
                (notifies && spec.notifications.signature != Signature::Unsigned, "it does not sign")
            }
            Self::MeaninglessNotice => {
                (spec.notifications.signature == Signature::Unsigned, "it signs, or does not notify")
            }
            Self::DeletionNotice => (declared.deletions, "it does not notify of deletions"),
            Self::RevocationNotice => (declared.revocation_notice, "it does not notify of lost consent"),
        };
        if holds { Ok(()) } else { Err(otherwise) }
    }
}

fn notifies(spec: &Spec) -> bool {
    spec.notifications.signature != Signature::NoNotifications
}

fn refreshes(oauth: &OAuth2) -> bool {
    oauth.refresh_token_promised
}

/// Runs a case for every provider that has to pass it; all that fail are told at the end.
fn each(case: Case, run: impl AsyncFn(&'static Spec)) {
    let mut failures = Vec::new();
    for spec in PROVIDERS.iter().map(|provider| provider.spec()) {
        match case.fits(spec) {
            Ok(()) => {
                let of = format!("{case:?} of {}", spec.key);
                failures.extend(super::failure(&of, || rig::run(async || run(spec).await)));
            }
            Err(why) => super::say(&format!("{case:?} is not for {}: {why}", spec.key)),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A world with that provider alone, watched.
fn only(spec: &'static Spec) -> Plan {
    Plan { only: Some(spec.key), watched: true, ..Plan::default() }
}

/// Works with the simulated cloud.
fn cloud<T>(
    rig: &Rig,
    spec: &Spec,
    work: impl FnOnce(&mut dyn tributary_providers::sandbox::Sandbox) -> T,
) -> T {
    rig.host(spec.key).with(work)
}

fn now() -> chrono::DateTime<chrono::Utc> {
    tributary_engine::clock::Clock::real().now()
}

/// Fails unless what the receiver took is what the people's provider produced.
fn assert_whole(rig: &Rig, people: &[tributary_tests::Person]) {
    assert_eq!(rig.differences(people, &rig.received("/acme")), Vec::<String>::new());
}

#[test]
fn every_case_is_chosen_for_some_provider_and_no_provider_gets_away_with_few() {
    let chosen = |spec: &'static Spec| Case::ALL.into_iter().filter(|case| case.fits(spec).is_ok());
    let specs: Vec<_> = PROVIDERS.iter().map(|provider| provider.spec()).collect();
    for spec in &specs {
        super::say(&format!("{}: {:?}", spec.key, chosen(spec).collect::<Vec<_>>()));
        if matches!(spec.auth, AuthScheme::OAuth2(_)) {
            assert!(chosen(spec).count() >= FEWEST, "{} has to pass too few cases", spec.key);
        }
    }
    for case in Case::ALL {
        let is_needed = specs.iter().any(|spec| case.fits(spec).is_ok());
        assert!(is_needed, "{case:?} is run for nobody");
    }
}

#[test]
fn every_case_is_written_once() {
    let text = [
        include_str!("connect.rs"),
        include_str!("data.rs"),
        include_str!("notices.rs"),
        include_str!("quota.rs"),
        include_str!("tokens.rs"),
        include_str!("trouble.rs"),
    ]
    .concat();
    for case in Case::ALL {
        let times = text.matches(&format!("each(Case::{case:?},")).count();
        assert_eq!(times, 1, "{case:?}");
    }
}

#[test]
fn every_provider_has_a_simulated_cloud() {
    let clouds = tributary_providers::sandboxes(&tributary_providers::sandbox::Settings::default(), now());
    let clouds: Vec<_> = clouds.iter().map(|cloud| cloud.key()).collect();
    let specs = PROVIDERS.iter().map(|provider| provider.spec());
    let expected: Vec<_> =
        specs.filter(|spec| matches!(spec.auth, AuthScheme::OAuth2(_))).map(|spec| spec.key).collect();
    assert_eq!(clouds, expected);
}
