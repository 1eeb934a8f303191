//! Which crate may know which, and which crate may use what: the layers rest on this and not on review.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Each of our crates, and those of our crates that it may depend on.
const ALLOWED: [(&str, &[&str]); 8] = [
    ("tributary-contract", &[]),
    ("tributary-net", &[]),
    ("tributary-engine", &["tributary-contract", "tributary-net"]),
    ("tributary-providers", &["tributary-contract"]),
    ("tributary-sinks", &["tributary-contract", "tributary-net"]),
    (
        "tributary-config",
        &[
            "tributary-contract",
            "tributary-engine",
            "tributary-net",
            "tributary-providers",
            "tributary-sinks",
        ],
    ),
    (
        "tributary",
        &[
            "tributary-config",
            "tributary-contract",
            "tributary-engine",
            "tributary-net",
            "tributary-providers",
            "tributary-sinks",
        ],
    ),
    (
        "tributary-tests",
        &[
            "tributary",
            "tributary-config",
            "tributary-contract",
            "tributary-engine",
            "tributary-net",
            "tributary-providers",
            "tributary-sinks",
        ],
    ),
];

/// What only some of our crates may use, with the reason.
const KEPT_TO: [(&str, &[&str], &str); 8] = [
    (
        "sqlx",
        &["tributary-engine", "tributary-sinks", "tributary", "tributary-tests"],
        "the store and the SQL sink write; the demo and the tests read back what the sink wrote",
    ),
    (
        "reqwest",
        &["tributary-net", "tributary-tests"],
        "every call goes through the guarded client; a bench compares it with the bare one",
    ),
    ("hyper", &["tributary-net"], "every call goes through the guarded client"),
    ("actix-web", &["tributary"], "HTTP is served by the supervisor alone"),
    ("backoff", &["tributary-engine"], "it is unmaintained and kept to the retry policy"),
    ("governor", &["tributary-engine"], "quotas are the engine's"),
    (
        "actix",
        &["tributary-engine", "tributary", "tributary-tests"],
        "providers, sinks and configuration know no actors; a bench drives one",
    ),
    ("clap", &["tributary"], "only the command line has arguments"),
];

/// The direct dependencies of every one of our crates, those for its tests included.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = MetadataCommand::new()
        .manifest_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml"))
        .no_deps()
        .other_options(["--locked".to_owned(), "--offline".to_owned()])
        .exec()
        .unwrap();
    let of = |package: &cargo_metadata::Package| {
        let all = package.dependencies.iter();
        let built = all.filter(|dependency| dependency.kind != DependencyKind::Build);
        (package.name.to_string(), built.map(|dependency| dependency.name.clone()).collect())
    };
    metadata.packages.iter().map(of).collect()
}

#[test]
fn our_crates_depend_on_each_other_in_one_direction_only() {
    let mut wrong = Vec::new();
    let found = dependencies();
    for (name, list) in &found {
        let ours = list.iter().filter(|dependency| dependency.starts_with("tributary"));
        match ALLOWED.iter().find(|(allowed, _)| allowed == name) {
            None => wrong.push(format!("{name} is not in the list of crates; say what it may depend on")),
            Some((_, allowed)) => wrong.extend(
                ours.filter(|dependency| !allowed.contains(&dependency.as_str()))
                    .map(|dependency| format!("{name} must not depend on {dependency}")),
            ),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(found.len(), ALLOWED.len(), "a crate of the list is gone: {:?}", found.keys());
}

#[test]
fn what_is_kept_to_some_crates_is_used_by_no_other() {
    let found = dependencies();
    let mut wrong = Vec::new();
    for (used, by, reason) in KEPT_TO {
        let users: Vec<_> =
            found.iter().filter(|(_, list)| list.contains(used)).map(|(name, _)| name).collect();
        assert!(!users.is_empty(), "nobody uses {used} any more; take it out of the list");
        let others = users.into_iter().filter(|name| !by.contains(&name.as_str()));
        wrong.extend(others.map(|name| format!("{name} must not use {used}: {reason}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
