//! The vocabulary of strength training, except for the movements.
//!
//! Open words throughout: `unknown` means that the source said something that could not be resolved, absent
//! that it said nothing.

use super::open_enum::text_enum;

text_enum! {
    /// Who says that an exercise was done; only the user confirms.
    StrengthSource default Unknown {
        UserLogged = "user_logged",
        DeviceDetected = "device_detected",
        Unknown = "unknown",
    }
}

text_enum! {
    /// How to read the weight of a set.
    StrengthLoadType default Unknown {
        Assisted = "assisted",
        Bodyweight = "bodyweight",
        BodyweightPlus = "bodyweight_plus",
        External = "external",
        Unknown = "unknown",
    }
}

text_enum! {
    /// Kind of set.
    StrengthSetType default Unknown {
        Amrap = "amrap",
        Cooldown = "cooldown",
        Dropset = "dropset",
        Failure = "failure",
        Normal = "normal",
        Warmup = "warmup",
        Unknown = "unknown",
    }
}

text_enum! {
    /// Muscle that an exercise works.
    StrengthMuscle default Unknown {
        Abductors = "abductors",
        Abs = "abs",
        Adductors = "adductors",
        Back = "back",
        Biceps = "biceps",
        Calves = "calves",
        Chest = "chest",
        Forearms = "forearms",
        Glutes = "glutes",
        Hamstrings = "hamstrings",
        HipFlexor = "hip_flexor",
        LowerBack = "lower_back",
        Neck = "neck",
        Obliques = "obliques",
        Quadriceps = "quadriceps",
        Shoulders = "shoulders",
        Trapezius = "trapezius",
        Triceps = "triceps",
        Unknown = "unknown",
    }
}

text_enum! {
    /// Body part of a stretch or mobility drill.
    StrengthTarget default Unknown {
        Abs = "abs",
        Adductors = "adductors",
        Ankle = "ankle",
        Back = "back",
        Biceps = "biceps",
        Calves = "calves",
        Chest = "chest",
        Forearms = "forearms",
        Glutes = "glutes",
        Hamstrings = "hamstrings",
        Hip = "hip",
        HipAbductor = "hip_abductor",
        HipAdductor = "hip_adductor",
        HipFlexor = "hip_flexor",
        Lat = "lat",
        LowerBack = "lower_back",
        Neck = "neck",
        Obliques = "obliques",
        Quadriceps = "quadriceps",
        Shoulders = "shoulders",
        Spine = "spine",
        ThoracicSpine = "thoracic_spine",
        Triceps = "triceps",
        UpperBack = "upper_back",
        Unknown = "unknown",
    }
}

text_enum! {
    /// What is held or used.
    StrengthImplement default Unknown {
        Band = "band",
        Barbell = "barbell",
        BattleRope = "battle_rope",
        Belt = "belt",
        Bodyweight = "bodyweight",
        Cable = "cable",
        Dumbbell = "dumbbell",
        EzBar = "ez_bar",
        HandleBand = "handle_band",
        Kettlebell = "kettlebell",
        Landmine = "landmine",
        LoopBand = "loop_band",
        Machine = "machine",
        MachineAssisted = "machine_assisted",
        MedicineBall = "medicine_ball",
        MiniBand = "mini_band",
        Partner = "partner",
        Pvc = "pvc",
        SafetyBar = "safety_bar",
        Sled = "sled",
        SmithMachine = "smith_machine",
        Suspension = "suspension",
        TrapBar = "trap_bar",
        WeightPlate = "weight_plate",
        Unknown = "unknown",
    }
}

text_enum! {
    /// How wide the grip is.
    StrengthGripWidth default Unknown {
        Close = "close",
        Wide = "wide",
        Unknown = "unknown",
    }
}

text_enum! {
    /// Which way the grip faces.
    StrengthGripOrientation default Unknown {
        BottomsUp = "bottoms_up",
        Mixed = "mixed",
        Neutral = "neutral",
        Overhand = "overhand",
        Pinch = "pinch",
        Reverse = "reverse",
        Underhand = "underhand",
        Unknown = "unknown",
    }
}

text_enum! {
    /// Which sides move.
    StrengthLaterality default Unknown {
        Alternating = "alternating",
        Bilateral = "bilateral",
        Unilateral = "unilateral",
        Unknown = "unknown",
    }
}

text_enum! {
    /// How the feet stand.
    StrengthStance default Unknown {
        Crossover = "crossover",
        Curtsy = "curtsy",
        Split = "split",
        Sumo = "sumo",
        Unknown = "unknown",
    }
}

text_enum! {
    /// How the body is placed.
    StrengthPosition default Unknown {
        BentOver = "bent_over",
        Decline = "decline",
        Elevated = "elevated",
        Flat = "flat",
        Forearm = "forearm",
        HalfKneeling = "half_kneeling",
        Hanging = "hanging",
        Incline = "incline",
        Inverted = "inverted",
        Kneeling = "kneeling",
        Lying = "lying",
        Pike = "pike",
        Prone = "prone",
        Quadruped = "quadruped",
        Seated = "seated",
        SideLying = "side_lying",
        Standing = "standing",
        Supine = "supine",
        Unknown = "unknown",
    }
}

text_enum! {
    /// Where the bar is carried.
    StrengthBarPosition default Unknown {
        BehindBack = "behind_back",
        BehindNeck = "behind_neck",
        FrontRack = "front_rack",
        Goblet = "goblet",
        Overhead = "overhead",
        Zercher = "zercher",
        Unknown = "unknown",
    }
}

text_enum! {
    /// How fast it is moved.
    StrengthTempo default Unknown {
        Eccentric = "eccentric",
        Explosive = "explosive",
        Isometric = "isometric",
        Kipping = "kipping",
        Paused = "paused",
        Pulse = "pulse",
        TempoSlow = "tempo_slow",
        Unknown = "unknown",
    }
}

text_enum! {
    /// Range of motion.
    StrengthRom default Unknown {
        Deficit = "deficit",
        FromBlocks = "from_blocks",
        FromHang = "from_hang",
        Full = "full",
        Partial = "partial",
        ToBench = "to_bench",
        Unknown = "unknown",
    }
}
