//! The real daemon, seen by a collector and by Prometheus's own tool.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tributary_engine::telemetry::{metric, span};
use tributary_tests::collector::Collector;
use tributary_tests::daemon::Daemon;
use tributary_tests::{Plan, World, rig, tools, wait};

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn attribute(span: &Value, key: &str) -> String {
    let found = span["attributes"].as_array().unwrap().iter().find(|pair| pair["key"] == key);
    let value = found.map(|pair| pair["value"].clone()).unwrap_or_default();
    let inner = value.as_object().and_then(|object| object.values().next()).cloned().unwrap_or_default();
    inner.as_str().map_or_else(|| inner.to_string(), str::to_owned)
}

fn nanoseconds(span: &Value, key: &str) -> u64 {
    text(span, key).parse().unwrap()
}

/// The spans of each trace.
fn traces(spans: &[Value]) -> BTreeMap<String, Vec<Value>> {
    let mut traces: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for span in spans {
        traces.entry(text(span, "traceId").to_owned()).or_default().push(span.clone());
    }
    traces
}

/// The spans below a span, of that name (or with that name's first word).
fn below<'a>(trace: &'a [Value], parent: &Value, name: &str) -> Vec<&'a Value> {
    let is = |span: &&Value| {
        text(span, "parentSpanId") == text(parent, "spanId")
            && text(span, "name").split(' ').next() == Some(name)
    };
    trace.iter().filter(is).collect()
}

fn observed(plan: Plan, otlp: &str) -> Plan {
    let mut plan = plan;
    plan.operator.insert("telemetry".to_owned(), json!({"otlp": otlp, "log": "json"}));
    plan
}

async fn page(world: &World) -> String {
    let answer = world.browse(&format!("http://{}/metrics", world.addresses().1)).await;
    assert_eq!(answer.status(), 200);
    String::from_utf8(answer.body().to_vec()).unwrap()
}

/// What is wrong with the way of this trace; empty when it leads from a notification to a delivery.
fn faults(trace: &[Value], sent: &BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    let Some(notify) = trace.iter().find(|span| span["name"] == span::NOTIFY) else {
        return vec!["no notification".to_owned()];
    };
    let syncs = below(trace, notify, span::SYNC);
    let Some(sync) = syncs.first() else { return vec!["no sync below the notification".to_owned()] };
    let Some(fetch) = below(trace, sync, span::FETCH).first().copied() else {
        return vec!["no fetch below the sync".to_owned()];
    };
    let calls = below(trace, fetch, "GET");
    // What a provider's code hands over while it fetches is committed below the fetch.
    let handed_over = |name| below(trace, sync, name).len() + below(trace, fetch, name).len();
    for (name, found) in [
        ("call", calls.len()),
        (span::NORMALIZE, handed_over(span::NORMALIZE)),
        (span::COMMIT, handed_over(span::COMMIT)),
    ] {
        if found == 0 {
            wrong.push(format!("no {name}"));
        }
    }
    let delivers = below(trace, sync, span::DELIVER);
    let arrived = |deliver: &&Value| {
        sent.contains(&format!("00-{}-{}-01", text(deliver, "traceId"), text(deliver, "spanId")))
    };
    let Some(deliver) = delivers.into_iter().find(arrived) else {
        wrong.push("no delivery below the sync whose traceparent arrived".to_owned());
        return wrong;
    };
    let links: Vec<_> =
        deliver["links"].as_array().unwrap().iter().map(|link| text(link, "spanId")).collect();
    if links != [text(sync, "spanId")] {
        wrong.push(format!("the delivery is linked to {links:?}"));
    }
    // 2 is a server, 3 a client, 4 a producer.
    for (span, kind) in [(notify, 2), (sync, 1), (fetch, 1), (deliver, 4)]
        .into_iter()
        .chain(calls.iter().map(|call| (*call, 3)))
    {
        if span["kind"] != kind {
            wrong.push(format!("{} is of kind {}", span["name"], span["kind"]));
        }
        if nanoseconds(span, "startTimeUnixNano") > nanoseconds(span, "endTimeUnixNano") {
            wrong.push(format!("{} ends before it begins", span["name"]));
        }
    }
    let begins = [notify, sync, fetch].map(|span| nanoseconds(span, "startTimeUnixNano"));
    if !begins.is_sorted() {
        wrong.push("a span begins before the one above it".to_owned());
    }
    wrong
}

#[test]
fn one_trace_runs_from_a_notification_to_the_webhook() {
    rig::run(async || {
        let directory = tempfile::tempdir().unwrap();
        let Some(collector) = Collector::start(directory.path()).await else { return };
        let mut plan = observed(Plan::default().producing(60.0), &collector.url());
        plan.sandbox.users = 1;
        let world = World::start(plan).await;
        let daemon = Daemon::start(&world).await;

        let caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let api_key = world.plan.tenants[0].api_key();
        let headers = [("dev-id", "acme"), ("x-api-key", &api_key), ("traceparent", caller)];
        world.public(http::Method::GET, "/v2/userInfo?reference_id=nobody", &headers, "").await;

        let person = world.connect("strava", 0).await;
        wait::until_true("notifications", wait::SOON, async || {
            world.host("strava").with(|sandbox| sandbox.statistics().notifications_acknowledged) >= 5
        })
        .await;
        world.stop_producing();
        world.quiet().await;
        assert!(daemon.terminate().await.success());

        let spans = collector.spans();
        let sent: BTreeSet<_> = world
            .receiver
            .requests()
            .iter()
            .map(|request| request.header("traceparent").to_owned())
            .collect();
        let traces = traces(&spans);
        let judged: Vec<_> = traces.values().map(|trace| faults(trace, &sent)).collect();
        assert!(judged.iter().any(Vec::is_empty), "no trace is whole: {judged:?}");

        let call = spans.iter().find(|span| text(span, "name") == "GET /athlete/activities").unwrap();
        assert_eq!(attribute(call, span::METHOD), "GET");
        assert_eq!(attribute(call, span::TEMPLATE), "/athlete/activities");
        assert_eq!(attribute(call, span::STATUS), "200");
        assert_eq!(attribute(call, span::ADDRESS), "127.0.0.1");
        let origin = format!("http://{}", world.host("strava").address());
        assert_eq!(attribute(call, span::FULL), format!("{origin}/api/v3/athlete/activities"));

        let request = spans.iter().find(|span| text(span, "name") == "GET /v2/userInfo").unwrap();
        assert_eq!(text(request, "traceId"), &caller[3..35]);
        assert_eq!(text(request, "parentSpanId"), &caller[36..52]);

        let log = Daemon::log(&world);
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let in_trace = lines.filter(|line| traces.contains_key(text(line, "trace_id"))).count();
        assert!(in_trace > 0, "no line of the log is in an exported trace");

        let known: BTreeSet<_> = metric::ALL.iter().map(|instrument| instrument.about().name).collect();
        let metrics = collector.metrics();
        let pushed: BTreeSet<_> = metrics.iter().map(|metric| text(metric, "name")).collect();
        assert!(pushed.is_subset(&known), "{pushed:?}");
        assert!(pushed.contains("tributary.records") && pushed.len() > 15, "{pushed:?}");
        let all = collector.text();
        for id in [&person.account, &person.reference_id, &person.connection.to_string()] {
            assert!(!all.contains(&format!("\"{id}\"")), "{id} was exported");
        }
        world.end().await;
    });
}

#[test]
fn the_metrics_page_is_what_prometheus_expects_and_does_not_grow_with_people() {
    rig::run(async || {
        let world =
            World::start(Plan::default().with_sink("tables", tributary_tests::plan::sql("out.db"))).await;
        let daemon = Daemon::start(&world).await;
        world.connect("strava", 0).await;
        world.connect("oura", 0).await;
        world.quiet().await;
        let levels = ["tributary_log_lag_seconds", "tributary_connections", "tributary_freshness_seconds"];
        wait::until_true("all levels", wait::SOON, async || {
            let page = page(&world).await;
            levels.iter().all(|level| page.contains(&format!("{level}{{")))
        })
        .await;
        // A wrong key makes the one series that the next people might not.
        world.public(http::Method::GET, "/v2/userInfo", &[], "").await;
        let series = |page: &str| -> BTreeSet<String> {
            let lines = page.lines().filter(|line| !line.starts_with('#'));
            lines.filter_map(|line| line.rsplit_once(' ')).map(|(series, _)| series.to_owned()).collect()
        };
        let before = series(&page(&world).await);
        world.connect("strava", 1).await;
        world.connect("oura", 1).await;
        world.quiet().await;
        let after = page(&world).await;
        let more: Vec<_> = series(&after).difference(&before).cloned().collect();
        assert_eq!(more, Vec::<String>::new(), "series that came with more people");

        let known: BTreeSet<_> = metric::ALL.iter().map(|instrument| instrument.prometheus_name()).collect();
        let names = after.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
        let unknown: Vec<_> = names.filter(|name| !known.contains(*name) && *name != "target_info").collect();
        assert_eq!(unknown, Vec::<&str>::new());
        let connections = r#"tributary_connections{provider="strava",state="active"} 2"#;
        assert!(after.contains(connections), "{after}");

        if let Some(promtool) = tools::find("promtool", "prometheus/promtool") {
            let mut child = tokio::process::Command::new(promtool)
                .args(["check", "metrics"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            child.stdin.take().unwrap().write_all(after.as_bytes()).await.unwrap();
            let output = child.wait_with_output().await.unwrap();
            let said = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && said.is_empty(), "{said}");
        }
        assert!(daemon.terminate().await.success());
        world.end().await;
    });
}

#[test]
fn a_sync_that_an_operator_asks_for_is_in_the_trace_of_the_request() {
    rig::run(async || {
        let directory = tempfile::tempdir().unwrap();
        let Some(collector) = Collector::start(directory.path()).await else { return };
        let mut plan = observed(Plan::default(), &collector.url());
        plan.only = Some("oura");
        let world = World::start(plan).await;
        let daemon = Daemon::start(&world).await;
        let person = world.connect("oura", 0).await;
        world.quiet().await;

        let caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let url = format!("http://{}/admin/sync", world.addresses().1);
        let request = http::Request::post(url)
            .header("content-type", "application/json")
            .header("traceparent", caller)
            .body(json!({"connection": person.connection, "resource": "sleep"}).to_string().into());
        assert_eq!(world.send(request.unwrap()).await.status(), 202);
        world.quiet().await;
        assert!(daemon.terminate().await.success());

        let mut traces = traces(&collector.spans());
        let trace = traces.remove(&caller[3..35]).unwrap();
        let request = trace.iter().find(|span| text(span, "name") == "POST /admin/sync").unwrap();
        assert_eq!(text(request, "parentSpanId"), &caller[36..52]);
        let syncs = below(&trace, request, span::SYNC);
        assert_eq!(syncs.len(), 1, "{trace:?}");
        assert_eq!(attribute(syncs[0], span::CAUSE), "request");
        let fetches = below(&trace, syncs[0], span::FETCH);
        assert_eq!(fetches.len(), 1, "{trace:?}");
        assert!(!below(&trace, fetches[0], "GET").is_empty(), "{trace:?}");
        // What came of a timer is in no trace of an operator.
        let polls = traces.values().flatten().filter(|span| span["name"] == span::SYNC);
        let mut polls = polls.filter(|span| attribute(span, span::CAUSE) == "poll").peekable();
        assert!(polls.peek().is_some() && polls.all(|poll| text(poll, "parentSpanId").is_empty()));
        world.end().await;
    });
}

#[test]
fn a_collector_that_is_gone_holds_nothing_up_and_is_counted() {
    rig::run(async || {
        // Nobody listens on the discard port.
        let world = World::start(observed(Plan::default(), "http://127.0.0.1:9")).await;
        let daemon = Daemon::start(&world).await;
        let person = world.connect("oura", 0).await;
        world.settle(&[person]).await;
        wait::until_true("dropped spans", wait::SOON, async || {
            page(&world).await.contains(r#"tributary_telemetry_dropped_total{signal="traces"}"#)
        })
        .await;
        assert!(world.receiver.has("/acme", "sleep"));
        assert!(daemon.terminate().await.success());
        let log = Daemon::log(&world);
        assert_eq!(
            log.matches("the telemetry collector does not take").count(),
            2,
            "once for each signal:\n{log}"
        );
        world.end().await;
    });
}
