//! Telemetry of one process, from its start to its end: spans and metrics over OTLP, metrics as Prometheus's text.
//!
//! Both kinds of metrics come from the same instruments. Exporters have threads of their own. Beside the options, the
//! variables `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_SERVICE_NAME`, `OTEL_BSP_*` and
//! `OTEL_METRIC_EXPORT_INTERVAL` mean what OpenTelemetry says. It never logs by itself which collector is used.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{MetricExporter, Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider,
};
use prometheus::proto::MetricType;
use prometheus::{Registry, TextEncoder};
use thiserror::Error;
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::registry::LookupSpan;
use url::Url;
use uuid::Uuid;

use super::drops::{Account, Bounded, CountedMetrics, CountedSpans};
use super::instrument::text_name;
use super::metric;

/// Spans that may wait for the collector.
const ROOM: usize = 8_192;
/// Longest time for one call of the collector.
const CALL: Duration = Duration::from_secs(10);
/// Longest time that the end of the process waits for the collector, for each of spans and metrics.
const FLUSH: Duration = Duration::from_secs(3);
/// Our crates begin with this; spans of others are not exported.
const OURS: &str = "tributary";

/// What is exported where.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Base address of a collector that speaks OTLP over HTTP; without one nothing is pushed.
    pub otlp: Option<Url>,
    /// Whether metrics can be read as Prometheus's text.
    pub prometheus: bool,
    /// Share of the traces that begin here and are recorded, 0 to 1.
    pub sample: f64,
    /// Version of the program.
    pub version: &'static str,
}

/// Why telemetry cannot be started.
#[derive(Debug, Error)]
pub enum StartError {
    /// The exporter.
    #[error("telemetry.otlp cannot be used: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// The address.
    #[error("telemetry.otlp cannot be used: {0} is not below it")]
    Address(&'static str),
    /// The text.
    #[error("metrics cannot be offered as text: {0}")]
    Text(#[from] opentelemetry_sdk::error::OTelSdkError),
}

/// Running telemetry.
#[must_use = "what was not exported is lost unless it is stopped"]
pub struct Telemetry {
    traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
}

/// Where the text of this process's metrics comes from.
static TEXT: OnceLock<Registry> = OnceLock::new();

/// Starts exporting. Once a process: later meters and registries are not used.
///
/// # Errors
/// [`StartError`] when an exporter cannot be built; whether the collector answers shows later and only in metrics.
pub fn start(options: &Options) -> Result<Telemetry, StartError> {
    let resource = resource(options.version);
    let traces = traces(options, resource.clone())?;
    let metrics = metrics(options, resource)?;
    let meter = metrics.meter_with_scope(InstrumentationScope::builder(metric::SCOPE).build());
    for instrument in metric::ALL {
        instrument.install(&meter);
    }
    Ok(Telemetry { traces, metrics })
}

fn resource(version: &'static str) -> Resource {
    let mut builder = Resource::builder();
    if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
        builder = builder.with_service_name(metric::SCOPE);
    }
    let instance = Uuid::new_v4().to_string();
    builder
        .with_attributes([
            KeyValue::new("service.version", version),
            KeyValue::new("service.instance.id", instance),
        ])
        .build()
}

fn endpoint(base: &Url, path: &'static str) -> Result<String, StartError> {
    let mut url = base.clone();
    url.path_segments_mut().map_err(|()| StartError::Address(path))?.pop_if_empty().extend(path.split('/'));
    Ok(url.into())
}

fn traces(options: &Options, resource: Resource) -> Result<SdkTracerProvider, StartError> {
    let builder = SdkTracerProvider::builder().with_resource(resource);
    let Some(otlp) = &options.otlp else {
        // Ids go on all the same, marked as not recorded.
        return Ok(builder.with_sampler(Sampler::AlwaysOff).build());
    };
    let exporter = SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary);
    let exporter = exporter.with_endpoint(endpoint(otlp, "v1/traces")?).with_timeout(CALL).build()?;
    let account = Arc::<Account>::default();
    let batches = BatchSpanProcessor::builder(CountedSpans::new(exporter, Arc::clone(&account)));
    let batches =
        batches.with_batch_config(BatchConfigBuilder::default().with_max_queue_size(ROOM).build()).build();
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(options.sample)));
    let bounded = Bounded::new(batches, account, ROOM);
    Ok(builder.with_sampler(sampler).with_span_processor(bounded).build())
}

fn metrics(options: &Options, resource: Resource) -> Result<SdkMeterProvider, StartError> {
    let mut builder = SdkMeterProvider::builder().with_resource(resource);
    if let Some(otlp) = &options.otlp {
        let exporter = MetricExporter::builder().with_http().with_protocol(Protocol::HttpBinary);
        let exporter = exporter.with_endpoint(endpoint(otlp, "v1/metrics")?).with_timeout(CALL).build()?;
        builder = builder.with_reader(PeriodicReader::builder(CountedMetrics::new(exporter)).build());
    }
    if options.prometheus {
        let registry = Registry::new();
        let text = opentelemetry_prometheus::exporter().with_registry(registry.clone());
        builder = builder.with_reader(text.scope_info_enabled(false).build()?);
        TEXT.get_or_init(|| registry);
    }
    Ok(builder.build())
}

/// All metrics in Prometheus's text format; `None` when that was not asked for.
pub fn text() -> Option<String> {
    let mut families = TEXT.get()?.gather();
    for family in families.iter_mut().filter(|family| family.get_field_type() == MetricType::GAUGE) {
        let name = text_name(family.name());
        family.set_name(name);
    }
    TextEncoder::new().encode_to_string(&families).ok()
}

impl Telemetry {
    /// What takes spans from `tracing`. Only our own spans are taken, whatever the level of the log, and no events:
    /// the log is their place.
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let tracer: SdkTracer = self.traces.tracer(metric::SCOPE);
        let layer: OpenTelemetryLayer<S, SdkTracer> = tracing_opentelemetry::layer().with_tracer(tracer);
        layer
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_level(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_filter(FilterFn::new(|about| {
                about.is_span() && about.target().starts_with(OURS) && *about.level() <= tracing::Level::INFO
            }))
    }

    /// Exports what waits, for a bounded time. Not to be called on a thread of the runtime that has other work.
    pub fn stop(self) {
        for (signal, ended) in [
            ("traces", self.traces.shutdown_with_timeout(FLUSH)),
            ("metrics", self.metrics.shutdown_with_timeout(FLUSH)),
        ] {
            if ended.is_err() {
                tracing::warn!(signal, "the telemetry collector did not take the last of it");
            }
        }
    }
}
