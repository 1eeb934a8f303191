//! The enums of the records.
//!
//! Published numbers and words, open for new ones; none is ever renumbered.

use super::open_enum::{numeric_enum, text_enum};

numeric_enum! {
    /// Result of a check for atrial fibrillation.
    AFibFlag {
        Negative = 0 "Negative",
        Positive = 1 "Positive",
        Inconclusive = 2 "Inconclusive",
    }
}

numeric_enum! {
    /// Intensity of movement.
    ActivityLevel default Unknown {
        Unknown = 0 "Unknown",
        Rest = 1 "Rest",
        Inactive = 2 "Inactive",
        LowIntensity = 3 "Low Intensity",
        MediumIntensity = 4 "Medium Intensity",
        HighIntensity = 5 "High Intensity",
    }
}

text_enum! {
    /// What kind of data a device fed.
    DeviceDataType {
        Steps = "STEPS",
        ActiveMinutes = "ACTIVE_MINUTES",
        Bmr = "BMR",
        Calories = "CALORIES",
        Distance = "DISTANCE",
        HeartRate = "HEART_RATE",
        OxygenSaturation = "OXYGEN_SATURATION",
        SleepType = "SLEEP_TYPE",
        Speed = "SPEED",
        Cadence = "CADENCE",
    }
}

numeric_enum! {
    /// Where a glucose reading lies.
    GlucoseFlag {
        Normal = 0 "Normal",
        High = 1 "High",
        Low = 2 "Low",
    }
}

numeric_enum! {
    /// Kind of observation.
    HealthObservationCategory default Unspecified {
        Unspecified = 0 "Unspecified",
        Symptom = 1 "Symptom",
        ReproductiveHealth = 2 "Reproductive Health",
        SelfCare = 3 "Self Care",
        Medication = 4 "Medication",
        LabHealthMetrics = 5 "Lab & Health Metrics",
        StateOfMind = 6 "State of Mind",
        DeviceEvent = 7 "Device Event",
        Clinical = 8 "Clinical",
    }
}

numeric_enum! {
    /// What the user did at a heart rate reading.
    HeartRateContext default NotSet {
        NotSet = 0 "Not Set",
        Active = 1 "Active",
        NotActive = 2 "Not Active",
    }
}

numeric_enum! {
    /// Heart rate zone; documents the numbers of [`super::HeartRateZoneData::zone`].
    HeartRateZone {
        Zone0 = 0 "Zone 0",
        Zone1 = 1 "Zone 1",
        Zone2 = 2 "Zone 2",
        Zone3 = 3 "Zone 3",
        Zone4 = 4 "Zone 4",
        Zone5 = 5 "Zone 5",
        Other = 6 "Other",
    }
}

numeric_enum! {
    /// What a ketone reading was taken from.
    KetoneSampleType default Unknown {
        Unknown = 0 "Unknown",
        Blood = 1 "Blood",
        Urine = 2 "Urine",
        Breath = 3 "Breath",
    }
}

numeric_enum! {
    /// Which meal of the day.
    MealType default Unknown {
        Unknown = 0 "Unknown",
        Breakfast = 1 "Breakfast",
        MorningSnack = 2 "Morning Snack",
        Lunch = 3 "Lunch",
        AfternoonSnack = 4 "Afternoon Snack",
        Dinner = 5 "Dinner",
        Snack = 6 "Snack",
    }
}

numeric_enum! {
    /// Strength of flow.
    MenstruationFlow default Unknown {
        Unknown = 0 "Unknown",
        None = 1 "None",
        Light = 2 "Light",
        Medium = 3 "Medium",
        Heavy = 4 "Heavy",
        Had = 5 "Had",
    }
}

numeric_enum! {
    /// Phase of the cycle.
    MenstruationInterval default Unknown {
        Unknown = 0 "Unknown",
        Period = 1 "Period",
        Follicular = 2 "Follicular",
        FertileWindow = 3 "Fertile Window",
        Ovulation = 4 "Ovulation",
        Luteal = 5 "Luteal",
        Pms = 6 "PMS",
        FirstTrimester = 7 "First Trimester",
        SecondTrimester = 8 "Second Trimester",
        ThirdTrimester = 9 "Third Trimester",
    }
}

numeric_enum! {
    /// Unit of an amount of food or drink.
    NutritionUnits default Unknown {
        Unknown = 0 "Unknown",
        Gram = 1 "Gram",
        Teaspoon = 2 "Teaspoon",
        Tablespoon = 3 "Tablespoon",
        Cup = 4 "Cup",
        MediumEgg = 5 "Medium Egg",
        LargeEgg = 6 "Large Egg",
        SmallEgg = 7 "Small Egg",
        Milliliter = 8 "Milliliter",
        Ounce = 9 "Ounce",
        Count = 10 "Count",
        Scoop = 11 "Scoop",
        FluidOunce = 12 "Fluid Ounce",
    }
}

numeric_enum! {
    /// How strong a symptom is.
    ObservationSeverity default Unspecified {
        Unspecified = 0 "Unspecified",
        NotPresent = 1 "Not Present",
        Mild = 2 "Mild",
        Moderate = 3 "Moderate",
        Severe = 4 "Severe",
    }
}

numeric_enum! {
    /// State of an observation. [`ObservationStatus::EnteredInError`] withdraws it.
    ObservationStatus default Unspecified {
        Unspecified = 0 "Unspecified",
        Final = 1 "Final",
        Amended = 2 "Amended",
        EnteredInError = 3 "Entered In Error",
    }
}

numeric_enum! {
    /// Which field of an observation's value counts.
    ObservationValueType default None {
        None = 0 "None",
        Quantity = 1 "Quantity",
        Boolean = 2 "Boolean",
        String = 3 "String",
        Code = 4 "Code",
    }
}

numeric_enum! {
    /// Where oxygen saturation was measured.
    OxygenSaturationType {
        Blood = 0 "Blood",
        Muscle = 1 "Muscle",
    }
}

numeric_enum! {
    /// Recovery in words; documents the numbers of [`super::ReadinessData::recovery_level`] in older data.
    RecoveryLevel default Unknown {
        Unknown = 0 "Unknown",
        VeryPoor = 1 "Very Poor",
        Poor = 2 "Poor",
        Compromised = 3 "Compromised",
        Ok = 4 "Ok",
        Good = 5 "Good",
        VeryGood = 6 "Very Good",
    }
}

numeric_enum! {
    /// Stage of sleep.
    SleepLevel default Unknown {
        Unknown = 0 "Unknown",
        Awake = 1 "Awake",
        Sleeping = 2 "Sleeping",
        OutOfBed = 3 "Out of bed",
        LightSleep = 4 "Light sleep",
        DeepSleep = 5 "Deep sleep",
        RemSleep = 6 "REM sleep",
    }
}

numeric_enum! {
    /// How a sleep session was captured. Its numbers differ from [`UploadType`].
    SleepUploadType default Unknown {
        Unknown = 0 "Unknown",
        Manual = 1 "Manual",
        Automatic = 2 "Automatic",
        Tentative = 3 "Tentative",
        Indeterminate = 4 "Indeterminate",
    }
}

numeric_enum! {
    /// Stress in words.
    StressLevel default Unknown {
        Unknown = 0 "Unknown",
        Rest = 1 "Rest",
        Low = 2 "Low",
        Medium = 3 "Medium",
        High = 4 "High",
    }
}

text_enum! {
    /// Swim stroke; documents the words of [`super::LapSample::stroke_type`].
    StrokeType {
        Other = "other",
        Freestyle = "freestyle",
        Backstroke = "backstroke",
        Breaststroke = "breaststroke",
        Butterfly = "butterfly",
    }
}

numeric_enum! {
    /// Whether the times of a record are UTC or the user's wall clock.
    TimestampLocalization {
        Utc = 0 "UTC",
        Local = 1 "LOCAL",
    }
}

numeric_enum! {
    /// Where glucose is going.
    TrendArrow default Unknown {
        Unknown = 0 "Unknown",
        FallingQuickly = 1 "Falling Quickly",
        Falling = 2 "Falling",
        Flat = 3 "Flat",
        Rising = 4 "Rising",
        RisingQuickly = 5 "Rising Quickly",
    }
}

numeric_enum! {
    /// How a record was captured. If any point of a day was entered by hand, the day is [`UploadType::Manual`].
    UploadType default Unknown {
        Unknown = 0 "Unknown",
        Automatic = 1 "Automatic",
        Manual = 2 "Manual",
        Update = 3 "Update",
        Delete = 4 "Delete",
        Pending = 5 "Pending",
        ThirdPartyUpload = 6 "Third party upload",
    }
}
