//! The sport of a workout: sport and sub-sport of the profile to the one sport of the model.
//!
//! The finer word decides; a sport without match is `Other`, a missing one `Unknown`.

use rustyfit::profile::typedef::{Sport, SubSport};
use tributary_contract::model::ActivityType;

/// The model's sport of the two numbers.
pub(super) fn activity_type((sport, sub_sport): (Option<i64>, Option<i64>)) -> ActivityType {
    let Some(sport) = sport.and_then(|number| u8::try_from(number).ok()).map(Sport) else {
        return ActivityType::Unknown;
    };
    let sub_sport =
        sub_sport.and_then(|number| u8::try_from(number).ok()).map_or(SubSport::GENERIC, SubSport);
    finer(sport, sub_sport).unwrap_or_else(|| coarse(sport))
}

/// Whether strides are counted.
pub(super) fn is_on_foot(sport: Option<i64>) -> bool {
    let on_foot = [Sport::RUNNING, Sport::WALKING, Sport::HIKING, Sport::MOUNTAINEERING, Sport::SNOWSHOEING];
    on_foot.iter().any(|known| sport == Some(known.0.into()))
}

/// Whether strokes are counted.
pub(super) fn is_swimming(sport: Option<i64>) -> bool {
    sport == Some(Sport::SWIMMING.0.into())
}

fn finer(sport: Sport, sub_sport: SubSport) -> Option<ActivityType> {
    use ActivityType as A;
    Some(match (sport, sub_sport) {
        (Sport::RUNNING, SubSport::TREADMILL | SubSport::VIRTUAL_ACTIVITY) => A::TreadmillRunning,
        (Sport::RUNNING, SubSport::TRAIL) => A::TrailRunning,
        (Sport::RUNNING, SubSport::INDOOR_RUNNING) => A::IndoorRunning,
        (Sport::WALKING, SubSport::TREADMILL) => A::TreadmillWalking,
        (Sport::CYCLING, SubSport::SPIN) => A::Spinning,
        (Sport::CYCLING, SubSport::INDOOR_CYCLING | SubSport::VIRTUAL_ACTIVITY) => A::StationaryBiking,
        (Sport::CYCLING, SubSport::ROAD) => A::RoadBiking,
        (Sport::CYCLING, SubSport::MOUNTAIN | SubSport::DOWNHILL) => A::MountainBiking,
        (Sport::CYCLING, SubSport::HAND_CYCLING | SubSport::INDOOR_HAND_CYCLING) => A::HandBiking,
        (Sport::CYCLING, SubSport::COMMUTING) => A::UtilityBiking,
        (Sport::CYCLING, SubSport::GRAVEL_CYCLING) => A::GravelCycling,
        (Sport::CYCLING | Sport::E_BIKING, SubSport::E_BIKE_MOUNTAIN | SubSport::E_BIKE_ENDURO) => {
            A::EMountainBiking
        }
        (Sport::CYCLING, SubSport::E_BIKE_FITNESS) => A::EBiking,
        (Sport::SWIMMING, SubSport::LAP_SWIMMING) => A::SwimmingInPool,
        (Sport::SWIMMING, SubSport::OPEN_WATER) => A::OpenWaterSwimming,
        (Sport::FITNESS_EQUIPMENT, SubSport::TREADMILL) => A::Treadmill,
        (Sport::ALPINE_SKIING | Sport::SNOWBOARDING, SubSport::BACKCOUNTRY) => A::BackCountrySkiing,
        (Sport::MULTISPORT, SubSport::TRIATHLON | SubSport::POOL_TRIATHLON) => A::Triathlon,
        (Sport::RACKET, SubSport::PADEL) => A::PadelTennis,
        (Sport::RACKET, SubSport::SQUASH) => A::Squash,
        (Sport::RACKET, SubSport::BADMINTON) => A::Badminton,
        (Sport::RACKET, SubSport::RACQUETBALL) => A::Racquetball,
        (Sport::RACKET, SubSport::TABLE_TENNIS) => A::TableTennis,
        (Sport::FLYING, SubSport::FLY_PARAGLIDE) => A::Paragliding,
        (Sport::ROWING | Sport::FITNESS_EQUIPMENT, SubSport::INDOOR_ROWING)
        | (Sport::ROWING, SubSport::VIRTUAL_ACTIVITY) => A::RowingMachine,
        // These say what it was whatever stands in front of them.
        (_, SubSport::ELLIPTICAL) => A::Elliptical,
        (_, SubSport::STAIR_CLIMBING) => A::StairClimbingMachine,
        (_, SubSport::FLEXIBILITY_TRAINING) => A::Stretching,
        (_, SubSport::STRENGTH_TRAINING) => A::StrengthTraining,
        (_, SubSport::CARDIO_TRAINING) => A::CardioTraining,
        (_, SubSport::YOGA) => A::Yoga,
        (_, SubSport::PILATES) => A::Pilates,
        (_, SubSport::BREATHING) => A::GuidedBreathing,
        (_, SubSport::INDOOR_CLIMBING | SubSport::BOULDERING) => A::RockClimbing,
        (_, SubSport::HIIT | SubSport::AMRAP | SubSport::EMOM | SubSport::TABATA) => A::Hiit,
        (_, SubSport::INDOOR_SKIING) => A::Skiing,
        (Sport::CYCLING, SubSport::ENDURO) => A::MountainBiking,
        _ => return None,
    })
}

fn coarse(sport: Sport) -> ActivityType {
    use ActivityType as A;
    match sport {
        Sport::GENERIC | Sport::ALL => A::Unknown,
        Sport::RUNNING => A::Running,
        Sport::CYCLING => A::Biking,
        Sport::SWIMMING => A::Swimming,
        Sport::BASKETBALL => A::Basketball,
        Sport::SOCCER => A::EnglishFootball,
        Sport::TENNIS => A::Tennis,
        Sport::AMERICAN_FOOTBALL => A::AmericanFootball,
        Sport::WALKING => A::Walking,
        Sport::CROSS_COUNTRY_SKIING => A::CrossCountrySkiing,
        Sport::ALPINE_SKIING => A::DownhillSkiing,
        Sport::SNOWBOARDING => A::Snowboarding,
        Sport::ROWING => A::Rowing,
        Sport::MOUNTAINEERING => A::Mountaineering,
        Sport::HIKING => A::Hiking,
        Sport::MULTISPORT => A::Multisport,
        Sport::PADDLING => A::Paddling,
        Sport::FLYING => A::Flying,
        Sport::E_BIKING => A::EBiking,
        Sport::MOTORCYCLING => A::Motorbiking,
        Sport::BOATING => A::PowerBoating,
        Sport::DRIVING => A::Driving,
        Sport::GOLF => A::Golf,
        Sport::HANG_GLIDING => A::HangGliding,
        Sport::HORSEBACK_RIDING => A::HorsebackRiding,
        Sport::FISHING => A::Fishing,
        Sport::INLINE_SKATING => A::InlineSkating,
        Sport::ROCK_CLIMBING => A::RockClimbing,
        Sport::SAILING => A::Sailing,
        Sport::ICE_SKATING => A::IceSkating,
        Sport::SKY_DIVING => A::SkyDiving,
        Sport::SNOWSHOEING => A::Snowshoeing,
        Sport::SNOWMOBILING => A::Snowmobile,
        Sport::STAND_UP_PADDLEBOARDING => A::StandUpPaddleboarding,
        Sport::SURFING => A::Surfing,
        Sport::WAKEBOARDING => A::Wakeboarding,
        Sport::WATER_SKIING => A::WaterSkiing,
        Sport::KAYAKING => A::Kayaking,
        Sport::WINDSURFING => A::Windsurfing,
        Sport::KITESURFING => A::Kitesurfing,
        Sport::BOXING => A::Boxing,
        Sport::FLOOR_CLIMBING => A::StairClimbing,
        Sport::BASEBALL => A::Baseball,
        Sport::DIVING => A::Diving,
        Sport::HIIT => A::Hiit,
        Sport::WHEELCHAIR_PUSH_WALK | Sport::WHEELCHAIR_PUSH_RUN => A::Wheelchair,
        Sport::MEDITATION => A::Meditation,
        Sport::DISC_GOLF => A::Frisbee,
        Sport::TEAM_SPORT => A::TeamSports,
        Sport::CRICKET => A::Cricket,
        Sport::RUGBY => A::Rugby,
        Sport::HOCKEY => A::Hockey,
        Sport::LACROSSE => A::Lacrosse,
        Sport::VOLLEYBALL => A::Volleyball,
        Sport::ARCHERY => A::Archery,
        Sport::MIXED_MARTIAL_ARTS => A::MixedMartialArts,
        Sport::MOTOR_SPORTS => A::MotorRacing,
        Sport::DANCE => A::Dancing,
        Sport::JUMP_ROPE => A::JumpingRope,
        Sport::CANOEING => A::Canoeing,
        // Transitions, equipment and training without a finer word among them.
        _ => A::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published numbers: sport/sub-sport of FIT, then the model's.
    const PAIRS: &str = "1/0 8, 1/1 58, 1/3 149, 1/4 8, 1/45 133, 2/0 1, 2/5 17, 2/6 18, 2/7 16, 2/8 15, 2/11 1, \
        2/12 14, 2/46 150, 2/48 19, 2/58 18, 21/0 152, 21/47 153, 2/28 152, 3/0 108, 4/1 88, 4/14 54, 4/15 25, \
        4/16 78, 5/0 82, 5/17 83, 5/18 84, 7/0 29, 10/20 80, 10/26 123, 10/43 100, 10/44 49, 10/0 108, 11/0 7, \
        11/31 7, 12/0 67, 13/0 68, 13/37 66, 15/0 53, 15/14 54, 17/0 35, 18/78 126, 18/0 151, 31/69 52, 62/0 114, \
        64/85 134, 64/94 76, 64/95 10, 64/97 85, 64/84 108, 67/0 45, 71/0 23, 83/0 24, 84/0 39, 0/0 4, 250/0 108";

    #[test]
    fn every_listed_sport_has_its_number() {
        for pair in PAIRS.split(", ") {
            let (fit, code) = pair.trim().split_once(' ').unwrap();
            let (sport, sub_sport) = fit.split_once('/').unwrap();
            let both = (sport.parse().ok(), sub_sport.parse().ok());
            assert_eq!(activity_type(both).code().to_string(), code, "{fit}");
        }
        assert_eq!(activity_type((None, Some(7))), ActivityType::Unknown);
    }
}
