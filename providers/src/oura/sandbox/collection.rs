//! The collections of the simulated Oura: routes, scopes, ranges, ids and pages.
//!
//! Says which documents belong to a request; what they hold is told elsewhere.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::NaiveDate;

/// How the end of a range of days is read. Measured at the real service for some collections; the others are not
/// documented and are taken as exclusive here, which asks more of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Inclusive,
    Exclusive,
}

/// A collection of documents.
#[derive(Debug)]
pub(super) struct Collection {
    /// In the path.
    pub(super) name: &'static str,
    /// In notifications.
    pub(super) data_type: &'static str,
    /// In document ids.
    pub(super) code: u16,
    /// One of them must be granted; none when any token will do.
    pub(super) scopes: &'static [&'static str],
    pub(super) end: End,
    pub(super) route: &'static str,
    pub(super) document_route: &'static str,
}

macro_rules! collection {
    ($name:literal, $data_type:literal, $code:literal, $scopes:expr, $end:ident) => {
        Collection {
            name: $name,
            data_type: $data_type,
            code: $code,
            scopes: &$scopes,
            end: End::$end,
            route: concat!("GET /v2/usercollection/", $name),
            document_route: concat!("GET /v2/usercollection/", $name, "/{document_id}"),
        }
    };
}

/// All of them.
pub(super) static COLLECTIONS: [Collection; 16] = [
    collection!("sleep", "sleep", 1, ["daily"], Exclusive),
    collection!("daily_sleep", "daily_sleep", 2, ["daily"], Inclusive),
    collection!("daily_readiness", "daily_readiness", 3, ["daily"], Inclusive),
    collection!("daily_activity", "daily_activity", 4, ["daily"], Exclusive),
    collection!("daily_stress", "daily_stress", 5, ["daily", "stress"], Inclusive),
    collection!("daily_resilience", "daily_resilience", 6, ["daily", "stress"], Inclusive),
    collection!(
        "daily_cardiovascular_age",
        "daily_cardiovascular_age",
        7,
        ["daily", "heart_health"],
        Inclusive
    ),
    collection!("vO2_max", "vo2_max", 8, ["daily", "heart_health"], Exclusive),
    collection!("sleep_time", "sleep_time", 9, ["daily"], Inclusive),
    collection!("daily_spo2", "daily_spo2", 10, ["spo2", "spo2Daily"], Inclusive),
    collection!("workout", "workout", 11, ["workout"], Exclusive),
    collection!("session", "session", 12, ["session"], Exclusive),
    collection!("enhanced_tag", "enhanced_tag", 13, ["tag"], Exclusive),
    collection!("tag", "tag", 14, ["tag"], Exclusive),
    collection!("rest_mode_period", "rest_mode_period", 15, ["daily"], Exclusive),
    collection!("ring_configuration", "ring_configuration", 16, [], Exclusive),
];

/// The collections that hold one document for each day.
pub(super) const OF_DAYS: [&str; 9] = [
    "daily_sleep",
    "daily_readiness",
    "daily_activity",
    "daily_stress",
    "daily_resilience",
    "daily_cardiovascular_age",
    "vO2_max",
    "sleep_time",
    "daily_spo2",
];

impl Collection {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        COLLECTIONS.iter().find(|collection| collection.name == name)
    }

    /// The id of a document.
    pub(super) fn id(&self, person: u32, subject: Subject) -> String {
        let number = match subject {
            Subject::Day(day) => day,
            Subject::Moment(number) => MOMENTS | u64::from(number),
        };
        format!("{person:08x}-{:04x}-4a2b-9d10-{number:012x}", self.code)
    }
}

/// The bit of an id's last group that tells moments from days.
const MOMENTS: u64 = 0x8000_0000_0000;

/// What a document is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    /// A day, in days of the common era.
    Day(u64),
    /// A moment, by its number.
    Moment(u32),
}

/// Person, collection and subject behind an id.
pub(super) fn parse_id(id: &str) -> Option<(u32, &'static Collection, Subject)> {
    let mut groups = id.split('-');
    let person = u32::from_str_radix(groups.next()?, 16).ok()?;
    let code = u16::from_str_radix(groups.next()?, 16).ok()?;
    let number = u64::from_str_radix(groups.nth(2)?, 16).ok()?;
    let collection = COLLECTIONS.iter().find(|collection| collection.code == code)?;
    let subject = match number & MOMENTS {
        0 => Subject::Day(number),
        _ => Subject::Moment(u32::try_from(number & !MOMENTS).ok()?),
    };
    (collection.id(person, subject) == id).then_some((person, collection, subject))
}

/// The user id that a person has.
pub(super) fn user_id(person: u32, seed: u64) -> String {
    format!("{person:08x}-0000-4a2b-9d10-{:012x}", seed & 0xffff_ffff_ffff)
}

/// Where a page ended, and the range that it was a page of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place<T> {
    pub(super) from: T,
    pub(super) to: T,
    pub(super) after: String,
}

impl<T: std::fmt::Display + std::str::FromStr> Place<T> {
    /// As `next_token`.
    pub(super) fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}|{}|{}", self.from, self.to, self.after))
    }

    pub(super) fn parse(token: &str) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let mut parts = text.splitn(3, '|');
        let from = parts.next()?.parse().ok()?;
        let to = parts.next()?.parse().ok()?;
        Some(Self { from, to, after: parts.next()?.to_owned() })
    }
}

/// What documents are sorted by; also as text in a `next_token`.
pub(super) fn sort_key(day: NaiveDate, subject: Subject) -> String {
    match subject {
        Subject::Day(_) => format!("{day}/0000000000"),
        Subject::Moment(number) => format!("{day}/{:010}", u64::from(number) + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_tokens_lead_back_to_what_they_were_made_of() {
        for collection in &COLLECTIONS {
            for subject in [Subject::Day(739_738), Subject::Moment(0), Subject::Moment(77)] {
                let (person, found, back) = parse_id(&collection.id(9, subject)).unwrap();
                assert_eq!((person, found.name, back), (9, collection.name, subject));
            }
        }
        assert!(parse_id("nonsense").is_none() && parse_id("00000009-00ff-4a2b-9d10-000000000001").is_none());
        assert!(parse_id("9-1-4a2b-9d10-1").is_none(), "another spelling is another id");
        let day = NaiveDate::from_ymd_opt(2026, 5, 2).unwrap();
        let place =
            Place { from: day, to: day.succ_opt().unwrap(), after: sort_key(day, Subject::Moment(3)) };
        assert_eq!(Place::parse(&place.token()), Some(place));
        assert_eq!(Place::<NaiveDate>::parse("bm9uc2Vuc2U"), None);
    }
}
