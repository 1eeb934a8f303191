//! Log lines with the ids of their trace, so that a line finds its trace and a trace its lines.
//!
//! Lines come from `tracing`; ids from the present span. It never changes what a line says.

use std::fmt;

use opentelemetry::trace::TraceContextExt as _;
use tracing::{Event, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::fmt::format::{Format, Json, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// A JSON object a line; inside a trace its first two keys are `trace_id` and `span_id`.
#[derive(Debug)]
pub struct JsonLine(Format<Json>);

impl Default for JsonLine {
    fn default() -> Self {
        Self(tracing_subscriber::fmt::format().json())
    }
}

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let trace = Span::current().context();
        let trace = trace.span().span_context().clone();
        if !trace.is_valid() {
            return self.0.format_event(context, writer, event);
        }
        let mut line = String::with_capacity(512);
        self.0.format_event(context, Writer::new(&mut line), event)?;
        let rest = line.strip_prefix('{').unwrap_or(&line);
        write!(writer, r#"{{"trace_id":"{}","span_id":"{}",{rest}"#, trace.trace_id(), trace.span_id())
    }
}
