//! What no value can know by itself: names that two files share, providers without an app, what is probably not meant.
//!
//! Takes the files as far as they could be read, adds to the report and to the warnings. Nothing is changed.

use std::collections::BTreeMap;

use tributary_contract::spec::AuthScheme;
use tributary_engine::vault::VaultKey;

use crate::load::Document;
use crate::operator::{Operator, OperatorFile};
use crate::report::Report;
use crate::tenant::TenantFile;
use crate::text::Text;

/// Checks all files together. Returns the warnings.
pub(crate) fn check(
    operator: &Document<OperatorFile>,
    tenants: &[Document<TenantFile>],
    report: &mut Report,
) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(file) = &operator.content {
        vault_keys(operator, file, report);
        listeners(operator, file, report);
        apps(operator, file, tenants, report, &mut warnings);
        public_url(operator, file, &mut warnings);
    }
    dev_ids(tenants, report);
    for tenant in tenants {
        if tenant.content.as_ref().is_some_and(|content| !content.has_sinks()) {
            warnings
                .push(format!("{}: no sinks, so nothing of this tenant is delivered", tenant.file.display()));
        }
    }
    warnings
}

fn vault_keys(operator: &Document<OperatorFile>, file: &OperatorFile, report: &mut Report) {
    let mut seen = Vec::new();
    for (index, key) in operator.items(&["vault", "keys"]).into_iter().zip(file.vault_keys()) {
        let place = ["vault", "keys", &index.to_string()];
        match VaultKey::parse(&Document::<OperatorFile>::path(&place), key.expose()) {
            Ok(key) if seen.contains(&key.id()) => {
                operator.report(report, &place, "the same vault key twice; remove one");
            }
            Ok(key) => seen.push(key.id()),
            Err(error) => operator.report(report, &place, error),
        }
    }
}

fn listeners(operator: &Document<OperatorFile>, file: &OperatorFile, report: &mut Report) {
    let listen = file.listen.as_ref().map_or(Operator::LISTEN, |Text(listen)| *listen);
    let admin = file.admin_listen.as_ref().map_or(Operator::ADMIN_LISTEN, |Text(listen)| *listen);
    if listen == admin && listen.port() != 0 {
        let place = if file.admin_listen.is_some() { "admin_listen" } else { "listen" };
        operator.report(
            report,
            &[place],
            "listen and admin_listen are the same; give each a port of its own",
        );
    }
}

/// Every provider of a tenant needs an app, and an app without a tenant is probably forgotten.
fn apps(
    operator: &Document<OperatorFile>,
    file: &OperatorFile,
    tenants: &[Document<TenantFile>],
    report: &mut Report,
    warnings: &mut Vec<String>,
) {
    for tenant in tenants {
        let Some(content) = &tenant.content else { continue };
        let mut seen = Vec::new();
        let items = tenant.items(&["providers"]);
        let steps: Vec<String> = if items.is_empty() {
            content.providers().map(str::to_owned).collect()
        } else {
            items.iter().map(ToString::to_string).collect()
        };
        for (step, key) in steps.iter().zip(content.providers()) {
            let place = ["providers", step.as_str()];
            if seen.contains(&key) {
                tenant.report(report, &place, format!("provider {key:?} is listed twice; remove one"));
                continue;
            }
            seen.push(key);
            if needs_app(key) && !content.has_app(key) && !operator.has(&["provider_apps", key]) {
                let operator = operator.file.display();
                let text = format!("provider {key:?} has no app; add provider_apps.{key} to {operator}");
                tenant.report(report, &place, text);
            }
        }
    }
    for app in file.provider_apps.keys() {
        let used = |tenant: &Document<TenantFile>| {
            tenant.content.as_ref().is_none_or(|content| content.providers().any(|key| key == app.text))
        };
        if !tenants.iter().any(used) {
            warnings.push(format!("{}: no tenant uses provider_apps.{}", operator.file.display(), app.text));
        }
    }
}

fn needs_app(key: &str) -> bool {
    tributary_providers::registry::find(key)
        .is_some_and(|provider| !matches!(provider.spec().auth, AuthScheme::None))
}

fn public_url(operator: &Document<OperatorFile>, file: &OperatorFile, warnings: &mut Vec<String>) {
    let url = file.public_url();
    let local = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if url.scheme() == "http" && !local {
        let file = operator.file.display();
        warnings
            .push(format!("{file}: public_url is not https, so codes and notifications travel unencrypted"));
    }
}

/// A tenant is known by its `dev_id`, so no two may share one.
fn dev_ids(tenants: &[Document<TenantFile>], report: &mut Report) {
    let mut first: BTreeMap<&str, &Document<TenantFile>> = BTreeMap::new();
    for tenant in tenants {
        let Some(content) = &tenant.content else { continue };
        match first.get(content.dev_id()) {
            Some(other) => {
                let at = other.at(&["dev_id"]);
                let text = format!(
                    "this dev_id is also that of {}:{at}; every tenant needs its own",
                    other.file.display()
                );
                tenant.report(report, &["dev_id"], text);
            }
            None => {
                first.insert(content.dev_id(), tenant);
            }
        }
    }
}
