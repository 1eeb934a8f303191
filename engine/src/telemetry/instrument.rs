//! What an instrument is made of. Values come from call sites as plain numbers and short words, and go to the meter
//! that [`Instrument::install`] was given; before that, recording costs one load and nothing is allocated.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use opentelemetry::KeyValue;
use opentelemetry::metrics as otel;

/// How an instrument counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A sum that only grows.
    Counter,
    /// Durations, sorted into buckets.
    Histogram,
    /// A level that is looked at.
    Gauge,
}

impl Kind {
    /// Its word in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Histogram => "histogram",
            Self::Gauge => "gauge",
        }
    }
}

/// What an instrument is called and what it says.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Its name.
    pub name: &'static str,
    /// Its unit, as in UCUM.
    pub unit: &'static str,
    /// What it says.
    pub help: &'static str,
}

/// Any instrument.
pub trait Instrument: Sync {
    /// Name, unit and meaning.
    fn about(&self) -> &About;
    /// How it counts.
    fn kind(&self) -> Kind;
    /// Its label keys; each has a bounded set of values.
    fn labels(&self) -> &[&'static str];
    /// Records to this meter from now on. The first meter stays.
    fn install(&'static self, meter: &otel::Meter);

    /// Its name in Prometheus's text.
    fn prometheus_name(&self) -> String {
        let name = text_name(&self.about().name.replace('.', "_"));
        let unit = match self.about().unit {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",
        };
        let suffix = if self.kind() == Kind::Counter { "_total" } else { "" };
        format!("{name}{unit}{suffix}")
    }
}

/// In Prometheus's text `_count` belongs to histograms alone, so a level that is called so is put into the plural.
pub(super) fn text_name(name: &str) -> String {
    let Some(one) = name.strip_suffix("_count") else { return name.to_owned() };
    one.strip_suffix('y').map_or_else(|| format!("{one}s"), |stem| format!("{stem}ies"))
}

/// Labels with their values; an empty value is left out.
fn attributes(keys: &[&'static str], values: &[&str]) -> Vec<KeyValue> {
    let pairs = keys.iter().zip(values).filter(|(_, value)| !value.is_empty());
    pairs.map(|(key, value)| KeyValue::new(*key, (*value).to_owned())).collect()
}

/// A sum that only grows.
pub struct Counter<const N: usize> {
    about: About,
    labels: [&'static str; N],
    total: AtomicU64,
    on: OnceLock<otel::Counter<u64>>,
}

impl<const N: usize> Counter<N> {
    pub(super) const fn new(about: About, labels: [&'static str; N]) -> Self {
        Self { about, labels, total: AtomicU64::new(0), on: OnceLock::new() }
    }

    /// What was added since the start of the process, whatever the labels.
    pub fn value(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// Adds `count`, with one value for each label.
    pub fn add(&self, count: usize, values: [&str; N]) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.total.fetch_add(count, Ordering::Relaxed);
        if let Some(counter) = self.on.get().filter(|_| count > 0) {
            counter.add(count, &attributes(&self.labels, &values));
        }
    }
}

impl<const N: usize> Instrument for Counter<N> {
    fn about(&self) -> &About {
        &self.about
    }

    fn kind(&self) -> Kind {
        Kind::Counter
    }

    fn labels(&self) -> &[&'static str] {
        &self.labels
    }

    fn install(&'static self, meter: &otel::Meter) {
        self.on.get_or_init(|| {
            let builder = meter.u64_counter(self.about.name).with_unit(self.about.unit);
            builder.with_description(self.about.help).build()
        });
    }
}

/// Durations.
pub struct Histogram<const N: usize> {
    about: About,
    labels: [&'static str; N],
    buckets: &'static [f64],
    on: OnceLock<otel::Histogram<f64>>,
}

impl<const N: usize> Histogram<N> {
    pub(super) const fn new(about: About, labels: [&'static str; N], buckets: &'static [f64]) -> Self {
        Self { about, labels, buckets, on: OnceLock::new() }
    }

    /// Records a duration, with one value for each label.
    pub fn record(&self, duration: std::time::Duration, values: [&str; N]) {
        if let Some(histogram) = self.on.get() {
            histogram.record(duration.as_secs_f64(), &attributes(&self.labels, &values));
        }
    }
}

impl<const N: usize> Instrument for Histogram<N> {
    fn about(&self) -> &About {
        &self.about
    }

    fn kind(&self) -> Kind {
        Kind::Histogram
    }

    fn labels(&self) -> &[&'static str] {
        &self.labels
    }

    fn install(&'static self, meter: &otel::Meter) {
        self.on.get_or_init(|| {
            let builder = meter.f64_histogram(self.about.name).with_unit(self.about.unit);
            let builder = builder.with_boundaries(self.buckets.to_vec());
            builder.with_description(self.about.help).build()
        });
    }
}

/// One row of a level: values of the labels, and the level.
pub type Row<const N: usize> = ([String; N], f64);

/// A level. Whoever knows it writes all its rows at once; whoever exports it reads them.
pub struct Gauge<const N: usize> {
    about: About,
    labels: [&'static str; N],
    rows: Mutex<Option<Arc<[Row<N>]>>>,
    on: OnceLock<otel::ObservableGauge<f64>>,
}

impl<const N: usize> Gauge<N> {
    pub(super) const fn new(about: About, labels: [&'static str; N]) -> Self {
        Self { about, labels, rows: Mutex::new(None), on: OnceLock::new() }
    }

    /// Replaces all rows; what is not among them is not exported any more.
    pub fn set(&self, rows: Vec<Row<N>>) {
        *self.rows.lock().unwrap_or_else(PoisonError::into_inner) = Some(rows.into());
    }
}

impl<const N: usize> Instrument for Gauge<N> {
    fn about(&self) -> &About {
        &self.about
    }

    fn kind(&self) -> Kind {
        Kind::Gauge
    }

    fn labels(&self) -> &[&'static str] {
        &self.labels
    }

    fn install(&'static self, meter: &otel::Meter) {
        self.on.get_or_init(|| {
            let look = |observer: &dyn otel::AsyncInstrument<f64>| {
                let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner).clone();
                for (values, level) in rows.iter().flat_map(|rows| rows.iter()) {
                    let values: Vec<&str> = values.iter().map(String::as_str).collect();
                    observer.observe(*level, &attributes(&self.labels, &values));
                }
            };
            let builder = meter.f64_observable_gauge(self.about.name).with_unit(self.about.unit);
            builder.with_description(self.about.help).with_callback(look).build()
        });
    }
}
