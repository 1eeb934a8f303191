//! Simulated athletes as the API tells them: profile, zones, statistics.

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::sandbox::ledger::Fact;
use crate::sandbox::people::Person;

use super::activity::{Activity, Truth};

fn joined(person: &Person) -> NaiveDate {
    let mut dice = person.dice(0x6a, 0);
    let year = i32::try_from(dice.between(2011, 2025)).unwrap_or(2019);
    NaiveDate::from_ymd_opt(year, dice.between(1, 12), dice.between(1, 28)).unwrap_or_default()
}

/// Some people do not say where they live.
fn says_place(person: &Person) -> bool {
    person.dice(0x6a, 1).percent(85)
}

pub(super) fn shoe() -> Value {
    json!({"id": "g1", "primary": true, "name": "Shoe", "resource_state": 2, "distance": 412_000})
}

/// The profile; `detailed` when the token may see weight and power.
pub(super) fn profile(person: &Person, detailed: bool) -> Value {
    let created = format!("{}T08:00:00Z", joined(person));
    let place = |text: &'static str| says_place(person).then_some(text);
    let mut profile = json!({
        "id": super::athlete_id(person.number),
        "username": null,
        "resource_state": if detailed { 3 } else { 2 },
        "firstname": person.first_name,
        "lastname": person.last_name,
        "bio": null,
        "city": place(person.zone.city),
        "state": place(person.zone.state),
        "country": place(person.zone.country),
        "sex": if person.female { "F" } else { "M" },
        "premium": false,
        "summit": false,
        "created_at": created,
        "updated_at": created,
        "badge_type_id": 0,
        "profile_medium": "avatar/athlete/medium.png",
        "profile": "avatar/athlete/large.png",
        "friend": null,
        "follower": null,
    });
    if let (true, Some(fields)) = (detailed, profile.as_object_mut()) {
        let more = json!({
            "follower_count": 12,
            "friend_count": 9,
            "measurement_preference": "meters",
            "ftp": person.ftp,
            "weight": f64::from(person.weight_tenths) / 10.0,
            "clubs": [],
            "bikes": [],
            "shoes": [shoe()],
        });
        if let Value::Object(more) = more {
            fields.extend(more);
        }
    }
    profile
}

/// Heart rate and power zones.
pub(super) fn zones(person: &Person) -> Value {
    let bounds = |top: u32, shares: [u32; 4]| {
        let mut zones = Vec::new();
        let mut low = 0;
        for share in shares {
            let high = top * share / 100;
            zones.push(json!({"min": low, "max": high}));
            low = high;
        }
        zones.push(json!({"min": low, "max": -1}));
        zones
    };
    json!({
        "heart_rate": {"custom_zones": false, "zones": bounds(person.max_hr, [60, 70, 80, 90])},
        "power": {"zones": bounds(person.ftp, [55, 75, 90, 105])},
    })
}

/// Totals of the last four weeks, of this year and of all time.
pub(super) fn statistics<'a>(
    activities: impl Iterator<Item = (&'a Activity, Truth)>,
    now: DateTime<Utc>,
) -> Value {
    let mut totals = [[(0_u32, [0.0; 4]); 3]; 3];
    for (activity, truth) in activities {
        let (sport, sums) = truth.totals(activity);
        let spans = [now - activity.start < TimeDelta::weeks(4), activity.start.year() == now.year(), true];
        let Some(row) = ["Ride", "Run", "Swim"].iter().position(|name| *name == sport) else { continue };
        for (total, _) in totals.get_mut(row).into_iter().flatten().zip(spans).filter(|(_, counts)| *counts) {
            total.0 += 1;
            total.1.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
        }
    }
    let mut stats = json!({"biggest_ride_distance": 0.0, "biggest_climb_elevation_gain": 0.0});
    for (sport, spans) in ["ride", "run", "swim"].iter().zip(totals) {
        for (span, (count, [distance, moving, elapsed, climb])) in ["recent", "ytd", "all"].iter().zip(spans)
        {
            let total = json!({"count": count, "distance": distance, "moving_time": moving, "elapsed_time": elapsed,
                "elevation_gain": climb, "achievement_count": 0});
            if let Some(fields) = stats.as_object_mut() {
                fields.insert(format!("{span}_{sport}_totals"), total);
            }
        }
    }
    stats
}

/// What must be true of Terra's athlete.
pub(super) fn facts(person: &Person) -> Vec<Fact> {
    let mut facts = vec![
        Fact::text("/provider_user_id", super::athlete_id(person.number).to_string()),
        Fact::text("/first_name", person.first_name),
        Fact::text("/last_name", person.last_name),
        Fact::text("/sex", if person.female { "female" } else { "male" }),
        Fact::date("/account_creation_date", joined(person)),
    ];
    if says_place(person) {
        facts.push(Fact::text("/city", person.zone.city));
        facts.push(Fact::text("/state", person.zone.state));
        facts.push(Fact::text("/country", person.zone.country));
    }
    facts
}
