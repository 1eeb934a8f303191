use std::fs;

use tempfile::TempDir;

use super::*;
use crate::{Loaded, load_watched};

const OPERATOR: &str = "\
listen: 127.0.0.1:8080
public_url: https://sync.example.com
vault: { keys: [AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHv8=] }
provider_apps:
  strava: { client_id: 1, client_secret: planted, origin: 'http://127.0.0.1:9000', quota: { app: [600/15m] } }
  oura: { client_id: 2, client_secret: planted }
";
const ACME: &str = "\
dev_id: acme
api_keys: ['sha256:61aa9cb64d3c4f1e8a68b1b1a5f8d0c2c7c2b9b38c8e2a9a0f0b1d5f1b6a7c3e']
providers: { strava: { client_id: 3, client_secret: file:../secret }, oura: ~ }
sinks:
  a: { type: file, path: a.ndjson }
  b: { type: webhook, url: 'https://acme.example', secret: file:../secret, timeout: 15s }
  c: { type: stdout, paused: true }
";
const BORG: &str = "\
dev_id: borg
api_keys: ['sha256:61aa9cb64d3c4f1e8a68b1b1a5f8d0c2c7c2b9b38c8e2a9a0f0b1d5f1b6a7c3e']
providers: [oura]
";

/// A folder with a configuration.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("tenants")).unwrap();
        let files = Self(folder);
        files.write("tributary.yaml", OPERATOR);
        files.write("tenants/acme.yaml", ACME);
        files.write("tenants/borg.yaml", BORG);
        files.write("secret", "planted");
        files
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).unwrap();
    }

    fn load(&self) -> Loaded {
        load_watched(&self.0.path().join("tributary.yaml"), &|_| None)
    }

    fn config(&self) -> Config {
        self.load().config.unwrap_or_else(|errors| panic!("{errors}"))
    }
}

fn lines(changes: &[Change]) -> Vec<String> {
    changes.iter().map(ToString::to_string).collect()
}

#[test]
fn every_change_leads_to_what_it_names_and_to_nothing_else() {
    let table: &[(&str, (&str, &str), &[&str])] = &[
        ("tributary.yaml", ("public_url", "# a comment\npublic_url"), &[]),
        ("tenants/acme.yaml", ("type: file, path: a.ndjson", "path: a.ndjson, type: file"), &[]),
        ("tenants/acme.yaml", ("a.ndjson", "other.ndjson"), &["sink a of tenant acme is replaced"]),
        ("tenants/acme.yaml", ("15s", "20s"), &["sink b of tenant acme is replaced"]),
        ("tenants/acme.yaml", ("15s }", "15s, events: [auth] }"), &["sink b of tenant acme is replaced"]),
        ("tenants/acme.yaml", ("15s }", "15s, paused: true }"), &["sink b of tenant acme stops"]),
        ("tenants/acme.yaml", ("paused: true", "paused: false"), &["sink c of tenant acme starts"]),
        ("tenants/acme.yaml", ("  c: { type: stdout, paused: true }\n", ""), &[]),
        (
            "tenants/acme.yaml",
            ("  a: { type: file, path: a.ndjson }\n", ""),
            &["sink a of tenant acme stops"],
        ),
        ("tenants/acme.yaml", ("  a:", "  d: { type: stdout }\n  a:"), &["sink d of tenant acme starts"]),
        (
            "tenants/acme.yaml",
            ("  a:", "  d:"),
            &["sink a of tenant acme stops", "sink d of tenant acme starts"],
        ),
        ("tenants/acme.yaml", ("61aa", "71aa"), &["tenant acme has other API keys"]),
        ("tenants/acme.yaml", (", oura: ~", ""), &["tenant acme has other providers"]),
        ("tenants/acme.yaml", ("client_id: 3", "client_id: 4"), &["strava app of tenant acme is replaced"]),
        (
            "tenants/acme.yaml",
            ("{ client_id: 3, client_secret: file:../secret }", "~"),
            &["strava app of tenant acme stops"],
        ),
        (
            "tenants/borg.yaml",
            ("[oura]", "{ oura: { client_id: 9, client_secret: planted } }"),
            &["oura app of tenant borg starts"],
        ),
        (
            "tenants/acme.yaml",
            ("dev_id: acme", "dev_id: acne"),
            &[
                "tenant acme is gone",
                "tenant acne is new",
                "strava app of tenant acme stops",
                "strava app of tenant acne starts",
                "sink a of tenant acme stops",
                "sink b of tenant acme stops",
                "sink a of tenant acne starts",
                "sink b of tenant acne starts",
            ],
        ),
        (
            "secret",
            ("planted", "another"),
            &["strava app of tenant acme is replaced", "sink b of tenant acme is replaced"],
        ),
        ("tributary.yaml", ("client_id: 2", "client_id: 5"), &["oura app is replaced"]),
        (
            "tributary.yaml",
            (":9000", ":9001"),
            &["strava app is replaced", "strava app of tenant acme is replaced"],
        ),
        ("tributary.yaml", ("600/15m", "700/15m"), &["provider_apps.strava.quota needs a restart"]),
        (
            "tenants/acme.yaml",
            ("client_id: 3", "quota: { app: [10/1d] }, client_id: 3"),
            &["providers.strava.quota of tenant acme needs a restart"],
        ),
        ("tributary.yaml", (":8080", ":8081"), &["listen needs a restart"]),
        ("tributary.yaml", ("sync.example", "other.example"), &["public_url needs a restart"]),
        (
            "tributary.yaml",
            ("vault", "store: sqlite://x.db\nadmin_listen: 127.0.0.1:1\ntelemetry: { log: pretty }\nvault"),
            &["admin_listen needs a restart", "store needs a restart", "telemetry.log needs a restart"],
        ),
        ("tributary.yaml", ("[AAEC", "[AAED"), &["vault.keys needs a restart"]),
        (
            "tributary.yaml",
            ("vault", "telemetry: { otlp: http://127.0.0.1:4318 }\nvault"),
            &["telemetry needs a restart"],
        ),
        ("tributary.yaml", ("vault", "retention: { log: 1d }\nvault"), &["retention has changed"]),
        (
            "tributary.yaml",
            ("vault", "data_dir: other\nallowed_networks: [10.0.0.0/8]\nvault"),
            &[
                "allowed_networks has changed",
                "data_dir has changed",
                "sink a of tenant acme is replaced",
                "sink b of tenant acme is replaced",
            ],
        ),
    ];
    let texts = [
        ("tributary.yaml", OPERATOR),
        ("tenants/acme.yaml", ACME),
        ("tenants/borg.yaml", BORG),
        ("secret", "planted"),
    ];
    for (file, (from, to), expected) in table {
        let files = Files::new();
        let before = files.config();
        let (_, text) = texts.iter().find(|(name, _)| name == file).unwrap();
        assert!(text.contains(from), "{from}");
        files.write(file, &text.replacen(from, to, 1));
        let after = files.config();
        assert_eq!(lines(&diff(&before, &after)), *expected, "{from} -> {to}");
        assert_eq!(diff(&after, &after), Vec::new(), "{to}");
        // What was applied is not applied again, and what waits for a restart is named again.
        let kept = keep_until_restart(&before, after.clone());
        let waiting: Vec<_> = lines(&diff(&kept, &after));
        assert!(waiting.iter().all(|line| line.ends_with("needs a restart")), "{waiting:?}");
        assert_eq!(waiting.len(), expected.iter().filter(|line| line.ends_with("needs a restart")).count());
    }
}

#[test]
fn a_new_file_of_a_tenant_is_a_new_tenant() {
    let files = Files::new();
    let before = files.config();
    files.write("tenants/zeta.yaml", &BORG.replace("borg", "zeta"));
    assert_eq!(lines(&diff(&before, &files.config())), ["tenant zeta is new"]);
}

#[test]
fn an_own_app_calls_the_hosts_that_the_operator_names() {
    let apps = Files::new().config().apps();
    let key = |tenant: Option<&str>, provider: &str| AppKey {
        tenant: tenant.map(str::to_owned),
        provider: provider.to_owned(),
    };
    assert_eq!(apps.len(), 3, "{apps:?}");
    let own = &apps[&key(Some("acme"), "strava")];
    assert_eq!((own.client_id.as_str(), own.app_quotas.as_ref()), ("3", None));
    assert_eq!(own.origin, apps[&key(None, "strava")].origin);
    assert_eq!(apps[&key(None, "oura")].origin, None);
}

#[test]
fn the_fingerprint_of_all_files_changes_with_every_one_of_them_and_with_nothing_else() {
    let files = Files::new();
    let before = files.load();
    assert_eq!(before.fingerprint, files.load().fingerprint);
    let names: Vec<_> = before
        .paths
        .iter()
        .map(|path| path.strip_prefix(files.0.path()).unwrap().display().to_string())
        .collect();
    // The secret is found from the folder of the file that names it.
    let expected =
        ["tenants", "tenants/../secret", "tenants/acme.yaml", "tenants/borg.yaml", "tributary.yaml"];
    assert_eq!(names, expected);
    for name in ["secret", "tenants/acme.yaml", "tributary.yaml"] {
        let files = Files::new();
        let before = files.load().fingerprint;
        let text = fs::read_to_string(files.0.path().join(name)).unwrap();
        files.write(name, &(text.clone() + " "));
        assert_ne!(files.load().fingerprint, before, "{name}");
        files.write(name, &text);
        // The folder is another one, so only the same one can be compared.
        assert_eq!(files.load().fingerprint, before, "{name}");
    }
    let files = Files::new();
    fs::remove_file(files.0.path().join("secret")).unwrap();
    let broken = files.load();
    assert!(broken.config.is_err() && broken.paths.iter().any(|path| path.ends_with("secret")));
}
