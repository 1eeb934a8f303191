//! Times and stretches on the command line. Pure.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::Args;
use uuid::Uuid;

/// Reads an instant: RFC 3339, or a day, which means its beginning in UTC.
pub(super) fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(day.and_time(NaiveTime::MIN).and_utc());
    }
    let instant = DateTime::parse_from_rfc3339(text)
        .map_err(|error| format!("{error}; write it like 2026-01-31T08:00:00Z, or a day like 2026-01-31"))?;
    Ok(instant.with_timezone(&Utc))
}

/// Reads a pause in seconds.
pub(super) fn pause(text: &str) -> Result<std::time::Duration, String> {
    let seconds: f64 = text.parse().map_err(|_wrong| "expected a number of seconds".to_owned())?;
    if !(0.05..=86_400.0).contains(&seconds) {
        return Err("expected 0.05 to 86400 seconds".to_owned());
    }
    Ok(std::time::Duration::from_secs_f64(seconds))
}

/// Waits between two looks at a daemon.
#[expect(
    clippy::disallowed_methods,
    reason = "a command that looks again and again has nothing else to do meanwhile"
)]
pub(super) fn wait(pause: std::time::Duration) {
    std::thread::sleep(pause);
}

/// Which connection: as an argument, or with `--connection`.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Target {
    /// The connection's id, as `tributary connections` shows it.
    #[arg(value_name = "ID")]
    id: Option<Uuid>,
    /// The same, by name.
    #[arg(long, value_name = "ID")]
    connection: Option<Uuid>,
}

impl Target {
    /// Its id.
    pub(super) fn id(&self) -> Uuid {
        self.id.or(self.connection).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_a_time_or_a_day() {
        let day = instant("2026-01-31").unwrap();
        assert_eq!(day, instant("2026-01-31T01:00:00+01:00").unwrap());
        for wrong in ["", "yesterday", "2026-13-01", "2026-01-31T08:00"] {
            assert!(instant(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_pause_is_neither_nothing_nor_endless() {
        assert_eq!(pause("0.5"), Ok(std::time::Duration::from_millis(500)));
        for wrong in ["0", "-1", "NaN", "inf", "soon", "90000"] {
            assert!(pause(wrong).is_err(), "{wrong}");
        }
    }
}
