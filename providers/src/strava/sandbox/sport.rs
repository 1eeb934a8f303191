//! The sports that simulated athletes do.
//!
//! Ranges are plausible, not measured.

/// A sport, with plausible ranges.
#[derive(Debug)]
pub(super) struct Sport {
    /// `sport_type`.
    pub(super) name: &'static str,
    /// The older `type`, which knows fewer sports.
    pub(super) older: &'static str,
    /// Terra's number for it.
    pub(super) terra: u32,
    pub(super) title: &'static str,
    /// mm/s; `(0, 0)` where nothing is covered.
    pub(super) speed: (u32, u32),
    pub(super) cadence: Option<(u32, u32)>,
    pub(super) outdoors: bool,
    pub(super) power: bool,
}

const fn sport(
    name: &'static str,
    older: &'static str,
    terra: u32,
    title: &'static str,
    speed: (u32, u32),
) -> Sport {
    Sport { name, older, terra, title, speed, cadence: None, outdoors: true, power: false }
}

pub(super) static SPORTS: [Sport; 9] = [
    Sport { cadence: Some((78, 92)), ..sport("Run", "Run", 8, "Run", (2_300, 4_200)) },
    Sport { cadence: Some((70, 88)), ..sport("TrailRun", "Run", 149, "Trail Run", (1_800, 3_200)) },
    Sport { cadence: Some((72, 96)), power: true, ..sport("Ride", "Ride", 1, "Ride", (5_200, 9_800)) },
    Sport {
        cadence: Some((75, 98)),
        power: true,
        outdoors: false,
        ..sport("VirtualRide", "VirtualRide", 18, "Virtual Ride", (6_000, 10_500))
    },
    sport("Walk", "Walk", 7, "Walk", (1_000, 1_700)),
    sport("Hike", "Hike", 35, "Hike", (800, 1_500)),
    Sport { outdoors: false, ..sport("Swim", "Swim", 82, "Swim", (500, 1_200)) },
    Sport { outdoors: false, ..sport("WeightTraining", "WeightTraining", 80, "Weight Training", (0, 0)) },
    Sport { outdoors: false, ..sport("Yoga", "Yoga", 100, "Yoga", (0, 0)) },
];
