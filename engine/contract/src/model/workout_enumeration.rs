//! The enums of workout templates and planned workouts.
//!
//! Templates use words, plans made at a provider use numbers; neither is ever renumbered.

use super::open_enum::{numeric_enum, text_enum};

text_enum! {
    /// What ends a step or a block.
    CompletionConditionType default Open {
        Time = "time",
        Distance = "distance",
        Hr = "hr",
        Calories = "calories",
        Open = "open",
        Power = "power",
        Reps = "reps",
        HrPercentage = "hr_percentage",
        PowerPercentage = "power_percentage",
        HrLessThan = "hr_less_than",
        HrGreaterThan = "hr_greater_than",
        HrPercentageLessThan = "hr_percentage_less_than",
        HrPercentageGreaterThan = "hr_percentage_greater_than",
        PowerLessThan = "power_less_than",
        PowerGreaterThan = "power_greater_than",
        PowerPercentageLessThan = "power_percentage_less_than",
        PowerPercentageGreaterThan = "power_percentage_greater_than",
    }
}

text_enum! {
    /// Kind of swim drill.
    DrillType {
        Kick = "kick",
        Pull = "pull",
        Drill = "drill",
    }
}

text_enum! {
    /// Where a workout takes place.
    EnvironmentType {
        Indoor = "indoor",
        Outdoor = "outdoor",
        Pool = "pool",
    }
}

numeric_enum! {
    /// Kind of strength exercise in a provider's plan.
    ExerciseCategory default Unknown {
        Unknown = 0 "Unknown",
        BenchPress = 1 "Bench press",
        CalfRaise = 2 "Calf raise",
        Cardio = 3 "Cardio",
        Carry = 4 "Carry",
        Chop = 5 "Chop",
        Core = 6 "Core",
        Crunch = 7 "Crunch",
        Curl = 8 "Curl",
        Deadlift = 9 "Deadlift",
        Flye = 10 "Flye",
        HipRaise = 11 "Hip raise",
        HipStability = 12 "Hip stability",
        HipSwing = 13 "Hip swing",
        Hyperextension = 14 "Hyperextension",
        LateralRaise = 15 "Lateral raise",
        LegCurl = 16 "Leg curl",
        LegRaise = 17 "Leg raise",
        Lunge = 18 "Lunge",
        OlympicLift = 19 "Olympic lift",
        Plank = 20 "Plank",
        Plyo = 21 "Plyo",
        PullUp = 22 "Pull up",
        PushUp = 23 "Push up",
        Row = 24 "Row",
        ShoulderPress = 25 "Shoulder press",
        ShoulderStability = 26 "Shoulder stability",
        Shrug = 27 "Shrug",
        SitUp = 28 "Sit up",
        Squat = 29 "Squat",
        TotalBody = 30 "Total body",
        TricepsExtension = 31 "Triceps extension",
        WarmUp = 32 "Warm up",
        Run = 33 "Run",
        Bike = 34 "Bike",
        CardioSensors = 35 "Cardio sensors",
    }
}

numeric_enum! {
    /// What ends a step of a provider's plan, and which field holds the value.
    PlannedDurationType default Open {
        Time = 0 "Time",
        DistanceMeters = 1 "Distance meters",
        HrLessThan = 2 "HR less than",
        HrGreaterThan = 3 "HR greater than",
        Calories = 4 "Calories",
        Open = 5 "Open",
        PowerLessThan = 6 "Power less than",
        PowerGreaterThan = 7 "Power greater than",
        RepetitionTime = 8 "Repetition time",
        Reps = 9 "Reps",
        FixedRest = 10 "Fixed rest",
        TimeAtValidCda = 11 "Time at valid CdA",
        Steps = 12 "Steps",
    }
}

numeric_enum! {
    /// Swim equipment in a provider's plan.
    PlannedEquipmentType {
        None = 0 "None",
        SwimFins = 1 "Swim fins",
        SwimKickboard = 2 "Swim kickboard",
        SwimPaddles = 3 "Swim paddles",
        SwimPullBuoy = 4 "Swim pull buoy",
        SwimSnorkel = 5 "Swim snorkel",
    }
}

numeric_enum! {
    /// What a step of a provider's plan is for.
    PlannedIntensity {
        Rest = 0 "Rest",
        Warmup = 1 "Warmup",
        Cooldown = 2 "Cooldown",
        Recovery = 3 "Recovery",
        Interval = 4 "Interval",
        Active = 5 "Active",
    }
}

numeric_enum! {
    /// Whether a step is single or a block.
    PlannedStepType {
        Step = 0 "Step",
        Repeat = 1 "Repeat",
    }
}

numeric_enum! {
    /// Swim stroke in a provider's plan.
    PlannedStrokeType {
        Backstroke = 0 "Backstroke",
        Breaststroke = 1 "Breaststroke",
        Drill = 2 "Drill",
        Butterfly = 3 "Butterfly",
        Freestyle = 4 "Freestyle",
        Mixed = 5 "Mixed",
        Im = 6 "IM",
    }
}

numeric_enum! {
    /// What is held in a step of a provider's plan.
    PlannedTargetType default Open {
        Speed = 0 "Speed",
        HeartRate = 1 "Heart rate",
        Open = 2 "Open",
        Cadence = 3 "Cadence",
        Power = 4 "Power",
        Grade = 5 "Grade",
        Resistance = 6 "Resistance",
        PowerLap = 7 "Power lap",
        SwimStroke = 8 "Swim stroke",
        SpeedLap = 9 "Speed lap",
        HeartRateLap = 10 "Heart rate lap",
        Pace = 11 "Pace",
        HeartRateThresholdPercentage = 12 "Heart rate threshold percentage",
        HeartRateMaxPercentage = 13 "Heart rate max percentage",
        SpeedPercentage = 14 "Speed percentage",
        PowerPercentage = 15 "Power percentage",
        Repetition = 16 "Repetition",
        Tss = 17 "TSS",
        IntensityFactor = 18 "Intensity factor",
    }
}

text_enum! {
    /// What is set on the equipment.
    StepControlType {
        Grade = "grade",
        Resistance = "resistance",
    }
}

text_enum! {
    /// Swim equipment.
    SwimEquipmentType {
        None = "none",
        SwimFins = "swim_fins",
        SwimKickboard = "swim_kickboard",
        SwimPaddles = "swim_paddles",
        SwimPullBuoy = "swim_pull_buoy",
        SwimSnorkel = "swim_snorkel",
    }
}

text_enum! {
    /// Swim stroke of a step.
    SwimStrokeType {
        Backstroke = "backstroke",
        Breaststroke = "breaststroke",
        Drill = "drill",
        Butterfly = "butterfly",
        Freestyle = "freestyle",
        Mixed = "mixed",
        Im = "im",
    }
}

text_enum! {
    /// Unit in which a weight is shown.
    WeightUnit {
        Kg = "kg",
        Lbs = "lbs",
    }
}

text_enum! {
    /// Sport of a template.
    WorkoutSport {
        Running = "running",
        Cycling = "cycling",
        Swimming = "swimming",
        Strength = "strength",
        Rowing = "rowing",
        Yoga = "yoga",
        Pilates = "pilates",
        Cardio = "cardio",
        TrailRunning = "trail_running",
        MountainBiking = "mountain_biking",
        BackcountrySkiing = "backcountry_skiing",
        Hiking = "hiking",
        Walking = "walking",
        Elliptical = "elliptical",
        StairClimbing = "stair_climbing",
    }
}

text_enum! {
    /// What a step is for.
    WorkoutStepIntensity {
        Rest = "rest",
        Warmup = "warmup",
        Cooldown = "cooldown",
        Recovery = "recovery",
        Active = "active",
    }
}

text_enum! {
    /// What is held in a step.
    WorkoutStepTargetType default Open {
        Speed = "speed",
        HeartRate = "heart_rate",
        Open = "open",
        Cadence = "cadence",
        Power = "power",
        SwimStroke = "swim_stroke",
        SpeedLap = "speed_lap",
        HeartRateLap = "heart_rate_lap",
        Pace = "pace",
        HeartRateThresholdPercentage = "heart_rate_threshold_percentage",
        HeartRateMaxPercentage = "heart_rate_max_percentage",
    }
}
