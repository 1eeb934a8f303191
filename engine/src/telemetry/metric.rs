//! Every instrument of this process. Labels are words of the code (providers, causes, outcomes), names of the
//! configuration (tenants, sinks) or templates of the providers' Specs, so their number does not grow with users;
//! no label ever holds an id or the text of an error.

use super::instrument::{About, Counter, Gauge, Histogram, Instrument};

/// Name of the meter and of the tracer.
pub const SCOPE: &str = "tributary";

/// Key of a provider.
pub const PROVIDER: &str = "provider";
/// Owner of a sink: its `dev_id`.
pub const TENANT: &str = "tenant";
/// Name of a sink.
pub const SINK: &str = "sink";
/// Why a sync ran: `poll`, `notification`, `backfill`, `request`.
pub const CAUSE: &str = "cause";
/// What came of it; the words are said with each instrument.
pub const OUTCOME: &str = "outcome";
/// Class of a permit.
pub const CLASS: &str = "class";
/// State of a connection.
pub const STATE: &str = "state";
/// Length of a quota's window, s.
pub const WINDOW: &str = "window";
/// One of the ten promises of `ARCHITECTURE.md`.
pub const INVARIANT: &str = "invariant";
/// Kind of an actor: `connection`, `sink`, `quota`.
pub const PART: &str = "part";
/// `traces` or `metrics`.
pub const SIGNAL: &str = "signal";

/// Of calls: from half a hundredth of a second to the longest time-out.
const CALLS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0];
/// Of whole jobs and of waits: up to the deadline of a job.
const JOBS: &[f64] = &[0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 7200.0];
/// Of transactions.
const COMMITS: &[f64] = &[0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

const fn about(name: &'static str, unit: &'static str, help: &'static str) -> About {
    About { name, unit, help }
}

/// Jobs of connections.
pub static SYNC_DURATION: Histogram<3> = Histogram::new(
    about(
        "tributary.sync.duration",
        "s",
        "How long jobs of connections took. Outcomes: ok, inactive, or the kind of error",
    ),
    [PROVIDER, CAUSE, OUTCOME],
    JOBS,
);
/// Calls to providers, each attempt by itself.
pub static CLIENT_DURATION: Histogram<6> = Histogram::new(
    about("http.client.request.duration", "s", "How long single attempts of calls to providers took"),
    [
        PROVIDER,
        super::span::METHOD,
        super::span::ADDRESS,
        super::span::TEMPLATE,
        super::span::STATUS,
        super::span::ERROR,
    ],
    CALLS,
);
/// Calls that ended in an error after their retries.
pub static FETCH_ERRORS: Counter<2> = Counter::new(
    about("tributary.fetch.errors", "{error}", "Calls to providers that failed after their retries"),
    [PROVIDER, super::span::ERROR],
);
/// Requests that were served.
pub static SERVER_DURATION: Histogram<3> = Histogram::new(
    about("http.server.request.duration", "s", "How long requests of tenants, providers and operators took"),
    [super::span::METHOD, super::span::ROUTE, super::span::STATUS],
    CALLS,
);
/// Notifications of providers.
pub static NOTIFICATIONS: Counter<2> = Counter::new(
    about(
        "tributary.notifications",
        "{notification}",
        "Notifications of providers. Outcomes: accepted, refused, not_stored (the provider sends it again)",
    ),
    [PROVIDER, OUTCOME],
);
/// Notices about accounts that are not connected here.
pub static UNKNOWN_USERS: Counter<1> = Counter::new(
    about("tributary.notices.unknown", "{notice}", "Notices about accounts that are not connected here"),
    [PROVIDER],
);
/// Waits for a permit.
pub static BUDGET_WAIT: Histogram<2> = Histogram::new(
    about("tributary.budget.wait", "s", "How long calls waited for a permit of their provider's quota"),
    [PROVIDER, CLASS],
    JOBS,
);
/// Calls that were not made because the quota was used up.
pub static BUDGET_REFUSALS: Counter<2> = Counter::new(
    about("tributary.budget.refusals", "{call}", "Calls that were put off because the quota was used up"),
    [PROVIDER, CLASS],
);
/// Answers that said that the quota was used up.
pub static BUDGET_OVERRUNS: Counter<1> = Counter::new(
    about(
        "tributary.budget.overruns",
        "{answer}",
        "Answers by which a provider refused a call for its quota although a permit was given",
    ),
    [PROVIDER],
);
/// What is left of a quota.
pub static BUDGET_REMAINING: Gauge<3> = Gauge::new(
    about(
        "tributary.budget.remaining",
        "{call}",
        "Calls that are left in a window of a provider app's quota",
    ),
    [PROVIDER, TENANT, WINDOW],
);
/// Refreshes of access tokens.
pub static TOKEN_REFRESHES: Counter<2> = Counter::new(
    about(
        "tributary.token.refreshes",
        "{refresh}",
        "Refreshes of access tokens. Outcomes: ok, failed (it is tried again), lost (the user has to connect again)",
    ),
    [PROVIDER, OUTCOME],
);
/// Tries to store a refreshed token that failed.
pub static TOKEN_STORE_FAILURES: Counter<1> = Counter::new(
    about(
        "tributary.token.store.failures",
        "{failure}",
        "Tries to store a refreshed token that failed; it is held in memory and tried again",
    ),
    [PROVIDER],
);
/// Records that were fetched.
pub static RECORDS: Counter<2> = Counter::new(
    about(
        "tributary.records",
        "{record}",
        "Records that were fetched and committed. Outcomes: new (a log entry was added), unchanged",
    ),
    [PROVIDER, OUTCOME],
);
/// Transactions of the store's writer.
pub static COMMIT_DURATION: Histogram<1> = Histogram::new(
    about("tributary.store.commit.duration", "s", "How long transactions took. Outcomes: ok, failed"),
    [OUTCOME],
    COMMITS,
);
/// Age of what a sink has not settled.
pub static LOG_LAG: Gauge<2> = Gauge::new(
    about("tributary.log.lag", "s", "Age of the oldest log entry that a sink has not settled; 0 at the end"),
    [TENANT, SINK],
);
/// Entries that a sink has not settled.
pub static LOG_BACKLOG: Gauge<2> = Gauge::new(
    about("tributary.log.backlog", "{entry}", "Log entries that a sink has not settled"),
    [TENANT, SINK],
);
/// Calls of sinks.
pub static DELIVER_DURATION: Histogram<3> = Histogram::new(
    about(
        "tributary.deliver.duration",
        "s",
        "How long calls of a sink took. Outcomes: ok, unavailable, denied, unusable",
    ),
    [TENANT, SINK, OUTCOME],
    CALLS,
);
/// What became of entries.
pub static DELIVER_OUTCOMES: Counter<3> = Counter::new(
    about(
        "tributary.deliver.outcomes",
        "{entry}",
        "Entries handed to a sink, each time. Outcomes: taken, later, refused, failed (the whole call)",
    ),
    [TENANT, SINK, OUTCOME],
);
/// Parked deliveries.
pub static PARKED_COUNT: Gauge<2> = Gauge::new(
    about("tributary.parked_delivery.count", "{delivery}", "Deliveries that wait for their next try"),
    [TENANT, SINK],
);
/// Dead letters.
pub static DEAD_LETTER_COUNT: Gauge<2> = Gauge::new(
    about("tributary.dead_letter.count", "{entry}", "Entries that a sink refused or that ran out of tries"),
    [TENANT, SINK],
);
/// Circuit breakers.
pub static CIRCUIT_OPEN: Gauge<2> = Gauge::new(
    about(
        "tributary.sink.open_circuit.count",
        "{circuit}",
        "1 while a sink is left alone after failures in a row, else 0",
    ),
    [TENANT, SINK],
);
/// Connections.
pub static CONNECTION_COUNT: Gauge<2> =
    Gauge::new(about("tributary.connection.count", "{connection}", "Connections"), [PROVIDER, STATE]);
/// Connections that stopped.
pub static CONNECTION_STOPS: Counter<2> = Counter::new(
    about(
        "tributary.connection.stops",
        "{connection}",
        "Connections that came into a state in which they are not polled: reauth_needed, quarantined, disconnected",
    ),
    [PROVIDER, STATE],
);
/// Jobs that panicked and actors that ended by themselves.
pub static CONNECTION_CRASHES: Counter<1> = Counter::new(
    about(
        "tributary.connection.crashes",
        "{crash}",
        "Jobs that panicked and actors that ended by themselves",
    ),
    [PROVIDER],
);
/// Jobs that were ended from outside.
pub static JOB_TIMEOUTS: Counter<2> = Counter::new(
    about(
        "tributary.job.timeouts",
        "{job}",
        "Jobs that were ended and will be done again. Outcomes: stuck (nothing came of it), overdue",
    ),
    [PROVIDER, OUTCOME],
);
/// Actors that were started again.
pub static ACTOR_RESTARTS: Counter<1> = Counter::new(
    about(
        "tributary.actor.restarts",
        "{restart}",
        "Actors that ended without being asked to, and were started again. Parts: connection, sink, quota",
    ),
    [PART],
);
/// Actors that panicked.
pub static ACTOR_PANICS: Counter<1> =
    Counter::new(about("tributary.actor.panics", "{panic}", "Actors that panicked"), [PART]);
/// Connections and sinks that are left alone.
pub static QUARANTINES: Counter<1> = Counter::new(
    about(
        "tributary.actor.quarantines",
        "{quarantine}",
        "Connections and sinks that were left alone because they crashed again and again",
    ),
    [PART],
);
/// Tenants whose polling was paused.
pub static BACKLOG_PAUSES: Counter<1> = Counter::new(
    about(
        "tributary.backlog.pauses",
        "{pause}",
        "Times that a tenant's polling was paused because its backlog was over the limit",
    ),
    [TENANT],
);
/// Age of what a sink has taken.
pub static FRESHNESS: Gauge<3> = Gauge::new(
    about(
        "tributary.freshness",
        "s",
        "Age, by the provider's own time, of the newest record that a sink has taken since the start",
    ),
    [TENANT, SINK, PROVIDER],
);
/// Changes of the configuration that were applied while running.
pub static CONFIG_RELOADS: Counter<0> = Counter::new(
    about(
        "tributary.config.reloads",
        "{change}",
        "Changes of the configuration that were applied while running",
    ),
    [],
);
/// Changes of the configuration that were not taken because something in them is wrong.
pub static CONFIG_REFUSALS: Counter<0> = Counter::new(
    about(
        "tributary.config.refusals",
        "{change}",
        "Changes of the configuration that were not taken because something in them is wrong",
    ),
    [],
);
/// Broken promises.
pub static INVARIANT_VIOLATIONS: Counter<1> = Counter::new(
    about("tributary.invariant.violations", "{violation}", "Broken promises that were noticed while running"),
    [INVARIANT],
);
/// What could not be exported.
pub static DROPPED: Counter<1> = Counter::new(
    about(
        "tributary.telemetry.dropped",
        "{item}",
        "Spans and batches of metrics that were dropped because the collector did not take them in time",
    ),
    [SIGNAL],
);

/// All instruments, in the order of the data path.
pub static ALL: [&dyn Instrument; 34] = [
    &SERVER_DURATION,
    &NOTIFICATIONS,
    &UNKNOWN_USERS,
    &SYNC_DURATION,
    &BUDGET_WAIT,
    &BUDGET_REFUSALS,
    &BUDGET_OVERRUNS,
    &BUDGET_REMAINING,
    &TOKEN_REFRESHES,
    &TOKEN_STORE_FAILURES,
    &CLIENT_DURATION,
    &FETCH_ERRORS,
    &RECORDS,
    &COMMIT_DURATION,
    &LOG_LAG,
    &LOG_BACKLOG,
    &DELIVER_DURATION,
    &DELIVER_OUTCOMES,
    &PARKED_COUNT,
    &DEAD_LETTER_COUNT,
    &CIRCUIT_OPEN,
    &FRESHNESS,
    &CONNECTION_COUNT,
    &CONNECTION_STOPS,
    &CONNECTION_CRASHES,
    &JOB_TIMEOUTS,
    &ACTOR_RESTARTS,
    &ACTOR_PANICS,
    &QUARANTINES,
    &BACKLOG_PAUSES,
    &CONFIG_RELOADS,
    &CONFIG_REFUSALS,
    &INVARIANT_VIOLATIONS,
    &DROPPED,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_words_with_dots_and_are_given_once() {
        let mut names: Vec<_> = ALL.iter().map(|instrument| instrument.about().name).collect();
        for name in &names {
            let fits = |letter: char| letter.is_ascii_lowercase() || matches!(letter, '.' | '_');
            assert!(name.chars().all(fits) && !name.ends_with("_total"), "{name}");
            assert!(name.starts_with("tributary.") || name.starts_with("http."), "{name}");
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }

    #[test]
    fn no_label_can_hold_a_user() {
        for instrument in ALL {
            for label in instrument.labels() {
                for word in ["user", "connection", "account", "id"] {
                    assert!(!label.split(['.', '_']).any(|part| part == word), "{label}");
                }
            }
        }
    }

    #[test]
    fn recording_without_a_meter_is_harmless() {
        RECORDS.add(1, ["nobody", "new"]);
        LOG_LAG.set(Vec::new());
    }
}
