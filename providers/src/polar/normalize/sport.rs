//! Polar's sports as activity types. The detailed name decides, then its family, then the plain name.

use tributary_contract::model::ActivityType;

/// The type of an exercise; Other for what has no match.
pub(super) fn kind(detailed: Option<&str>, plain: Option<&str>) -> ActivityType {
    detailed
        .and_then(|name| exact(name).or_else(|| family(name)))
        .or_else(|| plain.and_then(|name| exact(name).or_else(|| family(name))))
        .unwrap_or(ActivityType::Other)
}

fn exact(name: &str) -> Option<ActivityType> {
    use ActivityType as Type;
    Some(match name {
        "RUNNING" | "RUNNING_ROAD" => Type::Running,
        "TRAIL_RUNNING" | "RUNNING_TRAIL" => Type::TrailRunning,
        "RUNNING_TREADMILL" => Type::TreadmillRunning,
        "JOGGING" => Type::Jogging,
        "CYCLING" => Type::Biking,
        "CYCLING_ROAD" => Type::RoadBiking,
        "CYCLING_MOUNTAIN" | "CYCLING_MOUNTAIN_BIKE" => Type::MountainBiking,
        "INDOOR_CYCLING" => Type::StationaryBiking,
        "SWIMMING" | "AQUATICS_SWIMMING" => Type::Swimming,
        "SWIMMING_POOL" => Type::SwimmingInPool,
        "SWIMMING_OPEN_WATER" => Type::OpenWaterSwimming,
        "WALKING" => Type::Walking,
        "WALKING_NORDIC" => Type::NordicWalking,
        "HIKING" => Type::Hiking,
        "MOUNTAINEERING" => Type::Mountaineering,
        "WINTERSPORTS_CROSS_COUNTRY_SKIING" => Type::CrossCountrySkiing,
        "WINTERSPORTS_ALPINE_SKIING" | "WINTERSPORTS_DOWNHILL_SKIING" => Type::DownhillSkiing,
        "WINTERSPORTS_BACKCOUNTRY_SKIING" => Type::BackCountrySkiing,
        "WINTERSPORTS_SNOWBOARDING" => Type::Snowboarding,
        "WINTERSPORTS_SNOWSHOEING" => Type::Snowshoeing,
        "WINTERSPORTS_ICE_SKATING" => Type::IceSkating,
        "STRENGTH_TRAINING" => Type::StrengthTraining,
        "FITNESS_CARDIO" => Type::CardioTraining,
        "FITNESS_ELLIPTICAL" => Type::Elliptical,
        "FITNESS_INDOOR_ROWING" => Type::RowingMachine,
        "FITNESS_STAIR_CLIMBING" => Type::StairClimbing,
        "FITNESS_YOGA" => Type::Yoga,
        "FITNESS_PILATES" => Type::Pilates,
        "FITNESS_STRETCHING" => Type::Stretching,
        "WATERSPORTS_ROWING" => Type::Rowing,
        "WATERSPORTS_KAYAKING" => Type::Kayaking,
        "WATERSPORTS_CANOEING" => Type::Canoeing,
        "WATERSPORTS_STAND_UP_PADDLING" => Type::StandUpPaddleboarding,
        "WATERSPORTS_SURFING" => Type::Surfing,
        "WATERSPORTS_KITESURFING" => Type::Kitesurfing,
        "WATERSPORTS_WINDSURFING" => Type::Windsurfing,
        "WATERSPORTS_SAILING" => Type::Sailing,
        "WATERSPORTS_WATERSKI" => Type::WaterSkiing,
        "BASKETBALL" | "TEAMSPORTS_BASKETBALL" => Type::Basketball,
        "SOCCER" | "TEAMSPORTS_SOCCER" => Type::EnglishFootball,
        "TENNIS" | "RACKET_SPORTS_TENNIS" => Type::Tennis,
        "RACKET_SPORTS_BADMINTON" => Type::Badminton,
        "RACKET_SPORTS_SQUASH" => Type::Squash,
        "RACKET_SPORTS_TABLE_TENNIS" => Type::TableTennis,
        "RACKET_SPORTS_PADEL" => Type::PadelTennis,
        "INDOOR_CLIMBING" => Type::RockClimbing,
        "ORIENTEERING" => Type::Orienteering,
        "GOLF" => Type::Golf,
        "INLINE_SKATING" => Type::InlineSkating,
        "TRIATHLON" => Type::Triathlon,
        "DANCE" => Type::Dancing,
        "MULTISPORT" => Type::Multisport,
        _ => return None,
    })
}

fn family(name: &str) -> Option<ActivityType> {
    let families = [("TEAMSPORTS_", ActivityType::TeamSports), ("COMBAT_SPORTS_", ActivityType::MartialArts)];
    families.into_iter().find(|(prefix, _)| name.starts_with(prefix)).map(|(_, kind)| kind)
}
