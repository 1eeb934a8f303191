//! What the system says of this process and of the machine. Linux only; 0 where nothing is said.

use std::fs;
use std::time::Duration;

fn status(field: &str) -> usize {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    kibibytes.unwrap_or_default() * 1024
}

/// Memory that is resident now, in bytes.
pub fn resident() -> usize {
    status("VmRSS:")
}

/// The most that ever was resident, in bytes.
pub fn resident_peak() -> usize {
    status("VmHWM:")
}

/// Processor time that this process has used, in user and system mode. Unlike time on the wall, it does not grow
/// with what else the machine does.
pub fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.try_into().unwrap_or_default()
}

/// Processes that wanted to run, on average of the last minute.
pub fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().and_then(|field| field.parse().ok()).unwrap_or_default()
}
