//! The command line: what it prints, where, and how it ends.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use tributary_providers::registry::PROVIDERS;
use tributary_tests::program::{self, Output};
use tributary_tests::{Plan, rig};

const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../providers/src").join(path)
}

/// Runs a command inside a runtime of its own.
fn command(arguments: &[&str], input: &str) -> Output {
    let mut output = None;
    rig::run(async || output = Some(program::run_with(arguments, input.as_bytes()).await));
    output.unwrap()
}

fn one_line(error: &str) -> &str {
    let mut lines = error.lines();
    let line = lines.next().unwrap();
    assert_eq!(lines.next(), None, "{error}");
    line
}

#[test]
fn help_is_printed_to_standard_output_and_names_every_command() {
    let help = command(&["--help"], "");
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    for name in [
        "backfill",
        "check",
        "completions",
        "config",
        "connections",
        "dead-letters",
        "demo",
        "disconnect",
        "explain",
        "import",
        "log",
        "normalize",
        "providers",
        "replay",
        "run",
        "sandbox",
        "sinks",
        "status",
        "sync",
    ] {
        assert!(help.stdout.contains(&format!("\n  {name} ")), "{name} is not in\n{}", help.stdout);
        let own = command(&[name, "--help"], "");
        assert_eq!((own.code, own.stderr.as_str()), (0, ""), "{name}");
    }
    assert_eq!(command(&["--version"], "").stdout, format!("tributary {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_use_ends_with_2_and_says_why_on_standard_error() {
    for arguments in [
        &["prvoiders"] as &[&str],
        &[],
        &["run"],
        &["check", "--config"],
        &["demo", "--users", "many"],
        &["normalize", "--provider", "strava"],
        &["import", "--format", "pdf", "x"],
        &["sync", "not-a-uuid"],
        &["sync"],
        &["backfill", "--connection", NOBODY, "--from", "2026-01-01"],
        &["backfill", "--connection", NOBODY, "--from", "soon", "--to", "2026-01-01"],
        &["disconnect", NOBODY, "--connection", NOBODY],
        &["disconnect", NOBODY],
        &["dead-letters"],
        &["dead-letters", "show", "one"],
        &["replay"],
        &["replay", "--from", "2026-01-01"],
        &["replay", "--sink", "app", "--from", "2026-01-01", "--sequence", "1"],
        &["replay", "7", "--sink", "app"],
        &["status", "--count", "2"],
        &["status", "--watch", "--interval", "0"],
        &["log", "--count", "2"],
        &["explain", "TRB-0000"],
        &["completions", "tcsh"],
        &["providers", "--yaml"],
    ] {
        let output = command(arguments, "");
        assert_eq!((output.code, output.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn failure_ends_with_1_and_one_line_on_standard_error() {
    let known: Vec<_> = PROVIDERS.iter().map(|provider| provider.spec().key).collect();
    let known = format!("allowed: {}", known.join(", "));
    for (arguments, said) in [
        (&["run", "-c", "/no/such/file.yaml"] as &[&str], "/no/such/file.yaml"),
        (&["check", "-c", "/no/such/file.yaml"], "/no/such/file.yaml"),
        (&["normalize", "--provider", "nobody", "--resource", "x"], known.as_str()),
        (&["normalize", "--provider", "strava", "--resource", "x"], "allowed: activities, athlete"),
        (&["normalize", "--provider", "strava", "--resource", "athlete", "/no/such/file"], "/no/such/file"),
        (&["connections", "--admin", "http://127.0.0.1:1"], "127.0.0.1:1"),
        (&["status", "--admin", "not a url"], "not a url"),
    ] {
        let output = command(arguments, "");
        assert_eq!((output.code, output.stdout.as_str()), (1, ""), "{arguments:?}: {}", output.stderr);
        let line = output.stderr.lines().next().unwrap();
        assert!(
            line.starts_with("error: ") && output.stderr.contains(said),
            "{arguments:?}: {}",
            output.stderr
        );
    }
}

#[test]
fn lists_are_tables_for_people_and_json_for_programs() {
    let providers = command(&["providers", "--json"], "").json();
    let keys: Vec<_> =
        providers.as_array().unwrap().iter().map(|provider| provider["key"].as_str().unwrap()).collect();
    let registered: Vec<_> = PROVIDERS.iter().map(|provider| provider.spec().key).collect();
    assert_eq!(keys, registered);
    for provider in providers.as_array().unwrap() {
        for name in ["status", "auth", "data_types", "resources", "notifications", "app_quotas", "sources"] {
            assert!(!provider[name].is_null(), "{name} of {provider}");
        }
    }
    let sinks = command(&["sinks", "--json"], "").json();
    let names: Vec<_> = sinks.as_array().unwrap().iter().map(|sink| sink["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["file", "sql", "stdout", "webhook"]);
    for sink in sinks.as_array().unwrap() {
        jsonschema::meta::validate(&sink["settings"]).unwrap();
    }
    for name in ["providers", "sinks"] {
        let table = command(&[name], "");
        assert_eq!(table.code, 0);
        for word in
            keys.iter().filter(|_| name == "providers").chain(names.iter().filter(|_| name == "sinks"))
        {
            assert!(table.stdout.contains(word), "{word} is not in\n{}", table.stdout);
        }
    }
}

#[test]
fn provider_documents_become_records_from_a_file_as_from_standard_input() {
    let fixture: Value =
        serde_json::from_slice(&std::fs::read(fixture("strava/fixtures/athlete.full.in.json")).unwrap())
            .unwrap();
    let expected: Value = serde_json::from_slice(
        &std::fs::read(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("../providers/src/strava/fixtures/athlete.full.out.json"),
        )
        .unwrap(),
    )
    .unwrap();
    let document = fixture["athlete"].to_string();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("athlete.json");
    std::fs::write(&file, &document).unwrap();
    let arguments = ["normalize", "--provider", "strava", "--resource", "athlete"];
    let piped = command(&arguments, &document);
    assert_eq!((piped.code, piped.stderr.as_str()), (0, ""));
    let read = command(&[&arguments[..], &[file.to_str().unwrap()]].concat(), "");
    assert_eq!(piped.stdout, read.stdout);
    let lines = piped.lines();
    assert_eq!((lines.len(), &lines[0]["type"]), (1, &json!("athlete")));
    assert!(
        expected.to_string().contains(&lines[0]["record"].to_string()),
        "{} is not in {expected}",
        lines[0]
    );
}

#[test]
fn an_activity_becomes_a_record_together_with_its_streams() {
    let fixture: Value =
        serde_json::from_slice(&std::fs::read(fixture("strava/fixtures/activities.full.in.json")).unwrap())
            .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut arguments =
        ["normalize", "--provider", "strava", "--resource", "activities"].map(str::to_owned).to_vec();
    for (name, document) in fixture.as_object().unwrap() {
        let path = folder.path().join(format!("{name}.json"));
        std::fs::write(&path, document.to_string()).unwrap();
        arguments.push(format!("{name}={}", path.display()));
    }
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let output = command(&arguments, "");
    assert_eq!(output.code, 0, "{}", output.stderr);
    let lines = output.lines();
    assert_eq!((lines.len(), &lines[0]["type"]), (1, &json!("activity")));
    assert!(lines[0]["record"]["heart_rate_data"]["detailed"]["hr_samples"].is_array(), "{}", lines[0]);
}

#[test]
fn a_document_that_cannot_be_read_is_an_error_with_its_place_and_without_its_content() {
    let output = command(
        &["normalize", "--provider", "strava", "--resource", "athlete"],
        "{\"id\": 1, \"city\": \"planted\",\n oops}",
    );
    assert_eq!((output.code, output.stdout.as_str()), (1, ""));
    assert!(output.stderr.contains("/athlete at line 2 column 2"), "{}", output.stderr);
    assert!(!output.stderr.contains("planted"), "{}", output.stderr);
}

#[test]
fn a_file_that_is_no_fit_file_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in
        [("empty.fit", &b""[..]), ("words.fit", b"these are only words and no FIT file at all")]
    {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        let output = command(&["import", "--format", "fit", path.to_str().unwrap()], "");
        assert_eq!((output.code, output.stdout.as_str()), (1, ""), "{name}");
        assert!(output.stderr.contains(name), "{}", output.stderr);
    }
}

/// A configuration in a folder.
struct Files(TempDir);

impl Files {
    fn new(operator: &str, tenant: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("tenants")).unwrap();
        std::fs::write(folder.path().join("tributary.yaml"), operator).unwrap();
        std::fs::write(folder.path().join("tenants/acme.yaml"), tenant).unwrap();
        Self(folder)
    }

    fn check(&self, more: &[&str]) -> Output {
        let file = self.0.path().join("tributary.yaml");
        command(&[&["check", "-c", file.to_str().unwrap()], more].concat(), "")
    }
}

const OPERATOR: &str = "\
public_url: https://sync.example.com
vault: { keys: [\"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"] }
provider_apps:
  strava: { client_id: \"1\", client_secret: planted, verify_token: planted }
";
const TENANT: &str = "\
dev_id: acme
api_keys: [\"sha256:0000000000000000000000000000000000000000000000000000000000000000\"]
providers: [strava]
sinks:
  lines: { type: file, path: out.ndjson }
";

#[test]
fn a_valid_configuration_is_called_so_and_its_sinks_are_asked_on_demand() {
    let operator = format!("{OPERATOR}data_dir: {{DATA}}\n");
    let files = Files::new(OPERATOR, TENANT);
    let operator = operator.replace("{DATA}", files.0.path().to_str().unwrap());
    std::fs::write(files.0.path().join("tributary.yaml"), operator).unwrap();
    let plain = files.check(&[]);
    assert_eq!((plain.code, plain.stderr.as_str()), (0, ""), "{}", plain.stdout);
    assert!(plain.stdout.contains("ok; 1 provider apps, 1 tenants, 1 sinks"), "{}", plain.stdout);
    let asked = files.check(&["--connect"]);
    assert_eq!(asked.code, 0, "{}", asked.stderr);
    assert!(asked.stdout.contains("acme/lines: ok"), "{}", asked.stdout);
}

#[test]
fn a_mistake_in_a_configuration_is_shown_with_file_line_and_column() {
    for (operator, tenant, place, said) in [
        (
            OPERATOR.to_owned(),
            TENANT.replace("type: file", "type: flie"),
            "tenants/acme.yaml:5:18",
            "webhook",
        ),
        (OPERATOR.to_owned(), TENANT.replace("path:", "pfad:"), "tenants/acme.yaml:5:24", "pfad"),
        (OPERATOR.to_owned(), TENANT.replace("[strava]", "[starva]"), "tenants/acme.yaml:3:13", "strava"),
        (OPERATOR.replace("vault:", "valut:"), TENANT.to_owned(), "tributary.yaml:2:1", "vault"),
        (
            OPERATOR.replace("planted,", "\"${NO_SUCH_VARIABLE}\","),
            TENANT.to_owned(),
            "tributary.yaml:4:44",
            "NO_SUCH_VARIABLE",
        ),
    ] {
        let output = Files::new(&operator, &tenant).check(&[]);
        assert_eq!((output.code, output.stdout.as_str()), (1, ""), "{place}");
        assert!(output.stderr.contains(&format!("{place}:")), "{place} is not in\n{}", output.stderr);
        assert!(output.stderr.contains(said), "{said} is not in\n{}", output.stderr);
        assert!(!output.stderr.contains("planted"), "{}", output.stderr);
    }
}

#[test]
fn the_schema_of_the_configuration_is_valid_and_tells_right_from_wrong() {
    let schema = command(&["config", "schema"], "").json();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let plan = Plan::default();
    let apps = [("strava", "http://127.0.0.1:1".to_owned())];
    let operator = plan.operator_file("127.0.0.1:8080", "127.0.0.1:9090", &apps);
    let tenant = plan.tenants[0].file(&["strava"]);
    for (document, key) in [(operator, "vault"), (tenant, "dev_id")] {
        let errors: Vec<_> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(validator.is_valid(&document), "{document:#}: {errors:?}");
        let mut wrong = document.clone();
        wrong["no_such_key"] = json!(1);
        assert!(!validator.is_valid(&wrong), "an unknown key");
        let mut wrong = document;
        wrong.as_object_mut().unwrap().remove(key);
        assert!(!validator.is_valid(&wrong), "without {key}");
    }
}

#[test]
fn an_error_names_the_page_that_explains_it() {
    let files = Files::new(&OPERATOR.replace("000102", "zz"), TENANT);
    let bad_key = files.0.path().join("tributary.yaml");
    let bad_key = bad_key.to_str().unwrap();
    for (arguments, code) in [
        (&["run", "-c", "/no/such/file.yaml"] as &[&str], "TRB-1001"),
        (&["run", "-c", bad_key], "TRB-3001"),
        (&["connections", "--admin", "http://127.0.0.1:1"], "TRB-5003"),
        (&["status", "--admin", "not a url"], "TRB-5004"),
    ] {
        let output = command(arguments, "");
        assert_eq!(output.code, 1);
        assert!(output.stderr.contains(&format!("tributary explain {code}]")), "{code}: {}", output.stderr);
        let page = command(&["explain", code], "");
        assert_eq!((page.code, page.stderr.as_str()), (0, ""));
        assert!(page.stdout.starts_with(&format!("# {code}: ")), "{}", page.stdout);
        let page = command(&["explain", code, "--json"], "").json();
        for part in ["title", "cause", "check", "cure"] {
            assert!(!page[part].as_str().unwrap().is_empty(), "{part} of {page}");
        }
    }
    let invalid = Files::new(OPERATOR, &TENANT.replace("path:", "pfad:")).check(&[]);
    assert!(invalid.stderr.contains("TRB-1002"), "{}", invalid.stderr);
    let all = command(&["explain", "--json"], "").json();
    assert!(all.as_array().unwrap().len() >= 24, "{all}");
}

#[test]
fn a_shell_can_read_its_completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = command(&["completions", shell], "");
        assert_eq!((script.code, script.stderr.as_str()), (0, ""), "{shell}");
        assert!(script.stdout.contains("dead-letters") && script.stdout.contains("replay"), "{shell}");
        if shell != "bash" || std::process::Command::new("bash").arg("--version").output().is_err() {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("completions");
        std::fs::write(&file, &script.stdout).unwrap();
        let read = std::process::Command::new("bash").arg("-n").arg(&file).output().unwrap();
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    }
}

#[test]
fn a_check_as_json_says_what_each_sink_answers() {
    let files = Files::new(OPERATOR, TENANT);
    let operator = format!("{OPERATOR}data_dir: {}\n", files.0.path().to_str().unwrap());
    std::fs::write(files.0.path().join("tributary.yaml"), operator).unwrap();
    let asked = files.check(&["--connect", "--json"]);
    assert_eq!((asked.code, asked.stderr.as_str()), (0, ""));
    let sink = &asked.json()["sinks"][0];
    assert_eq!((&sink["sink"], &sink["ok"]), (&json!("lines"), &json!(true)));
}

#[test]
fn an_address_that_is_in_use_is_an_error_of_one_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let files = Files::new(&format!("{OPERATOR}listen: {}\n", taken.local_addr().unwrap()), TENANT);
    let file = files.0.path().join("tributary.yaml");
    let output = command(&["run", "-c", file.to_str().unwrap()], "");
    assert_eq!(output.code, 1);
    let line = one_line(&output.stderr);
    assert!(line.contains(&taken.local_addr().unwrap().to_string()), "{line}");
}
