//! `tributary providers`: what is supported, straight from the Specs.

use serde_json::{Value, json};
use tributary_contract::Spec;
use tributary_contract::spec::{AuthScheme, Quota, QuotaWindow, Signature, Status};
use tributary_providers::registry::PROVIDERS;

use super::output;

/// Lists the providers.
pub(super) fn run(as_json: bool) {
    let specs = PROVIDERS.iter().map(|provider| provider.spec());
    if as_json {
        output::json(&Value::Array(specs.map(describe).collect()));
        return;
    }
    let rows = specs.map(row).collect();
    let header = [
        "provider",
        "status",
        "auth",
        "data types",
        "history",
        "notifications",
        "quota per app",
        "connections",
    ];
    output::table(&header, rows);
}

fn row(spec: &'static Spec) -> Vec<String> {
    let types: Vec<_> = spec.data_types().iter().map(|data_type| data_type.as_str()).collect();
    vec![
        spec.key.to_owned(),
        status(spec).0.to_owned(),
        auth(spec).to_owned(),
        types.join(", "),
        history(spec).map_or_else(|| "none".to_owned(), days),
        notifications(spec).to_owned(),
        quotas(spec.app_quotas),
        capacity(spec).map_or_else(|| "unlimited".to_owned(), |most| format!("≤ {most}")),
    ]
}

fn describe(spec: &'static Spec) -> Value {
    let (status, note) = status(spec);
    let resources: Vec<_> = spec
        .resources
        .iter()
        .map(|resource| {
            json!({
                "name": resource.name,
                "yields": resource.yields,
                "scopes": resource.scopes,
                "poll_seconds": resource.poll.as_secs(),
                "look_back_seconds": resource.look_back.as_secs(),
                "max_window_seconds": resource.max_window.as_secs(),
                "history_seconds": resource.history.map(|history| history.as_secs()),
                "documents": resource.documents.iter().map(|document| document.name).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({
        "key": spec.key,
        "wire_name": spec.wire_name,
        "name": spec.name,
        "status": status,
        "note": note,
        "auth": auth(spec),
        "data_types": spec.data_types(),
        "resources": resources,
        "notifications": notifications(spec),
        "app_quotas": spec.app_quotas.iter().map(quota).collect::<Vec<_>>(),
        "user_quotas": spec.user_quotas.iter().map(quota).collect::<Vec<_>>(),
        "connections_at_documented_quota": capacity(spec),
        "sources": spec.sources,
    })
}

const fn status(spec: &Spec) -> (&'static str, Option<&'static str>) {
    match spec.status {
        Status::Complete => ("complete", None),
        Status::Partial(why) => ("partial", Some(why)),
        Status::Declared(why) => ("declared", Some(why)),
    }
}

const fn auth(spec: &Spec) -> &'static str {
    match spec.auth {
        AuthScheme::OAuth2(scheme) if scheme.pkce => "oauth2 + pkce",
        AuthScheme::OAuth2(_) => "oauth2",
        AuthScheme::None => "none",
    }
}

const fn notifications(spec: &Spec) -> &'static str {
    match spec.notifications.signature {
        Signature::NoNotifications => "none",
        Signature::Unsigned => "unsigned",
        Signature::HmacSha256 => "signed (HMAC-SHA256)",
    }
}

fn history(spec: &Spec) -> Option<u64> {
    spec.resources
        .iter()
        .filter_map(|resource| resource.history)
        .map(|history| history.as_secs() / 86_400)
        .max()
}

fn days(days: u64) -> String {
    if days >= 730 { format!("{} years", days / 365) } else { format!("{days} days") }
}

fn quotas(list: &[Quota]) -> String {
    if list.is_empty() { "unknown".to_owned() } else { list.iter().map(quota).collect::<Vec<_>>().join(", ") }
}

fn quota(quota: &Quota) -> String {
    let seconds = quota.window.length().as_secs();
    let length = match seconds {
        86_400.. if seconds.is_multiple_of(86_400) => format!("{}d", seconds / 86_400),
        3_600.. if seconds.is_multiple_of(3_600) => format!("{}h", seconds / 3_600),
        60.. if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    };
    let kind = match quota.window {
        QuotaWindow::Rolling(_) => "",
        QuotaWindow::Aligned(_) => " aligned",
    };
    format!("{}/{length}{kind}", quota.permits)
}

/// How many idle connections the documented app quotas carry: one call per resource document and poll.
fn capacity(spec: &Spec) -> Option<u64> {
    let calls_per_second: f64 = spec
        .resources
        .iter()
        .map(|resource| {
            let documents = u32::try_from(resource.documents.len().max(1)).unwrap_or(u32::MAX);
            f64::from(documents) / resource.poll.as_secs_f64()
        })
        .sum();
    spec.app_quotas
        .iter()
        .map(|quota| f64::from(quota.permits) / quota.window.length().as_secs_f64() / calls_per_second)
        .min_by(f64::total_cmp)
        .map(|most| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a small positive number"
            )]
            let most = most.floor() as u64;
            most
        })
}
