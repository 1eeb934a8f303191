//! The whole way from files to types: examples, every kind of mistake with its exact place, secrets.

mod mistakes;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tributary_contract::spec::{Quota, QuotaWindow};
use tributary_sinks::SinkOptions;

use crate::entry::SHARED;
use crate::words::{Events, Kinds, Providers, Words};
use crate::{Config, ConfigErrors, LogFormat, load, schema};

/// 32 bytes in base64.
const VAULT_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHv8=";
const HASH: &str = "sha256:61aa9cb64d3c4f1e8a68b1b1a5f8d0c2c7c2b9b38c8e2a9a0f0b1d5f1b6a7c3e";

const OPERATOR: &str = "\
public_url: https://sync.example.com
vault: { keys: [\"${VAULT_KEY}\"] }
provider_apps:
  strava: { client_id: 0012, client_secret: \"${STRAVA_SECRET}\" }
";

const TENANT: &str = "\
dev_id: acme
api_keys: [\"${HASH}\"]
providers: [strava]
sinks:
  app:
    type: webhook
    url: https://acme.example/hooks
    secret: planted-literal
";

fn environment(name: &str) -> Option<String> {
    let value = match name {
        "VAULT_KEY" | "TRIBUTARY_VAULT_KEY" => VAULT_KEY,
        "HASH" => HASH,
        "STRAVA_SECRET"
        | "STRAVA_VERIFY_TOKEN"
        | "ACME_SECRET"
        | "BORG_SECRET"
        | "BORG_OURA_SECRET"
        | "BORG_OURA_VERIFY_TOKEN" => "planted-value",
        "SECONDS" => "20s",
        "COUNT" => "25",
        "YES" => "true",
        _ => return None,
    };
    Some(value.to_owned())
}

/// A folder with an operator's file and tenants' files.
struct Files {
    folder: TempDir,
}

impl Files {
    fn new(operator: &str, tenants: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("tenants")).unwrap();
        fs::write(folder.path().join("tributary.yaml"), operator).unwrap();
        for (name, text) in tenants {
            fs::write(folder.path().join("tenants").join(name), text).unwrap();
        }
        Self { folder }
    }

    fn load(&self) -> Result<Config, ConfigErrors> {
        load(&self.folder.path().join("tributary.yaml"), &environment)
    }

    /// The error text with paths below the folder.
    fn error(&self) -> String {
        let error = self.load().expect_err("the configuration was taken").to_string();
        error.replace(&format!("{}/", self.folder.path().display()), "")
    }
}

fn with_tenant(tenant: &str) -> Files {
    Files::new(OPERATOR, &[("acme.yaml", tenant)])
}

#[test]
fn the_examples_load_and_say_what_they_mean() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let config = load(&examples.join("tributary.yaml"), &environment).unwrap();
    assert_eq!(config.warnings, Vec::<String>::new());
    let operator = &config.operator;
    assert_eq!(operator.listen.to_string(), "0.0.0.0:8080");
    assert_eq!(operator.vault_keys[0].expose(), VAULT_KEY);
    assert_eq!(operator.retention.dead_letters, Duration::from_secs(30 * 86_400));
    assert_eq!(operator.allowed_networks.len(), 2);
    let app = &operator.provider_apps["strava"];
    assert_eq!(app.origin.as_ref().unwrap().as_str(), "https://www.strava.com/");
    let day = Duration::from_secs(86_400);
    assert_eq!(
        app.app_quotas.as_ref().unwrap()[1],
        Quota { permits: 30_000, window: QuotaWindow::Aligned(day) }
    );
    assert_eq!(app.history, Some(day * 90));
    let tenant = &config.tenants[0];
    assert_eq!(
        (tenant.dev_id.as_str(), tenant.file.clone()),
        ("acme-prod", examples.join("tenants/acme.yaml"))
    );
    assert_eq!(tenant.sinks.keys().collect::<Vec<_>>(), ["app", "archive", "pipe", "warehouse"]);
    assert!(tenant.sinks["pipe"].paused && !tenant.sinks["app"].paused);
    assert_eq!(tenant.sinks["app"].events.as_ref().unwrap()[3], "auth");
    assert_eq!(tenant.sinks["warehouse"].events, None);
    let own = &config.tenants[1];
    assert_eq!((own.providers.len(), own.apps["oura"].client_id.as_str()), (2, "borg-at-oura"));
}

/// The example files of each kind.
const EXAMPLES: [(&str, &[&str]); 2] =
    [("operator", &["tributary.yaml"]), ("tenant", &["tenants/acme.yaml", "tenants/own-apps.yaml"])];

/// The options of a schema that none of these values has, as paths.
fn missing(schema: &Value, at: &Value, values: &[&Value], path: &str, found: &mut Vec<String>) {
    let at = match at.get("$ref").and_then(Value::as_str) {
        Some(reference) => schema.pointer(reference.trim_start_matches('#')).unwrap(),
        None => at,
    };
    for branch in ["anyOf", "oneOf"].iter().filter_map(|part| at.get(part)?.as_array()).flatten() {
        // Of the kinds of sinks, each has its own examples.
        match branch.pointer("/properties/type/const") {
            Some(kind) => {
                let own: Vec<_> =
                    values.iter().copied().filter(|value| value.get("type") == Some(kind)).collect();
                missing(schema, branch, &own, &format!("{path}({})", kind.as_str().unwrap()), found);
            }
            None if branch.get("title").is_some_and(|title| title == "by reference") => {}
            None => missing(schema, branch, values, path, found),
        }
    }
    let children =
        |name: &str| -> Vec<&Value> { values.iter().filter_map(|value| value.get(name)).collect() };
    let properties = at.get("properties").and_then(Value::as_object);
    if properties
        .is_some_and(|properties| properties.keys().all(|name| Providers::all().contains(&name.as_str())))
    {
        // What one provider's app shows counts for all.
        let apps: Vec<&Value> =
            values.iter().filter_map(|value| value.as_object()).flat_map(|map| map.values()).collect();
        let (_, app) = properties.unwrap().iter().next().unwrap();
        return missing(schema, app, &apps, &format!("{path}.*"), found);
    }
    for (name, property) in properties.into_iter().flatten() {
        let path = format!("{path}.{name}");
        let shown = children(name);
        if shown.is_empty() {
            found.push(path);
        } else {
            missing(schema, property, &shown, &path, found);
        }
    }
    if let Some(free @ Value::Object(_)) = at.get("additionalProperties") {
        let maps = values.iter().filter_map(|value| value.as_object());
        let inner: Vec<&Value> = maps.flat_map(|map| map.values()).collect();
        missing(schema, free, &inner, &format!("{path}.*"), found);
    }
}

#[test]
fn the_examples_show_every_option_and_fit_the_schema() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let schema = schema();
    for (definition, files) in EXAMPLES {
        let texts: Vec<String> =
            files.iter().map(|file| fs::read_to_string(examples.join(file)).unwrap()).collect();
        let values: Vec<Value> = texts.iter().map(|text| serde_saphyr::from_str(text).unwrap()).collect();
        let one = json!({ "$ref": format!("#/$defs/{definition}"), "$defs": schema["$defs"] });
        let validator = jsonschema::validator_for(&one).unwrap();
        for (file, value) in files.iter().zip(&values) {
            let errors: Vec<String> = validator
                .iter_errors(value)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert_eq!(errors, Vec::<String>::new(), "{file}");
        }
        let mut found = Vec::new();
        let values: Vec<&Value> = values.iter().collect();
        missing(&schema, &schema["$defs"][definition], &values, definition, &mut found);
        // What all sinks share is shown once; what excludes another option may be shown in a comment.
        let lines: Vec<&str> = texts.iter().flat_map(|text| text.lines()).map(str::trim).collect();
        found.retain(|path| {
            let name = format!("{}:", path.rsplit('.').next().unwrap());
            let is_shared = SHARED.iter().any(|shared| path.ends_with(&format!(").{shared}")));
            let shows = |line: &&str| line.trim_start_matches('#').trim().starts_with(&name);
            !lines.iter().any(|line| shows(line) && (is_shared || line.starts_with('#')))
        });
        assert_eq!(found, Vec::<String>::new(), "{files:?} do not show these");
    }
}

#[test]
fn an_option_that_no_example_has_is_found() {
    let schema = schema();
    let value = json!({"dev_id": "a", "sinks": {"s": {"type": "webhook", "url": "u"}}});
    let mut found = Vec::new();
    missing(&schema, &schema["$defs"]["tenant"], &[&value], "tenant", &mut found);
    for path in
        ["tenant.api_keys", "tenant.providers", "tenant.sinks.*(webhook).secret", "tenant.sinks.*(file).path"]
    {
        assert!(found.iter().any(|found| found == path), "{path} is not in {found:?}");
    }
    assert!(!found.iter().any(|path| path.ends_with("(webhook).url")), "{found:?}");
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let hash = HASH;
    let tenant = |sink: Value| json!({"dev_id": "a", "api_keys": [hash], "providers": ["strava"], "sinks": {"s": sink}});
    assert!(validator.is_valid(&tenant(json!({"type": "stdout", "events": ["auth"], "paused": true}))));
    for sink in [
        json!({"type": "stdout", "path": "x"}),
        json!({"type": "webhok"}),
        json!({"path": "x"}),
        json!({"type": "file"}),
        json!({"type": "stdout", "events": ["processing"]}),
        json!({"type": "webhook", "url": "u", "secret": "s", "timeout": "15"}),
    ] {
        assert!(!validator.is_valid(&tenant(sink.clone())), "{sink}");
    }
    assert!(!validator.is_valid(&json!({"public_url": "https://a", "vault": {"keys": []}})));
}

/// What stands in files of people who are not used to quotes, or use variables everywhere.
#[test]
fn the_schema_takes_what_the_reader_takes() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors = |text: &str| -> Vec<String> {
        let value: Value = serde_saphyr::from_str(text).unwrap();
        validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect()
    };
    for (from, to) in [
        ("dev_id: acme", "dev_id: acme"),
        ("dev_id: acme", "dev_id: ${STRAVA_SECRET}"),
        ("[strava]", "[\"${STRAVA}\"]"),
        ("[strava]", "{ strava: ~ }"),
        (
            "[strava]",
            "{ strava: { client_id: 12, client_secret: 34, verify_token: true, history: \"${SECONDS}\" } }",
        ),
        ("    secret", "    timeout: ${SECONDS}\n    secret"),
        ("    secret", "    max_records: ${COUNT}\n    secret"),
        (
            "    secret",
            "    max_records: \"${COUNT}\"\n    paused: ${YES}\n    allow_http: ${YES}\n    secret",
        ),
        ("    secret", "    events: [\"${SLEEP}\", auth]\n    secret"),
        ("    secret", "    headers: { a: 1, b: \"${HASH}\", c: true }\n    secret"),
        ("planted-literal", "1234"),
        (
            "type: webhook\n    url: https://acme.example/hooks\n    secret: planted-literal",
            "type: ${FILE}\n    path: x",
        ),
        ("type: webhook\n    url: https://acme.example/hooks\n    secret: planted-literal", "type: stdout"),
    ] {
        let tenant = TENANT.replace(from, to);
        assert!(TENANT.contains(from), "{from}");
        let names = |name: &str| match name {
            "STRAVA" => Some("strava".to_owned()),
            "SLEEP" => Some("sleep".to_owned()),
            "FILE" => Some("file".to_owned()),
            other => environment(other),
        };
        let files = with_tenant(&tenant);
        load(&files.folder.path().join("tributary.yaml"), &names)
            .unwrap_or_else(|error| panic!("{to}: {error}"));
        assert_eq!(errors(&tenant), Vec::<String>::new(), "{to}");
    }
    for (from, to) in [
        ("client_id: 0012", "client_id: true, quota: { app: [\"${QUOTA}\"] }, history: \"${SECONDS}\""),
        ("vault:", "telemetry: { log: \"${FORMAT}\" }\nlisten: ${LISTEN}\ntenants: [a.yaml, b.yaml]\nvault:"),
        (
            "vault:",
            "retention: { log: \"${SECONDS}\" }\nallowed_networks: [\"${NETWORK}\"]\ndata_dir: 12\nvault:",
        ),
    ] {
        let operator = OPERATOR.replace(from, to);
        let names = |name: &str| match name {
            "QUOTA" => Some("5/1m".to_owned()),
            "FORMAT" => Some("pretty".to_owned()),
            "LISTEN" => Some("[::]:80".to_owned()),
            "NETWORK" => Some("10.0.0.0/8".to_owned()),
            other => environment(other),
        };
        let files = Files::new(&operator, &[]);
        let loaded = load(&files.folder.path().join("tributary.yaml"), &names);
        // The listed files of tenants are not there; nothing else may be wrong.
        for error in loaded.map_or_else(|errors| errors.errors, |_| Vec::new()) {
            assert!(error.message.contains("cannot be read"), "{to}: {error}");
        }
        assert_eq!(errors(&operator), Vec::<String>::new(), "{to}");
    }
}

#[test]
fn a_tenants_own_app_is_read_and_needs_none_of_the_operator() {
    let own =
        "{ oura: { client_id: 7, client_secret: planted, quota: { app: [5/1m] }, history: 3d }, strava: ~ }";
    let config = with_tenant(&TENANT.replace("[strava]", own)).load().unwrap();
    let tenant = &config.tenants[0];
    assert_eq!(tenant.providers, ["oura", "strava"]);
    assert_eq!(tenant.apps.keys().collect::<Vec<_>>(), ["oura"]);
    let app = &tenant.apps["oura"];
    assert_eq!((app.client_id.as_str(), app.client_secret.expose().as_str()), ("7", "planted"));
    assert_eq!(app.app_quotas.as_ref().unwrap()[0].permits, 5);
    assert_eq!(app.history, Some(Duration::from_secs(3 * 86_400)));
    assert!(!format!("{config:?}").contains("planted"));
}

#[test]
fn what_a_sink_finds_wrong_has_its_place_in_the_file() {
    let config = with_tenant(TENANT).load().unwrap();
    let place = |setting: Option<&str>| {
        let error = config.tenants[0].sink_error("app", setting, "why".to_owned()).to_string();
        error.rsplit_once("acme.yaml:").unwrap().1.to_owned()
    };
    assert_eq!(place(Some("app.url")), "7:10: why\n  in sinks.app.url");
    assert_eq!(place(Some("headers.x")), "6:5: why\n  in sinks.app.headers.x");
    assert_eq!(place(None), "6:5: why\n  in sinks.app");
}

#[test]
fn no_setting_of_a_kind_has_the_name_of_a_shared_key() {
    for kind in Kinds::all() {
        let schema = tributary_sinks::schema_of(kind).unwrap().to_value();
        for shared in crate::entry::SHARED {
            assert!(schema["properties"].get(shared).is_none(), "{kind}.{shared}");
        }
    }
}

#[test]
fn what_is_left_out_has_its_default() {
    let files = with_tenant(TENANT);
    let operator = files.load().unwrap().operator;
    assert_eq!(
        (operator.listen.to_string(), operator.admin_listen.to_string()),
        ("127.0.0.1:8080".into(), "127.0.0.1:9090".into())
    );
    assert_eq!(
        (operator.store.as_str(), operator.data_dir),
        ("sqlite://data/tributary.db", PathBuf::from("data"))
    );
    assert_eq!(operator.log, LogFormat::Json);
    assert_eq!(operator.retention, crate::Retention::default());
    let app = &operator.provider_apps["strava"];
    assert!(
        app.app_quotas.is_none()
            && app.origin.is_none()
            && app.history.is_none()
            && app.verify_token.is_none()
    );
    // The way a number is written is kept where text is wanted.
    assert_eq!(app.client_id, "0012");
}

#[test]
fn json_is_read_as_well_and_the_order_of_keys_does_not_matter() {
    let sink = json!({"allow_private_networks": true, "events": ["auth"], "secret": "s", "type": "webhook", "url": "http://127.0.0.1:1"});
    let tenant =
        json!({"dev_id": "demo", "api_keys": [HASH], "providers": ["strava"], "sinks": {"app": sink}});
    let config = with_tenant(&format!("{tenant:#}")).load().unwrap();
    let entry = &config.tenants[0].sinks["app"];
    assert_eq!(entry.events.as_deref(), Some(&["auth".to_owned()][..]));
    let SinkOptions::Webhook(options) = &entry.options else { panic!("{:?}", entry.options) };
    assert!(options.allow_private_networks);
}

#[test]
fn references_reach_numbers_lengths_of_time_truth_values_and_nested_settings() {
    let tenant = TENANT.to_owned()
        + "    timeout: ${SECONDS}\n    max_records: ${COUNT}\n    paused: ${YES}\n    in_flight: ${NOT_SET:-3}\n"
        + "    headers: { x-key: \"${STRAVA_SECRET}!\", literal: \"$${NOT_SET}\" } # ${NOT_SET}\n";
    let config = with_tenant(&tenant).load().unwrap();
    let entry = &config.tenants[0].sinks["app"];
    let SinkOptions::Webhook(options) = &entry.options else { panic!("{:?}", entry.options) };
    assert_eq!(options.timeout.get(), Duration::from_secs(20));
    assert_eq!((options.max_records.get(), options.in_flight.get(), entry.paused), (25, 3, true));
    assert_eq!(options.headers["x-key"].expose(), "planted-value!");
    assert_eq!(options.headers["literal"].expose(), "${NOT_SET}");
}

#[test]
fn a_secret_file_is_found_from_the_folder_of_the_file_that_names_it() {
    let files = with_tenant(&TENANT.replace("planted-literal", "file:../secrets/webhook"));
    fs::create_dir(files.folder.path().join("secrets")).unwrap();
    fs::write(files.folder.path().join("secrets/webhook"), "planted-in-file\n").unwrap();
    let config = files.load().unwrap();
    let SinkOptions::Webhook(options) = &config.tenants[0].sinks["app"].options else { panic!() };
    assert_eq!(options.secret.expose(), "planted-in-file");
}

#[test]
fn anchors_and_merge_keys_work() {
    let tenant = TENANT.replace("  app:", "  app: &app") + "  other:\n    <<: *app\n    paused: true\n";
    let config = with_tenant(&tenant).load().unwrap();
    assert!(config.tenants[0].sinks["other"].paused);
}

#[test]
fn no_secret_is_in_any_debug_or_error_text() {
    let operator = OPERATOR.replace("client_id: 0012", "client_id: 0012, verify_token: planted-token");
    let config = Files::new(&operator, &[("acme.yaml", TENANT)]).load().unwrap();
    let text = format!("{config:?}{config:#?}");
    for secret in ["planted", VAULT_KEY, HASH.trim_start_matches("sha256:")] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    // Wherever a secret is put by mistake, it does not come back.
    for (from, to) in [
        ("dev_id: acme", "dev_id: \"${STRAVA_SECRET} \""),
        ("providers: [strava]", "providers: [\"${STRAVA_SECRET}\"]"),
        ("providers: [strava]", "providers: \"${STRAVA_SECRET}\""),
        ("  app:\n", "  app: \"${STRAVA_SECRET}\"\n  other:\n"),
        ("planted-literal", "*planted-literal"),
        ("planted-literal", "!planted-literal"),
        ("planted-literal", "&planted-literal"),
        ("planted-literal", "@planted-literal"),
        ("planted-literal", "%planted-literal: x"),
        ("planted-literal", "\"planted\\qliteral\""),
        ("planted-literal", "{planted-literal"),
        ("planted-literal", "planted: literal: x"),
        ("planted-literal", "!!int planted-literal"),
        ("planted-literal", "!<tag:planted> [x]"),
        ("    type: webhook", "    timeout: \"${STRAVA_SECRET}\"\n    type: webhook"),
        ("    type: webhook", "    in_flight: \"${STRAVA_SECRET}\"\n    type: webhook"),
        ("    type: webhook", "    in_flight: planted-literal\n    type: webhook"),
        ("    type: webhook", "    headers: planted-literal\n    type: webhook"),
        (
            "    type: webhook\n    url: https://acme.example/hooks",
            "    type: sql\n    url: x\n    layout: \"${STRAVA_SECRET}\"",
        ),
    ] {
        assert!(TENANT.contains(from));
        let error = with_tenant(&TENANT.replace(from, to)).error();
        let shown = format!("{error}{:?}", with_tenant(&TENANT.replace(from, to)).load());
        assert!(!shown.contains("planted"), "{to}: {shown}");
    }
}

#[test]
fn the_limit_of_a_backlog_is_the_operators_unless_the_tenant_has_its_own() {
    let files = Files::new(
        &format!("{OPERATOR}limits: {{ backlog: 5000 }}\n"),
        &[("acme.yaml", &format!("{TENANT}limits: {{ backlog: 70 }}\n"))],
    );
    let config = Files::load(&files).unwrap();
    assert_eq!((config.operator.limits.backlog, config.tenants[0].backlog_limit), (5_000, Some(70)));
    let plain = with_tenant(TENANT).load().unwrap();
    assert_eq!((plain.operator.limits.backlog, plain.tenants[0].backlog_limit), (1_000_000, None));
}
