//! The kit of the benches: what they are asked, the rows that they print, medians, and what the machine says.
//!
//! A bench is a program: it measures in rounds, takes the raw limit in the same rounds, and prints one row for each
//! target to standard output; what it does meanwhile goes to standard error. It never fails for being slow.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "a bench prints, and its counts are far below 2^52"
)]

mod engine;
pub mod machine;
mod receiver;

use serde_json::json;

pub use engine::Engine;
pub use receiver::{Arrival, Counter};

/// What a bench is asked.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Small numbers, for a look in between.
    pub quick: bool,
    /// JSON lines instead of Markdown.
    pub json: bool,
}

impl Asked {
    /// From the arguments `--quick` and `--json`; `cargo bench` adds others, which mean nothing here.
    pub fn read() -> Self {
        let given = |name: &str| std::env::args().any(|argument| argument == name);
        Self { quick: given("--quick"), json: given("--json") }
    }

    /// The first in quick mode, else the second.
    pub fn of<T>(self, quick: T, full: T) -> T {
        if self.quick { quick } else { full }
    }
}

/// A target, in the unit of the row's value.
#[derive(Debug, Clone, Copy)]
pub enum Bar {
    /// The more the better.
    AtLeast(f64),
    /// The less the better.
    AtMost(f64),
}

impl Bar {
    fn met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bar) => value >= bar,
            Self::AtMost(bar) => value <= bar,
        }
    }

    fn text(self, unit: &str) -> String {
        match self {
            Self::AtLeast(bar) => format!("≥ {bar} {unit}"),
            Self::AtMost(bar) => format!("≤ {bar} {unit}"),
        }
    }
}

/// One line of the table.
#[derive(Debug, Clone)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// In words, with units.
    pub measured: String,
    /// The raw limit of the same run, in words.
    pub raw: String,
    /// What is held against the targets.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
    /// The least.
    pub least: Bar,
    /// The aim.
    pub aim: Bar,
}

impl Row {
    /// Prints it.
    pub fn print(&self, asked: Asked) {
        let reached = match (self.aim.met(self.value), self.least.met(self.value)) {
            (true, _) => "aim",
            (false, true) => "least",
            (false, false) => "missed",
        };
        if asked.json {
            let row = json!({
                "what": self.what, "measured": self.measured, "raw": self.raw, "value": self.value,
                "unit": self.unit, "least": self.least.text(self.unit), "aim": self.aim.text(self.unit),
                "reached": reached, "load": machine::load(),
            });
            println!("{row}");
        } else {
            let (least, aim) = (self.least.text(self.unit), self.aim.text(self.unit));
            println!(
                "| {} | {} | {} | {:.2} {} | {least} | {aim} | {reached} |",
                self.what, self.measured, self.raw, self.value, self.unit
            );
        }
    }
}

/// Says what a bench does, to standard error.
pub fn say(text: &str) {
    eprintln!("   {text}");
}

/// The middle value; 0 of nothing.
pub fn median(values: &[f64]) -> f64 {
    percentile(values, 50)
}

/// The smallest value that so many per cent of the values do not exceed.
pub fn percentile(values: &[f64], per_cent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let rank = (sorted.len() * per_cent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).copied().unwrap_or_default()
}

/// How many a second.
pub fn rate(count: usize, time: std::time::Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

/// A count as a number to reckon with.
pub const fn number(count: usize) -> f64 {
    count as f64
}
