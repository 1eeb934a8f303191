//! What is wrong in a file is said once, at its place, with what is allowed there.

use super::*;

/// A change to one of the two files, and the whole text of the error that has to come of it.
struct Mistake {
    file: &'static str,
    replace: (&'static str, &'static str),
    error: &'static str,
}

const fn operator(from: &'static str, to: &'static str, error: &'static str) -> Mistake {
    Mistake { file: "tributary.yaml", replace: (from, to), error }
}

const fn tenant(from: &'static str, to: &'static str, error: &'static str) -> Mistake {
    Mistake { file: "tenants/acme.yaml", replace: (from, to), error }
}

const MISTAKES: &[Mistake] = &[
    tenant(
        "    url: https",
        "    usl: https",
        "7:5: unknown key \"usl\"; did you mean \"url\"? allowed: {webhook}\n  in sinks.app.usl",
    ),
    tenant(
        "sinks:",
        "destinations:",
        "4:1: unknown key \"destinations\"; did you mean \"sinks\"? allowed: api_keys, dev_id, limits, providers, sinks\n  \
         in destinations",
    ),
    tenant(
        "providers: [strava]",
        "providers: { strava: { client_id: 1 } }",
        "3:22: missing key \"client_secret\"\n  in providers.strava",
    ),
    tenant(
        "providers: [strava]",
        "providers: { strava: { client_id: 1, client_secret: a, origin: 'http://127.0.0.1' } }",
        "3:56: unknown key \"origin\"; allowed: client_id, client_secret, history, quota, verify_token\n  \
         in providers.strava.origin",
    ),
    tenant("providers: [strava]", "providers: {}", "3:12: write at least one\n  in providers"),
    tenant(
        "providers: [strava]",
        "providers: { strava: ~, oura: ~ }",
        "3:31: provider \"oura\" has no app; add provider_apps.oura to tributary.yaml\n  in providers.oura",
    ),
    tenant(
        "providers: [strava]",
        "providers: { strva: ~ }",
        "3:14: unknown key \"strva\"; did you mean \"strava\"? allowed: {providers}\n  in providers.strva",
    ),
    tenant("dev_id: acme\n", "", "1:1: missing key \"dev_id\""),
    tenant("    url: https://acme.example/hooks\n", "", "6:5: missing key \"url\"\n  in sinks.app"),
    tenant(
        "    type: webhook\n",
        "",
        "6:5: missing key \"type\", the kind of sink; allowed: {kinds}\n  in sinks.app",
    ),
    tenant(
        "type: webhook",
        "type: webhok",
        "6:11: unknown word \"webhok\"; did you mean \"webhook\"? allowed: {kinds}\n  in sinks.app.type",
    ),
    tenant(
        "    secret",
        "    events: [activity, slep]\n    secret",
        "8:24: unknown word \"slep\"; did you mean \"sleep\"? allowed: {events}\n  in sinks.app.events[1]",
    ),
    tenant("    secret", "    events: []\n    secret", "8:13: write at least one\n  in sinks.app.events"),
    tenant(
        "    secret",
        "    max_records: many\n    secret",
        "8:18: expected a whole number, 1 or more, found text\n  in sinks.app.max_records",
    ),
    tenant(
        "    secret",
        "    max_records: 0\n    secret",
        "8:18: expected a whole number, 1 or more\n  in sinks.app.max_records",
    ),
    tenant(
        "    secret",
        "    paused: maybe\n    secret",
        "8:13: expected true or false, found text\n  in sinks.app.paused",
    ),
    tenant(
        "    secret",
        "    timeout: 15\n    secret",
        "8:14: not a length of time; write whole numbers with units (ms, s, m, h, d), such as 15s, 500ms or 1h30m\n  \
         in sinks.app.timeout",
    ),
    tenant(
        "    secret",
        "    timeout: ${COUNT}\n    secret",
        "8:14: the value of `${COUNT}`: it does not fit here\n  in sinks.app.timeout",
    ),
    tenant(
        "type: webhook",
        "type: ${STRAVA_SECRET}",
        "6:11: the value of `${STRAVA_SECRET}`: unknown word; allowed: {kinds}\n  in sinks.app.type",
    ),
    tenant(
        "planted-literal",
        "${NOT_SET}",
        "8:13: environment variable `NOT_SET` is not set or empty; set it, or write `${NOT_SET:-default}`\n  \
         in sinks.app.secret",
    ),
    tenant(
        "planted-literal",
        "[planted-literal]",
        "8:13: expected text, found a list\n  in sinks.app.secret",
    ),
    tenant(
        "planted-literal",
        "file:missing",
        "8:13: secret file `file:missing` cannot be read: No such file or directory (os error 2)\n  in sinks.app.secret",
    ),
    tenant(
        "  app:",
        "  my app:",
        "5:3: expected at most 64 letters (a to z), digits, `-`, `_` and `.`, with a letter or digit first\n  \
         in sinks.my app",
    ),
    tenant(
        "providers: [strava]",
        "providers: [strava, strva]",
        "3:21: unknown word \"strva\"; did you mean \"strava\"? allowed: {providers}\n  in providers[1]",
    ),
    tenant(
        "providers: [strava]",
        "providers: strava",
        "3:12: expected a list of providers, or providers with the tenant's own apps, found text\n  in providers",
    ),
    tenant(
        "providers: [strava]",
        "providers: [strava, oura]",
        "3:21: provider \"oura\" has no app; add provider_apps.oura to tributary.yaml\n  in providers[1]",
    ),
    tenant(
        "providers: [strava]",
        "providers: [strava, strava]",
        "3:21: provider \"strava\" is listed twice; remove one\n  in providers[1]",
    ),
    tenant(
        "\"${HASH}\"",
        "planted-key",
        "2:12: expected sha256: and 64 hex digits, the hash of the key (`printf %s \"$KEY\" | sha256sum`), never the \
         key itself\n  in api_keys[0]",
    ),
    tenant("[\"${HASH}\"]", "[]", "2:11: write at least one\n  in api_keys"),
    tenant(
        "dev_id: acme",
        "dev_id: acme\ndev_id: b",
        "2:1: key \"dev_id\" is written twice, first in line 1; remove one",
    ),
    tenant("planted-literal", "[planted-literal", "8:13: this is not valid YAML: unclosed bracket '['"),
    tenant(
        "secret: planted-literal",
        "headers: { x: ${HASH} }",
        "8:20: this is not valid YAML: while parsing a flow mapping, did not find expected ',' or '}'; inside { } and \
         [ ] a value with ${…} needs quotes around it",
    ),
    operator(
        "public_url: https",
        "public_url: ftp",
        "1:13: expected a URL that begins with https:// or http://, without query and user name\n  in public_url",
    ),
    operator("public_url: https://sync.example.com\n", "", "1:1: missing key \"public_url\""),
    operator("{ keys: [\"${VAULT_KEY}\"] }", "{ keys: [] }", "2:16: write at least one\n  in vault.keys"),
    operator("{ keys: [\"${VAULT_KEY}\"] }", "{}", "2:8: missing key \"keys\"\n  in vault"),
    operator("vault: { keys: [\"${VAULT_KEY}\"] }\n", "", "1:1: missing key \"vault\""),
    operator(
        "\"${VAULT_KEY}\"",
        "planted",
        "2:17: vault key vault.keys[0] is neither base64 nor hex; make one with `openssl rand -base64 32`\n  \
         in vault.keys[0]",
    ),
    operator(
        "\"${VAULT_KEY}\"",
        "\"${VAULT_KEY}\", \"${VAULT_KEY}\"",
        "2:33: the same vault key twice; remove one\n  in vault.keys[1]",
    ),
    operator(
        "  strava: {",
        "  strva: {",
        "4:3: unknown key \"strva\"; did you mean \"strava\"? allowed: {providers}\n  in provider_apps.strva",
    ),
    operator(
        "client_id: 0012",
        "client_id: 1, quota: { app: [600/15m, 600/15] }",
        "4:51: expected calls and a length of time, such as 600/15m or 30000/1d\n  \
         in provider_apps.strava.quota.app[1]",
    ),
    operator(
        "client_id: 0012",
        "client_id: 1, origin: \"https://a.example/path\"",
        "4:35: expected scheme, host and port alone, such as http://127.0.0.1:9000\n  in provider_apps.strava.origin",
    ),
    operator(
        "client_id: 0012",
        "client_id: ~",
        "4:24: expected text that is not empty, found nothing\n  in provider_apps.strava.client_id",
    ),
    operator(
        "vault:",
        "listen: localhost\nvault:",
        "2:9: expected an IP address with a port, such as 127.0.0.1:8080 or [::]:8080\n  in listen",
    ),
    operator(
        "vault:",
        "listen: 127.0.0.1:9090\nvault:",
        "2:9: listen and admin_listen are the same; give each a port of its own\n  in listen",
    ),
    operator(
        "vault:",
        "store: postgres://u:planted@h/d\nvault:",
        "2:8: expected sqlite:// and the path of a file, such as sqlite://data/tributary.db\n  in store",
    ),
    operator(
        "vault:",
        "allowed_networks: [10.0.0.0/33]\nvault:",
        "2:20: expected a network such as 10.1.0.0/16 or fd00::/8, or one address\n  in allowed_networks[0]",
    ),
    operator(
        "vault:",
        "telemetry: { log: jsn }\nvault:",
        "2:19: unknown word \"jsn\"; did you mean \"json\"? allowed: json, pretty\n  in telemetry.log",
    ),
    operator(
        "vault:",
        "telemetry: { sample: 2 }\nvault:",
        "2:22: expected a number from 0 to 1\n  in telemetry.sample",
    ),
    operator(
        "vault:",
        "telemetry: { otlp: \"http://u:planted@h\" }\nvault:",
        "2:20: expected a URL that begins with https:// or http://, without query and user name\n  in telemetry.otlp",
    ),
    operator(
        "vault:",
        "retention: { log: 0s }\nvault:",
        "2:19: expected a length of time above zero, such as 30d, 12h or 1h30m\n  in retention.log",
    ),
    operator(
        "vault:",
        "tenants: \"*/acme.yaml\"\nvault:",
        "2:10: `*` may stand in the last part of a path alone; list several paths instead\n  in tenants",
    ),
    operator(
        "public_url:",
        "public_ulr:",
        "1:1: unknown key \"public_ulr\"; did you mean \"public_url\"? allowed: admin_listen, allowed_directories, \
         allowed_networks, data_dir, limits, listen, provider_apps, public_url, retention, store, telemetry, tenants, vault\n  in public_ulr",
    ),
];

/// The lists that grow with providers and sinks.
fn filled(error: &str) -> String {
    let schema = tributary_sinks::schema_of("webhook").unwrap().to_value();
    let own = schema["properties"].as_object().unwrap().keys().map(String::as_str);
    let mut webhook: Vec<&str> = own.chain(crate::entry::SHARED.iter().copied()).collect();
    webhook.sort_unstable();
    error
        .replace("{webhook}", &webhook.join(", "))
        .replace("{kinds}", &Kinds::all().join(", "))
        .replace("{providers}", &Providers::all().join(", "))
        .replace("{events}", &Events::all().join(", "))
}

#[test]
fn every_kind_of_mistake_is_reported_once_at_its_place() {
    for Mistake { file, replace: (from, to), error } in MISTAKES {
        let mut texts = BTreeMap::from([
            ("tributary.yaml", OPERATOR.to_owned()),
            ("tenants/acme.yaml", TENANT.to_owned()),
        ]);
        let text = texts.get_mut(file).unwrap();
        assert!(text.contains(from), "{from}");
        *text = text.replacen(from, to, 1);
        let files = Files::new(&texts["tributary.yaml"], &[("acme.yaml", &texts["tenants/acme.yaml"])]);
        let found = files.error();
        assert_eq!(found, format!("{file}:{}", filled(error)), "\nafter {to:?}");
        assert!(!found.contains("planted"), "{found}");
    }
}

#[test]
fn all_mistakes_of_all_files_are_reported_together() {
    let operator = "\
listen: here
public_url: https://sync.example.com
vault: { keys: [\"${MISSING}\"] }
colour: red
provider_apps:
  strava: { client_id: 1, client_secret: \"${MISSING}\", origin: x }
";
    let acme = "\
dev_id: acme
api_keys: [nonsense, \"${HASH}\", more]
providers: [strva, garmin]
sinks:
  a: { type: webhook, url: \"${MISSING}\", secret: s, max_records: x, colour: red, events: [slep] }
  b: { type: nothing }
  c: { type: stdout, path: x, paused: 3 }
  d: just text
";
    let other = "dev_id: acme\n";
    let files = Files::new(operator, &[("acme.yaml", acme), ("other.yaml", other), ("worse.yaml", "a: [")]);
    let places: Vec<String> = files
        .error()
        .lines()
        .filter(|line| !line.starts_with("  "))
        .map(|line| line.splitn(4, ':').take(3).collect::<Vec<_>>().join(":"))
        .collect();
    assert_eq!(
        places,
        [
            "tributary.yaml:1:9",
            "tributary.yaml:3:17",
            "tributary.yaml:4:1",
            "tributary.yaml:6:42",
            "tributary.yaml:6:64",
            "tenants/acme.yaml:2:12",
            "tenants/acme.yaml:2:33",
            "tenants/acme.yaml:3:13",
            "tenants/acme.yaml:3:20",
            "tenants/acme.yaml:5:28",
            "tenants/acme.yaml:5:66",
            "tenants/acme.yaml:5:69",
            "tenants/acme.yaml:5:91",
            "tenants/acme.yaml:6:14",
            "tenants/acme.yaml:7:22",
            "tenants/acme.yaml:7:39",
            "tenants/acme.yaml:8:6",
            "tenants/other.yaml:1:1",
            "tenants/worse.yaml:1:4",
        ],
        "{}",
        files.error()
    );
}

#[test]
fn two_tenants_with_one_dev_id_are_both_named() {
    let second = format!("# second\n{TENANT}");
    let files = Files::new(OPERATOR, &[("a.yaml", TENANT), ("b.yaml", &second)]);
    let folder = files.folder.path().display().to_string();
    let error = files.load().unwrap_err().to_string();
    let tenants = format!("{folder}/tenants");
    assert_eq!(
        error,
        format!(
            "{tenants}/b.yaml:2:9: this dev_id is also that of {tenants}/a.yaml:1:9; every tenant needs its own\n  in dev_id"
        )
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let files = Files::new(&(OPERATOR.to_owned() + "tenants: [tenants/a.yaml]\n"), &[]);
    assert_eq!(
        files.error(),
        "tenants/a.yaml: this file cannot be read: No such file or directory (os error 2)"
    );
    let error = load(&files.folder.path().join("nowhere.yaml"), &environment).unwrap_err();
    assert!(error.to_string().contains("nowhere.yaml: this file cannot be read"), "{error}");
}

#[test]
fn what_is_probably_not_meant_is_a_warning() {
    let operator = OPERATOR.replace("https", "http") + "  oura: { client_id: a, client_secret: b }\n";
    let tenant = TENANT.split("sinks:").next().unwrap();
    let config = Files::new(&operator, &[("acme.yaml", tenant)]).load().unwrap();
    let parts = ["no tenant uses provider_apps.oura", "public_url is not https", "no sinks"];
    assert_eq!(config.warnings.len(), parts.len(), "{:?}", config.warnings);
    for (warning, part) in config.warnings.iter().zip(parts) {
        assert!(warning.contains(part), "{warning}");
    }
    let config = Files::new(OPERATOR, &[]).load().unwrap();
    assert!(config.warnings[0].contains("tenants names no file"), "{:?}", config.warnings);
}
