//! What an exporter could not send is dropped and counted. Nothing here waits: a collector that is slow or gone costs
//! a bounded amount of memory and never holds up a sync or a delivery.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter, SpanProcessor};

use super::metric;

/// Spans.
const TRACES: &str = "traces";
/// Metrics.
const METRICS: &str = "metrics";

/// What is known of one exporter.
#[derive(Debug, Default)]
pub struct Account {
    waiting: AtomicUsize,
    is_failing: AtomicBool,
}

impl Account {
    /// Says once that the collector is gone, and once that it is back.
    fn note(&self, signal: &str, result: &OTelSdkResult) {
        match result {
            Ok(()) => {
                if self.is_failing.swap(false, Ordering::Relaxed) {
                    tracing::info!(signal, "the telemetry collector takes what it is sent again");
                }
            }
            Err(_) => {
                if !self.is_failing.swap(true, Ordering::Relaxed) {
                    tracing::warn!(
                        signal,
                        "the telemetry collector does not take what it is sent; it is dropped and counted"
                    );
                }
            }
        }
    }
}

/// A processor that lets at most `room` spans wait.
#[derive(Debug)]
pub struct Bounded<P> {
    inner: P,
    account: Arc<Account>,
    room: usize,
}

impl<P> Bounded<P> {
    /// Before `inner`, whose exporter keeps the same account.
    pub const fn new(inner: P, account: Arc<Account>, room: usize) -> Self {
        Self { inner, account, room }
    }
}

impl<P: SpanProcessor> SpanProcessor for Bounded<P> {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.inner.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.account.waiting.fetch_add(1, Ordering::Relaxed) < self.room {
            self.inner.on_end(span);
        } else {
            self.account.waiting.fetch_sub(1, Ordering::Relaxed);
            metric::DROPPED.add(1, [TRACES]);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

/// An exporter of spans that counts what did not arrive.
#[derive(Debug)]
pub struct CountedSpans<E> {
    inner: E,
    account: Arc<Account>,
}

impl<E> CountedSpans<E> {
    /// Around `inner`.
    pub const fn new(inner: E, account: Arc<Account>) -> Self {
        Self { inner, account }
    }
}

impl<E: SpanExporter> SpanExporter for CountedSpans<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        self.account.waiting.fetch_sub(count, Ordering::Relaxed);
        let result = self.inner.export(batch).await;
        if result.is_err() {
            metric::DROPPED.add(count, [TRACES]);
        }
        self.account.note(TRACES, &result);
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

/// An exporter of metrics that counts batches that did not arrive.
#[derive(Debug)]
pub struct CountedMetrics<E> {
    inner: E,
    account: Account,
}

impl<E> CountedMetrics<E> {
    /// Around `inner`.
    pub fn new(inner: E) -> Self {
        Self { inner, account: Account::default() }
    }
}

impl<E: PushMetricExporter> PushMetricExporter for CountedMetrics<E> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let result = self.inner.export(metrics).await;
        if result.is_err() {
            metric::DROPPED.add(1, [METRICS]);
        }
        self.account.note(METRICS, &result);
        result
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn temporality(&self) -> Temporality {
        self.inner.temporality()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use opentelemetry::trace::{Tracer as _, TracerProvider as _};
    use opentelemetry_sdk::trace::SdkTracerProvider;

    use super::*;

    /// Keeps what it gets and never hands it on.
    #[derive(Debug, Default)]
    struct Stuck(Arc<Mutex<Vec<SpanData>>>);

    impl SpanProcessor for Stuck {
        fn on_start(&self, _span: &mut Span, _context: &Context) {}

        fn on_end(&self, span: SpanData) {
            self.0.lock().unwrap().push(span);
        }

        fn force_flush(&self) -> OTelSdkResult {
            Ok(())
        }

        fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
            Ok(())
        }
    }

    #[test]
    fn a_collector_that_takes_nothing_costs_bounded_memory() {
        let stuck = Stuck::default();
        let kept = Arc::clone(&stuck.0);
        let bounded = Bounded::new(stuck, Arc::default(), 10);
        let provider = SdkTracerProvider::builder().with_span_processor(bounded).build();
        for _ in 0..1_000 {
            drop(provider.tracer("test").start("span"));
        }
        assert_eq!(kept.lock().unwrap().len(), 10);
    }
}
