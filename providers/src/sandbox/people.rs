//! Simulated people: who they are, where they live, what their habits are; and the dice that decide.
//!
//! The same seed gives the same people to every provider. Offsets are fixed: people live where clocks do not change.

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

/// Seeded dice. Equal seeds give equal throws.
#[derive(Debug, Clone)]
pub struct Chance(StdRng);

impl Chance {
    /// Dice for one purpose: the numbers say for whom and for what.
    pub fn of(seeds: &[u64]) -> Self {
        Self(StdRng::seed_from_u64(mixed(seeds)))
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        if low >= high { low } else { self.0.random_range(low..=high) }
    }

    /// Whether something with that probability happens.
    pub fn percent(&mut self, percent: u32) -> bool {
        self.between(1, 100) <= percent
    }

    /// A number from `low` to `high`, or nothing with that probability.
    pub fn maybe(&mut self, null_percent: u32, low: u32, high: u32) -> Option<u32> {
        let value = self.between(low, high);
        (!self.percent(null_percent)).then_some(value)
    }

    /// One of the choices.
    pub fn pick<T: Copy>(&mut self, choices: &[T], otherwise: T) -> T {
        let most = u32::try_from(choices.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let index = usize::try_from(self.between(0, most)).unwrap_or_default();
        choices.get(index).copied().unwrap_or(otherwise)
    }

    /// Forty hexadecimal digits.
    pub fn token(&mut self) -> String {
        format!(
            "{:016x}{:016x}{:08x}",
            self.0.random::<u64>(),
            self.0.random::<u64>(),
            self.0.random::<u32>()
        )
    }
}

/// One well-spread number out of several.
pub(crate) fn mixed(seeds: &[u64]) -> u64 {
    seeds.iter().fold(0x9E37_79B9_7F4A_7C15, |state, seed| {
        let mut word = state ^ seed.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 30)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    })
}

/// Where a person lives.
#[derive(Debug, PartialEq, Eq)]
pub struct Zone {
    /// Name of the time zone.
    pub name: &'static str,
    /// City.
    pub city: &'static str,
    /// State or region.
    pub state: &'static str,
    /// Country.
    pub country: &'static str,
    /// Minutes east of UTC, all year.
    pub offset_minutes: i32,
    /// Latitude in hundred-thousandths of a degree.
    pub latitude: i32,
    /// Longitude in hundred-thousandths of a degree.
    pub longitude: i32,
}

const fn zone(
    name: &'static str,
    place: (&'static str, &'static str, &'static str),
    offset_minutes: i32,
    (latitude, longitude): (i32, i32),
) -> Zone {
    Zone { name, city: place.0, state: place.1, country: place.2, offset_minutes, latitude, longitude }
}

static ZONES: [Zone; 14] = [
    zone("Atlantic/Reykjavik", ("Reykjavík", "Capital Region", "Iceland"), 0, (6_414_660, -2_194_260)),
    zone("Africa/Lagos", ("Lagos", "Lagos", "Nigeria"), 60, (652_440, 337_920)),
    zone("Europe/Istanbul", ("İstanbul", "Istanbul", "Türkiye"), 180, (4_100_820, 2_897_840)),
    zone("Asia/Kabul", ("Kabul", "Kabul", "Afghanistan"), 270, (3_455_530, 6_920_750)),
    zone("Asia/Kolkata", ("Pune", "Maharashtra", "India"), 330, (1_852_040, 7_385_670)),
    zone("Asia/Kathmandu", ("Kathmandu", "Bagmati", "Nepal"), 345, (2_771_720, 8_532_400)),
    zone("Asia/Tokyo", ("Yokohama", "Kanagawa", "Japan"), 540, (3_544_370, 13_963_800)),
    zone("Australia/Brisbane", ("Brisbane", "Queensland", "Australia"), 600, (-2_746_980, 15_302_510)),
    zone("Pacific/Kiritimati", ("London", "Line Islands", "Kiribati"), 840, (198_390, -15_747_500)),
    zone("Pacific/Pago_Pago", ("Pago Pago", "Eastern", "American Samoa"), -660, (-1_427_560, -17_070_200)),
    zone("Pacific/Honolulu", ("Honolulu", "Hawaii", "United States"), -600, (2_130_690, -15_785_830)),
    zone("America/Phoenix", ("Phoenix", "Arizona", "United States"), -420, (3_344_840, -11_207_400)),
    zone("America/Bogota", ("Bogotá", "Cundinamarca", "Colombia"), -300, (471_100, -7_407_210)),
    zone("America/Sao_Paulo", ("São Paulo", "São Paulo", "Brazil"), -180, (-2_355_050, -4_663_330)),
];

const FIRST_NAMES: [(&str, bool); 16] = [
    ("Amina", true),
    ("Björn", false),
    ("Chiara", true),
    ("Đức", false),
    ("Elif", true),
    ("Farid", false),
    ("Grace", true),
    ("Hiro", false),
    ("Inês", true),
    ("Jonas", false),
    ("Keiko", true),
    ("Luiz", false),
    ("Maya", true),
    ("Nikhil", false),
    ("Oluchi", true),
    ("Paul", false),
];
const LAST_NAMES: [&str; 12] = [
    "Adeyemi", "Björk", "Costa", "Demir", "Espinoza", "Fujita", "Gurung", "Haidari", "Ito", "Joshi",
    "Kealoha", "O'Neill",
];

/// A simulated person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Number from 0.
    pub number: u32,
    /// What the person's dice start from.
    pub seed: u64,
    /// Given name.
    pub first_name: &'static str,
    /// Family name.
    pub last_name: &'static str,
    /// Sex.
    pub female: bool,
    /// Age in years.
    pub age: u32,
    /// Home.
    pub zone: &'static Zone,
    /// Weight in tenths of a kilogram.
    pub weight_tenths: u32,
    /// Height in centimetres.
    pub height_cm: u32,
    /// Resting heart rate, bpm.
    pub resting_hr: u32,
    /// Highest heart rate, bpm.
    pub max_hr: u32,
    /// Functional threshold power, W.
    pub ftp: u32,
    /// Usual time of waking, minutes after midnight.
    pub wake_minute: u32,
    /// Usual time in bed, minutes.
    pub bed_minutes: u32,
    /// Usual steps of a day.
    pub steps: u32,
    /// Days between two workouts, in tenths.
    pub workouts_per_ten_days: u32,
}

impl Person {
    /// The person of that number.
    pub fn new(seed: u64, number: u32) -> Self {
        let seed = mixed(&[seed, 0x70_656f_706c, u64::from(number)]);
        let mut dice = Chance::of(&[seed]);
        let (first_name, female) = dice.pick(&FIRST_NAMES, ("Alex", false));
        let age = dice.between(19, 68);
        let [home, ..] = &ZONES;
        let zones: [&'static Zone; 14] = ZONES.each_ref();
        Self {
            number,
            seed,
            first_name,
            last_name: dice.pick(&LAST_NAMES, "Smith"),
            female,
            age,
            zone: dice.pick(&zones, home),
            weight_tenths: dice.between(480, 1_050),
            height_cm: dice.between(152, 198),
            resting_hr: dice.between(44, 66),
            max_hr: 220 - age + dice.between(0, 8),
            ftp: dice.between(140, 320),
            wake_minute: dice.between(330, 510),
            bed_minutes: dice.between(390, 540),
            steps: dice.between(4_000, 14_000),
            workouts_per_ten_days: dice.between(3, 9),
        }
    }

    /// Dice for one purpose of this person.
    pub fn dice(&self, purpose: u64, number: u64) -> Chance {
        Chance::of(&[self.seed, purpose, number])
    }

    /// How far the person's clock is ahead of UTC.
    pub fn ahead(&self) -> TimeDelta {
        TimeDelta::minutes(i64::from(self.zone.offset_minutes))
    }

    /// The same instant with the person's offset.
    pub fn localized(&self, instant: DateTime<Utc>) -> DateTime<FixedOffset> {
        let offset = FixedOffset::east_opt(self.zone.offset_minutes * 60);
        instant.with_timezone(&offset.unwrap_or(chrono::Offset::fix(&Utc)))
    }

    /// What the person's wall clock shows.
    pub fn wall_clock(&self, instant: DateTime<Utc>) -> NaiveDateTime {
        self.localized(instant).naive_local()
    }

    /// The instant at which the person's wall clock is that many minutes past the midnight that begins a day.
    pub fn instant(&self, day: NaiveDate, minutes: i64) -> DateTime<Utc> {
        (day.and_time(chrono::NaiveTime::MIN) + TimeDelta::minutes(minutes) - self.ahead()).and_utc()
    }

    /// The days of history before the day that begins last at `now`, oldest first.
    pub fn days_before(&self, now: DateTime<Utc>, days: u32) -> Vec<NaiveDate> {
        let today = self.wall_clock(now).date();
        (1..=u64::from(days)).rev().filter_map(|back| today.checked_sub_days(Days::new(back))).collect()
    }
}

/// The first `count` people.
pub fn people(seed: u64, count: u32) -> Vec<Person> {
    (0..count).map(|number| Person::new(seed, number)).collect()
}

/// A number without its fraction; 0 when negative.
pub(crate) fn whole(value: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturating is what is meant"
    )]
    let whole = value.round() as u32;
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_people_and_another_seed_others() {
        assert_eq!(people(7, 50), people(7, 50));
        assert_eq!(people(7, 50)[..10], people(7, 10)[..]);
        assert_ne!(people(7, 50), people(8, 50));
        let zones: std::collections::HashSet<&str> =
            people(7, 200).iter().map(|person| person.zone.name).collect();
        assert_eq!(zones.len(), ZONES.len());
    }

    #[test]
    fn a_local_midnight_is_the_instant_at_which_the_wall_clock_shows_it() {
        let day = NaiveDate::from_ymd_opt(2026, 5, 2).unwrap();
        for person in people(1, 30) {
            let instant = person.instant(day, 90);
            assert_eq!(person.wall_clock(instant), day.and_hms_opt(1, 30, 0).unwrap());
            assert_eq!(person.days_before(instant, 2).last(), day.pred_opt().as_ref());
        }
    }
}
