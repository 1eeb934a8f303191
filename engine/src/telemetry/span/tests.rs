use std::sync::{Arc, Mutex};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, SpanData, SpanExporter};
use tracing_subscriber::layer::SubscriberExt as _;

use super::*;

/// Keeps what it gets.
#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Kept {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().extend(batch);
        Ok(())
    }
}

fn exported(sampler: Sampler, act: impl FnOnce()) -> Vec<SpanData> {
    let exporter = Kept::default();
    let provider =
        SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).with_sampler(sampler).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), act);
    std::mem::take(&mut *exporter.0.lock().unwrap())
}

fn delivery() -> Delivery<'static> {
    Delivery { tenant: "acme", sink: "app", kind: "sleep", attempt: 1, entries: 1 }
}

#[test]
fn two_traces_differ_and_can_be_written_and_read() {
    let (one, two) = (new_trace(), new_trace());
    assert_ne!(one.trace_id, two.trace_id);
    assert_eq!(one.to_string().parse(), Ok(one));
}

#[test]
fn one_trace_runs_from_the_notification_to_the_delivery() {
    let spans = exported(Sampler::AlwaysOn, || {
        let notified = context_of(&notify("strava", 1, "POST", "/notify/{provider}"), None);
        let ran = context_of(&sync("strava", "acme", "notification", &[notified]), Some(notified));
        let sent = context_of(&deliver(&delivery(), &[ran]), Some(ran));
        assert_eq!((notified.trace_id, ran.trace_id), (ran.trace_id, sent.trace_id));
    });
    let [notify, sync, deliver] = &spans[..] else { panic!("{spans:?}") };
    assert_eq!(sync.parent_span_id, notify.span_context.span_id());
    assert_eq!(deliver.parent_span_id, sync.span_context.span_id());
    assert_eq!(deliver.links.links[0].span_context.span_id(), sync.span_context.span_id());
}

#[test]
fn a_sync_that_was_asked_for_is_the_child_of_the_request() {
    let caller = new_trace();
    let spans = exported(Sampler::AlwaysOn, || {
        let asked = context_of(&request("POST", Some(caller)), None);
        drop(sync("strava", "acme", "request", &[asked]));
    });
    let [request, sync] = &spans[..] else { panic!("{spans:?}") };
    assert_eq!(request.span_context.trace_id().to_bytes(), caller.trace_id);
    assert_eq!(sync.span_context.trace_id(), request.span_context.trace_id());
    assert_eq!(sync.parent_span_id, request.span_context.span_id());
}

#[test]
fn a_request_is_named_by_its_route_whatever_was_done_in_it() {
    let spans = exported(Sampler::AlwaysOn, || {
        for does_more in [false, true] {
            let request = request("GET", None);
            if does_more {
                request.in_scope(|| drop(connect("strava", "acme")));
            }
            answered(&request, "GET", Some("/auth/{provider}/callback"), 200);
        }
    });
    let names: Vec<_> = spans.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["GET /auth/{provider}/callback", "connect", "GET /auth/{provider}/callback"]);
}

#[test]
fn a_sync_of_many_notifications_is_linked_to_the_oldest_and_the_newest() {
    let notified: Vec<_> = (0..100).map(|_| new_trace()).collect();
    let spans = exported(Sampler::AlwaysOn, || drop(sync("strava", "acme", "notification", &notified)));
    assert_eq!(spans[0].span_context.trace_id().to_bytes(), notified[0].trace_id);
    let linked: Vec<_> =
        spans[0].links.links.iter().map(|link| link.span_context.trace_id().to_bytes()).collect();
    assert_eq!(linked.len(), LINKS);
    assert_eq!((linked[0], linked[LINKS - 1]), (notified[1].trace_id, notified[99].trace_id));
}

#[test]
fn a_delivery_of_several_syncs_has_a_trace_of_its_own_and_links() {
    let syncs = [new_trace(), new_trace()];
    let spans = exported(Sampler::AlwaysOn, || drop(deliver(&delivery(), &syncs)));
    assert_eq!(spans[0].parent_span_id, SpanId::INVALID);
    assert_eq!(spans[0].links.links.len(), 2);
}

#[test]
fn what_is_not_sampled_is_not_exported_and_says_so_further_on() {
    let mut further = None;
    let spans = exported(Sampler::ParentBased(Box::new(Sampler::AlwaysOff)), || {
        let ran = context_of(&sync("strava", "acme", "poll", &[]), None);
        further = Some(context_of(&deliver(&delivery(), &[ran]), Some(ran)));
    });
    assert_eq!(spans.len(), 0);
    assert!(!further.unwrap().sampled);
}

#[test]
fn without_a_tracer_a_delivery_still_carries_the_trace_of_its_sync() {
    let ran = new_trace();
    let sent = context_of(&deliver(&delivery(), &[ran]), Some(ran));
    assert_eq!(sent.trace_id, ran.trace_id);
    assert_ne!(sent.span_id, ran.span_id);
}

#[test]
fn a_failed_call_says_its_kind_and_is_named_by_its_template() {
    let spans = exported(Sampler::AlwaysOn, || {
        let about = Call {
            provider: "strava",
            class: "poll",
            method: "GET",
            template: "/athlete/activities",
            full: "https://www.strava.com/api/v3/athlete/activities",
            address: "www.strava.com",
            port: 443,
            resent: 1,
        };
        failed(&call(&about), "transient");
    });
    assert_eq!(spans[0].name, "GET /athlete/activities");
    assert_eq!(spans[0].span_kind, opentelemetry::trace::SpanKind::Client);
    let value = |key: &str| {
        let found = spans[0].attributes.iter().find(|pair| pair.key.as_str() == key);
        found.map(|pair| pair.value.to_string())
    };
    assert_eq!(value(ERROR).as_deref(), Some("transient"));
    assert_eq!(value(RESENT).as_deref(), Some("1"));
    assert!(matches!(spans[0].status, opentelemetry::trace::Status::Error { .. }));
}
