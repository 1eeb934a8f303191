//! How much memory the engine's process has, over the time of the demo. Read from `/proc`; nothing where there is none.

use std::fs;

use serde_json::{Value, json};

/// Points of the series that is shown; more are thinned out.
const SHOWN: usize = 30;
const KIBIBYTES_PER_MEBIBYTE: f64 = 1024.0;

/// Samples in the order of time.
#[derive(Debug, Clone, Default)]
pub(super) struct Memory {
    /// Second of the demo, and MiB.
    samples: Vec<(u32, f64)>,
}

impl Memory {
    /// Looks at a process now.
    pub(super) fn look(&mut self, second: u32, process: Option<u32>) {
        if let Some(resident) = process.and_then(resident) {
            self.samples.push((second, resident));
        }
    }

    /// The means of the first and of the last third, and the most; nothing without samples.
    fn summary(&self) -> Option<(f64, f64, f64)> {
        let third = self.samples.len().div_ceil(3);
        let first = mean(self.samples.get(..third)?)?;
        let last = mean(self.samples.get(self.samples.len() - third..)?)?;
        let most = self.samples.iter().map(|(_, resident)| *resident).fold(0.0, f64::max);
        Some((first, last, most))
    }

    /// For a program.
    pub(super) fn to_json(&self) -> Value {
        let Some((first, last, most)) = self.summary() else { return Value::Null };
        let step = self.samples.len().div_ceil(SHOWN).max(1);
        let series: Vec<Value> = self
            .samples
            .iter()
            .step_by(step)
            .map(|(second, mebibytes)| json!([second, tenth(*mebibytes)]))
            .collect();
        json!({
            "first_third_mib": tenth(first),
            "last_third_mib": tenth(last),
            "most_mib": tenth(most),
            "series_s_mib": series,
        })
    }

    /// For people; empty without samples.
    pub(super) fn line(&self) -> String {
        let Some((first, last, most)) = self.summary() else { return String::new() };
        format!(
            "engine's memory: {first:.0} MiB in the first third of the time, {last:.0} MiB in the last, {most:.0} MiB at most"
        )
    }
}

fn mean(samples: &[(u32, f64)]) -> Option<f64> {
    let count = u32::try_from(samples.len()).ok().filter(|count| *count > 0)?;
    Some(samples.iter().map(|(_, resident)| resident).sum::<f64>() / f64::from(count))
}

fn tenth(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

/// Resident memory of a process, MiB.
fn resident(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.split_whitespace().next()?;
    Some(f64::from(kibibytes.parse::<u32>().ok()?) / KIBIBYTES_PER_MEBIBYTE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_shows_as_a_difference_between_the_first_third_and_the_last() {
        let samples = (0..90).map(|second| (second, f64::from(second))).collect();
        let memory = Memory { samples };
        let json = memory.to_json();
        assert_eq!((&json["first_third_mib"], &json["last_third_mib"]), (&json!(14.5), &json!(74.5)));
        assert_eq!(json["most_mib"], json!(89.0));
        assert_eq!(json["series_s_mib"].as_array().unwrap().len(), SHOWN);
        assert_eq!(Memory::default().to_json(), Value::Null);
        assert_eq!(Memory::default().line(), "");
    }

    #[test]
    fn a_process_that_is_there_has_memory_and_one_that_is_not_has_none() {
        let mut memory = Memory::default();
        memory.look(0, Some(std::process::id()));
        memory.look(1, None);
        memory.look(2, Some(u32::MAX));
        assert_eq!(memory.samples.len(), 1);
        assert!(memory.samples[0].1 > 1.0);
    }
}
