//! Every span: its name, its attributes, and how one follows from another.
//!
//! A trace begins with a notification, a request or a timer. A sync is the child of the notification that it works
//! off (the oldest one; the others are linked) or of the request that asked for it, and a delivery whose entries all
//! come from one sync is the child of that sync, however much later; else it begins a trace of its own. It is linked to
//! the syncs in any case. Ids come from the tracer; without one they are random. No attribute holds an id of a person, a
//! query or the text of an error.

use std::borrow::Cow;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tributary_contract::TraceContext;

pub use super::metric::{CAUSE, CLASS, OUTCOME, PROVIDER, SINK, TENANT};

/// A provider's notification, from the socket to the inbox.
pub const NOTIFY: &str = "notify";
/// A request of a tenant, a browser or an operator; exported as method and route.
pub const REQUEST: &str = "request";
/// From a consent page's answer to a connection.
pub const CONNECT: &str = "connect";
/// One run of a connection's job.
pub const SYNC: &str = "sync";
/// A provider's code at work: its calls, and the mapping of their answers to records.
pub const FETCH: &str = "fetch";
/// One attempt of a call to a provider; exported as method and template.
pub const CALL: &str = "call";
/// One refresh of an access token.
pub const REFRESH: &str = "refresh";
/// Emitted records become entries: checked, keyed, written as JSON.
pub const NORMALIZE: &str = "normalize";
/// One changeset, from the writer's queue to the disk.
pub const COMMIT: &str = "commit";
/// One attempt of a delivery to a sink.
pub const DELIVER: &str = "deliver";

/// Name of a resource of a provider.
pub const RESOURCE: &str = "resource";
/// Records in the span's work.
pub const RECORDS: &str = "records";
/// Notices in a notification.
pub const NOTICES: &str = "notices";
/// What a delivery carries: a data type, `deleted`, a life-cycle event, or `mixed`.
pub const KIND: &str = "kind";
/// Which try, from 1.
pub const ATTEMPT: &str = "attempt";
/// Entries in a delivery.
pub const ENTRIES: &str = "entries";
/// Method, as in the semantic conventions of HTTP.
pub const METHOD: &str = "http.request.method";
/// Status of the answer.
pub const STATUS: &str = "http.response.status_code";
/// Template of a served path.
pub const ROUTE: &str = "http.route";
/// How often a request was sent before.
pub const RESENT: &str = "http.request.resend_count";
/// Template of a called path.
pub const TEMPLATE: &str = "url.template";
/// Origin and template: never real ids, never a query.
pub const FULL: &str = "url.full";
/// Host that is called.
pub const ADDRESS: &str = "server.address";
/// Port that is called.
pub const PORT: &str = "server.port";
/// Kind of failure, out of a fixed set.
pub const ERROR: &str = "error.type";

/// Fields that the exporter gives a meaning of their own.
const EXPORTED_NAME: &str = "otel.name";
const EXPORTED_KIND: &str = "otel.kind";
const EXPORTED_STATUS: &str = "otel.status_code";

/// What a span is, for the reference page.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: &'static str,
    /// The span above it, or what it begins with.
    pub parent: &'static str,
    /// Its attributes.
    pub attributes: &'static [&'static str],
    /// What it covers.
    pub help: &'static str,
}

/// All spans, in the order of the data path.
pub const ALL: [About; 10] = [
    About {
        name: NOTIFY,
        kind: "server",
        parent: "none",
        attributes: &[PROVIDER, NOTICES, METHOD, ROUTE, STATUS],
        help: "a provider's notification, from the socket to the inbox",
    },
    About {
        name: "{http.request.method} {http.route}",
        kind: "server",
        parent: "the caller's `traceparent`",
        attributes: &[METHOD, ROUTE, STATUS],
        help: "a request of a tenant, a browser or an operator",
    },
    About {
        name: CONNECT,
        kind: "internal",
        parent: "the request",
        attributes: &[PROVIDER, TENANT],
        help: "from a consent page's answer to a connection",
    },
    About {
        name: SYNC,
        kind: "internal",
        parent: "`notify`, the request of an operator, or none; links to further notifications",
        attributes: &[PROVIDER, TENANT, CAUSE, ERROR],
        help: "one job of a connection",
    },
    About {
        name: FETCH,
        kind: "internal",
        parent: "`sync`",
        attributes: &[RESOURCE, ERROR],
        help: "a provider's calls, and the mapping of their answers to records",
    },
    About {
        name: "{http.request.method} {url.template}",
        kind: "client",
        parent: "`fetch`, `refresh`, `connect`",
        attributes: &[PROVIDER, CLASS, METHOD, TEMPLATE, FULL, ADDRESS, PORT, STATUS, RESENT, ERROR],
        help: "one attempt of a call to a provider; waiting for token and quota is not in it",
    },
    About {
        name: REFRESH,
        kind: "internal",
        parent: "whoever asked first",
        attributes: &[],
        help: "one refresh of an access token, until the new one is stored",
    },
    About {
        name: NORMALIZE,
        kind: "internal",
        parent: "`sync`, or `fetch` at a checkpoint",
        attributes: &[RECORDS],
        help: "emitted records become entries: checked, keyed, written as JSON",
    },
    About {
        name: COMMIT,
        kind: "internal",
        parent: "`sync`, or `fetch` at a checkpoint",
        attributes: &[RECORDS],
        help: "one changeset, from the writer's queue to the disk",
    },
    About {
        name: DELIVER,
        kind: "producer",
        parent: "`sync` when all entries come from one, else none; links to all of them (32 at most)",
        attributes: &[TENANT, SINK, KIND, ATTEMPT, ENTRIES, OUTCOME, ERROR],
        help: "one attempt of a delivery to a sink; webhooks get it as `traceparent`",
    },
];

/// Links of one span; of more, the oldest and the newest ones are kept.
const LINKS: usize = 32;

/// A notification of a provider.
pub fn notify(provider: &str, notices: usize, method: &str, route: &str) -> Span {
    tracing::info_span!(parent: None, NOTIFY, { EXPORTED_KIND } = "server", { PROVIDER } = provider,
        { NOTICES } = notices, { METHOD } = method, { ROUTE } = route, { STATUS } = Empty)
}

/// A request; `caller` is the context of its `traceparent`.
pub fn request(method: &str, caller: Option<TraceContext>) -> Span {
    let span = tracing::info_span!(parent: None, REQUEST, { EXPORTED_KIND } = "server", { EXPORTED_NAME } = method,
        { METHOD } = method, { ROUTE } = Empty, { STATUS } = Empty, { EXPORTED_STATUS } = Empty);
    if let Some(caller) = caller {
        follow(&span, caller);
    }
    span
}

/// A request was answered.
pub fn answered(span: &Span, method: &str, route: Option<&str>, status: u16) {
    if let Some(route) = route {
        let name = format!("{method} {route}");
        span.record(EXPORTED_NAME, name.as_str());
        // A span that something was done in has begun for the tracer, which takes no name from a field any more.
        span.context().span().update_name(name);
        span.record(ROUTE, route);
    }
    span.record(STATUS, status);
    if status >= 500 {
        span.record(EXPORTED_STATUS, "ERROR");
    }
}

/// The end of a consent.
pub fn connect(provider: &str, tenant: &str) -> Span {
    tracing::info_span!(CONNECT, { PROVIDER } = provider, { TENANT } = tenant)
}

/// A job of a connection, with the contexts of what it works off, oldest first: notifications, or a request.
pub fn sync(provider: &str, tenant: &str, cause: &str, causes: &[TraceContext]) -> Span {
    let span = tracing::info_span!(parent: None, SYNC, { PROVIDER } = provider, { TENANT } = tenant,
        { CAUSE } = cause, { ERROR } = Empty, { EXPORTED_STATUS } = Empty);
    if let Some((oldest, others)) = causes.split_first() {
        follow(&span, *oldest);
        link(&span, others);
    }
    span
}

/// A provider's code at work on a resource.
pub fn fetch(resource: &str) -> Span {
    tracing::info_span!(FETCH, { RESOURCE } = resource, { ERROR } = Empty, { EXPORTED_STATUS } = Empty)
}

/// What a call to a provider is about.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Key of the provider.
    pub provider: &'static str,
    /// Class of its permit.
    pub class: &'static str,
    /// Method.
    pub method: &'a str,
    /// Template of the path, or of the whole URL where it is not below the API's base.
    pub template: &'a str,
    /// Origin and template.
    pub full: &'a str,
    /// Host.
    pub address: &'a str,
    /// Port.
    pub port: u16,
    /// Attempts before this one.
    pub resent: u32,
}

/// One attempt of a call to a provider.
pub fn call(call: &Call<'_>) -> Span {
    let name: Cow<'_, str> = format!("{} {}", call.method, call.template).into();
    let span = tracing::info_span!(CALL, { EXPORTED_KIND } = "client", { EXPORTED_NAME } = %name,
        { PROVIDER } = call.provider, { CLASS } = call.class, { METHOD } = call.method,
        { TEMPLATE } = call.template, { FULL } = call.full, { ADDRESS } = call.address, { PORT } = call.port,
        { RESENT } = Empty, { STATUS } = Empty, { ERROR } = Empty, { EXPORTED_STATUS } = Empty);
    if call.resent > 0 {
        span.record(RESENT, call.resent);
    }
    span
}

/// A refresh of an access token.
pub fn refresh() -> Span {
    tracing::info_span!(REFRESH)
}

/// Records on their way into the log.
pub fn normalize(records: usize) -> Span {
    tracing::info_span!(NORMALIZE, { RECORDS } = records)
}

/// A changeset.
pub fn commit(records: usize) -> Span {
    tracing::info_span!(COMMIT, { RECORDS } = records)
}

/// What a delivery is about.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// Owner of the sink.
    pub tenant: &'a str,
    /// The sink.
    pub sink: &'a str,
    /// What is delivered.
    pub kind: &'a str,
    /// Which try.
    pub attempt: u32,
    /// Entries.
    pub entries: usize,
}

/// An attempt of a delivery of entries that come from these syncs, oldest first, each once.
pub fn deliver(about: &Delivery<'_>, syncs: &[TraceContext]) -> Span {
    let span = tracing::info_span!(parent: None, DELIVER, { EXPORTED_KIND } = "producer",
        { TENANT } = about.tenant, { SINK } = about.sink, { KIND } = about.kind,
        { ATTEMPT } = about.attempt, { ENTRIES } = about.entries, { OUTCOME } = Empty, { ERROR } = Empty,
        { EXPORTED_STATUS } = Empty);
    if let [only] = syncs {
        follow(&span, *only);
    }
    link(&span, syncs);
    span
}

/// The span's work failed; `kind` is one of a fixed set of words.
pub fn failed(span: &Span, kind: &str) {
    span.record(ERROR, kind);
    span.record(EXPORTED_STATUS, "ERROR");
}

/// A delivery came to an end; `error` when the call of the sink failed as a whole.
pub fn delivered(span: &Span, outcome: &str, error: bool) {
    span.record(OUTCOME, outcome);
    if error {
        failed(span, outcome);
    }
}

/// The context of a span, for what it leads to. Without a tracer it has new ids, in the trace of `cause` if there is one.
pub fn context_of(span: &Span, cause: Option<TraceContext>) -> TraceContext {
    let context = span.context();
    let context = context.span().span_context().clone();
    if context.is_valid() {
        return TraceContext {
            trace_id: context.trace_id().to_bytes(),
            span_id: context.span_id().to_bytes(),
            sampled: context.is_sampled(),
        };
    }
    TraceContext { span_id: non_zero(), ..cause.unwrap_or_else(new_trace) }
}

/// The context of the present span.
pub fn current() -> TraceContext {
    context_of(&Span::current(), None)
}

fn follow(span: &Span, parent: TraceContext) {
    let context = Context::new().with_remote_span_context(remote(parent));
    // Without a tracer nothing is exported, and `context_of` keeps the trace's id by itself.
    drop(span.set_parent(context));
}

fn link(span: &Span, to: &[TraceContext]) {
    let kept = |index: usize| index < LINKS / 2 || index + LINKS / 2 >= to.len();
    for (_, context) in to.iter().enumerate().filter(|(index, _)| kept(*index)) {
        span.add_link(remote(*context));
    }
}

fn remote(context: TraceContext) -> SpanContext {
    SpanContext::new(
        TraceId::from_bytes(context.trace_id),
        SpanId::from_bytes(context.span_id),
        if context.sampled { TraceFlags::SAMPLED } else { TraceFlags::default() },
        true,
        TraceState::default(),
    )
}

/// The context of a new trace.
pub fn new_trace() -> TraceContext {
    TraceContext { trace_id: non_zero(), span_id: non_zero(), sampled: true }
}

/// Random bytes that are not all zero, which the trace format forbids.
fn non_zero<const N: usize>() -> [u8; N] {
    loop {
        let mut bytes = [0; N];
        rand::fill(bytes.as_mut_slice());
        if bytes != [0; N] {
            return bytes;
        }
    }
}

#[cfg(test)]
mod tests;
