//! Which Rust type stands for which schema.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tributary_contract::model::*;

/// Schemas that are not the schema of one type, and why.
pub(crate) const NOT_A_TYPE: [(&str, &str); 2] = [
    ("WebhookEventType", "names all event schemas; each of them has its own row"),
    ("EventType", "words of an older filter, of which one is an alias; has its own test"),
];

/// A schema and its type.
pub(crate) struct Row {
    /// Name of the schema.
    pub(crate) schema: &'static str,
    /// Reads a document and writes it again.
    pub(crate) again: fn(&Value) -> Result<Value, String>,
    /// Fields of the type, if it is a struct.
    pub(crate) fields: Option<&'static [&'static str]>,
    /// Fields that the schema does not have: older names that consumers still read, and newer additions.
    pub(crate) added: &'static [&'static str],
    /// Values of the type, if it is an enum.
    pub(crate) listed: Option<fn() -> Vec<Value>>,
}

impl Row {
    const fn with(mut self, added: &'static [&'static str]) -> Self {
        self.added = added;
        self
    }
}

fn fields<T: DeserializeOwned + Serialize>(schema: &'static str) -> Row {
    Row { schema, again: read::<T>, fields: crate::fields::of::<T>(), added: &[], listed: None }
}

const fn values(
    schema: &'static str,
    again: fn(&Value) -> Result<Value, String>,
    listed: fn() -> Vec<Value>,
) -> Row {
    Row { schema, again, fields: None, added: &[], listed: Some(listed) }
}

fn read<T: DeserializeOwned + Serialize>(value: &Value) -> Result<Value, String> {
    let typed: T = serde_json::from_str(&value.to_string()).map_err(|error| error.to_string())?;
    serde_json::to_value(typed).map_err(|error| error.to_string())
}

fn listed<T: Serialize>(all: &[T]) -> Vec<Value> {
    all.iter().map(|value| serde_json::to_value(value).unwrap()).collect()
}

/// One row per schema of a struct.
pub(crate) fn structs() -> Vec<Row> {
    vec![
        fields::<AFibClassificationSample>("AFibClassificationSample"),
        fields::<UserEvent>("AccessRevokedEvent"),
        fields::<ActiveDurationsData>("ActiveDurationsData"),
        fields::<Activity>("Activity").with(&["strength_data"]),
        fields::<DataEvent<Activity>>("ActivityEvent"),
        fields::<ActivityLevelSample>("ActivityLevelSample").with(&["level"]),
        fields::<ActivityMetadata>("ActivityMetadata"),
        fields::<AsleepDurations>("AsleepDurations"),
        fields::<Athlete>("Athlete").with(&["devices", "joined_provider"]),
        fields::<AthleteEvent>("AthleteEvent"),
        fields::<AthleteMetrics>("AthleteMetrics"),
        fields::<AuthErrorEvent>("AuthErrorEvent"),
        fields::<AuthSuccessEvent>("AuthSuccessEvent").with(&["reference_id"]),
        fields::<AwakeDurations>("AwakeDurations"),
        fields::<BloodPressureData>("BloodPressureData"),
        fields::<BloodPressureSample>("BloodPressureSample"),
        fields::<Body>("Body"),
        fields::<BodyBatterySample>("BodyBatterySample"),
        fields::<DataEvent<Body>>("BodyEvent"),
        fields::<BodyMetadata>("BodyMetadata"),
        fields::<BreathSample>("BreathSample"),
        fields::<BreathsData>("BreathsData"),
        fields::<CadenceSample>("CadenceSample"),
        fields::<CalorieSample>("CalorieSample"),
        fields::<CaloriesData>("CaloriesData"),
        fields::<CompletionCondition>("CompletionCondition"),
        fields::<Connection>("Connection"),
        fields::<UserEvent>("ConnectionErrorEvent"),
        fields::<Daily>("Daily"),
        fields::<DailyDataEnrichment>("DailyDataEnrichment").with(&[
            "cardiovascular_score",
            "cardiovascular_contributors",
            "readiness_score",
            "readiness_contributors",
            "start_time",
        ]),
        fields::<DailyDistanceData>("DailyDistanceData"),
        fields::<DataEvent<Daily>>("DailyEvent"),
        fields::<DailyMetadata>("DailyMetadata"),
        fields::<DailyPatternSample>("DailyPatternSample"),
        fields::<DataEnrichment>("DataEnrichment").with(&["stress_score"]),
        fields::<UserEvent>("DeauthEvent"),
        fields::<DeviceData>("DeviceData").with(&["sensor_state"]),
        fields::<DistanceData>("DistanceData"),
        fields::<DistanceDataDetailed>("DistanceDataDetailed"),
        fields::<DistanceDataSummary>("DistanceDataSummary"),
        fields::<DistanceSample>("DistanceSample"),
        fields::<DrinkSample>("DrinkSample"),
        fields::<ECGReading>("ECGReading"),
        fields::<ElevationData>("ElevationData"),
        fields::<ElevationSample>("ElevationSample"),
        fields::<EnergyData>("EnergyData"),
        fields::<FloorsClimbedSample>("FloorsClimbedSample"),
        fields::<GlucoseData>("GlucoseData"),
        fields::<GlucoseDataSample>("GlucoseDataSample"),
        fields::<HealthObservation>("HealthObservation"),
        fields::<HealthObservationData>("HealthObservationData"),
        fields::<DataEvent<HealthObservation>>("HealthObservationEvent"),
        fields::<HealthObservationMetadata>("HealthObservationMetadata"),
        fields::<HeartData>("HeartData"),
        fields::<HeartRateData>("HeartRateData"),
        fields::<HeartRateDataDetailed>("HeartRateDataDetailed"),
        fields::<HeartRateDataSample>("HeartRateDataSample"),
        fields::<HeartRateDataSummary>("HeartRateDataSummary"),
        fields::<HeartRateVariabilityDataSampleRMSSD>("HeartRateVariabilityDataSampleRMSSD"),
        fields::<HeartRateVariabilityDataSampleSDNN>("HeartRateVariabilityDataSampleSDNN"),
        fields::<HeartRateZoneData>("HeartRateZoneData"),
        fields::<DataEvent<HormoneSample>>("HormoneEvent"),
        fields::<HormoneSample>("HormoneSample"),
        fields::<HydrationData>("HydrationData"),
        fields::<HydrationLevelSample>("HydrationLevelSample"),
        fields::<HydrationMeasurementSample>("HydrationMeasurementSample"),
        fields::<IntensityTarget>("IntensityTarget"),
        fields::<KetoneData>("KetoneData"),
        fields::<KetoneSample>("KetoneSample"),
        fields::<LabReportAppliedRange>("LabReportAppliedRange"),
        fields::<LabReportArtifactsResponse>("LabReportArtifactsResponse"),
        fields::<LabReportBiomarker>("LabReportBiomarker"),
        fields::<LabReportBoundedValue>("LabReportBoundedValue"),
        fields::<LabReportCompletedEvent>("LabReportCompletedEvent"),
        fields::<LabReportDeliveriesResponse>("LabReportDeliveriesResponse"),
        fields::<LabReportDelivery>("LabReportDelivery"),
        fields::<LabReportEventData>("LabReportEventData"),
        fields::<LabReportEventError>("LabReportEventError"),
        fields::<LabReportEventResult>("LabReportEventResult"),
        fields::<LabReportEventResultSource>("LabReportEventResultSource"),
        fields::<LabReportFailedEvent>("LabReportFailedEvent"),
        fields::<LabReportFailureData>("LabReportFailureData"),
        fields::<LabReportFile>("LabReportFile"),
        fields::<LabReportFilesResponse>("LabReportFilesResponse"),
        fields::<LabReportInterpretation>("LabReportInterpretation"),
        fields::<LabReportListResponse>("LabReportListResponse"),
        fields::<LabReportMeasurement>("LabReportMeasurement"),
        fields::<LabReportPanel>("LabReportPanel"),
        fields::<LabReportQualitativeValue>("LabReportQualitativeValue"),
        fields::<LabReportRangeContext>("LabReportRangeContext"),
        fields::<LabReportReferenceRange>("LabReportReferenceRange"),
        fields::<LabReportReprocessResponse>("LabReportReprocessResponse"),
        fields::<LabReportResult>("LabReportResult"),
        fields::<LabReportResultSource>("LabReportResultSource"),
        fields::<LabReportSession>("LabReportSession"),
        fields::<LabReportStatusEntry>("LabReportStatusEntry"),
        fields::<LabReportUploadResponse>("LabReportUploadResponse"),
        fields::<LapData>("LapData"),
        fields::<LapSample>("LapSample"),
        fields::<LargeRequestProcessingEvent>("LargeRequestProcessingEvent"),
        fields::<LargeRequestSendingEvent>("LargeRequestSendingEvent"),
        fields::<METData>("METData"),
        fields::<METSample>("METSample"),
        fields::<Meal>("Meal"),
        fields::<MeasurementDataSample>("MeasurementDataSample"),
        fields::<MeasurementsData>("MeasurementsData"),
        fields::<Menstruation>("Menstruation"),
        fields::<MenstruationData>("MenstruationData"),
        fields::<DataEvent<Menstruation>>("MenstruationEvent"),
        fields::<MenstruationFlowSample>("MenstruationFlowSample"),
        fields::<MenstruationIntervalSample>("MenstruationIntervalSample"),
        fields::<MenstruationMetadata>("MenstruationMetadata"),
        fields::<MovementData>("MovementData"),
        fields::<Nutrition>("Nutrition"),
        fields::<DataEvent<Nutrition>>("NutritionEvent"),
        fields::<NutritionMacros>("NutritionMacros"),
        fields::<NutritionMetadata>("NutritionMetadata"),
        fields::<NutritionMicros>("NutritionMicros"),
        fields::<NutritionQuantity>("NutritionQuantity"),
        fields::<NutritionSummary>("NutritionSummary"),
        fields::<ObservationCode>("ObservationCode"),
        fields::<ObservationComponent>("ObservationComponent"),
        fields::<ObservationValue>("ObservationValue"),
        fields::<OtherDeviceData>("OtherDeviceData").with(&["activation_timestamp"]),
        fields::<OtherSleepDurations>("OtherSleepDurations"),
        fields::<OxygenData>("OxygenData"),
        fields::<OxygenSaturationData>("OxygenSaturationData"),
        fields::<OxygenSaturationSample>("OxygenSaturationSample"),
        fields::<PermissionChangeEvent>("PermissionChangeEvent"),
        fields::<PlannedWorkout>("PlannedWorkout").with(&["metadata", "steps"]),
        fields::<PlannedWorkoutDetails>("PlannedWorkoutDetails"),
        fields::<PlannedWorkoutDetailsMetadata>("PlannedWorkoutDetailsMetadata")
            .with(&["estimated_pace_minutes_per_kilometer", "estimated_tscore"]),
        fields::<PlannedWorkoutDetailsStep>("PlannedWorkoutDetailsStep"),
        fields::<PlannedWorkoutDetailsStepDuration>("PlannedWorkoutDetailsStepDuration"),
        fields::<PlannedWorkoutDetailsStepTarget>("PlannedWorkoutDetailsStepTarget").with(&[
            "pace_minutes_per_kilometer",
            "tss",
            "if_low",
            "if_high",
        ]),
        fields::<DataEvent<PlannedWorkout>>("PlannedWorkoutEvent"),
        fields::<PolylineMapData>("PolylineMapData"),
        fields::<PositionData>("PositionData"),
        fields::<PositionSample>("PositionSample"),
        fields::<PowerData>("PowerData"),
        fields::<PowerSample>("PowerSample"),
        fields::<PulseVelocitySample>("PulseVelocitySample"),
        fields::<RRIntervalSample>("RRIntervalSample"),
        fields::<RawECGSample>("RawECGSample"),
        fields::<ReadinessData>("ReadinessData"),
        fields::<RespirationData>("RespirationData"),
        fields::<S3PayloadEvent>("S3PayloadEvent").with(&["payload_reference", "user_id", "reference_id"]),
        fields::<ScoresData>("ScoresData"),
        fields::<Sleep>("Sleep"),
        fields::<SleepDataEnrichment>("SleepDataEnrichment"),
        fields::<SleepDurationsData>("SleepDurationsData"),
        fields::<DataEvent<Sleep>>("SleepEvent"),
        fields::<SleepHypnogramSample>("SleepHypnogramSample"),
        fields::<SleepMetadata>("SleepMetadata"),
        fields::<SleepScores>("SleepScores").with(&["sleep_score"]),
        fields::<SleepTemperatureData>("SleepTemperatureData"),
        fields::<SnoringData>("SnoringData"),
        fields::<SnoringSample>("SnoringSample"),
        fields::<SpeedSample>("SpeedSample"),
        fields::<StepBlock>("StepBlock"),
        fields::<StepControl>("StepControl"),
        fields::<StepSample>("StepSample"),
        fields::<StrainData>("StrainData"),
        fields::<StrengthData>("StrengthData"),
        fields::<StressData>("StressData"),
        fields::<StressSample>("StressSample"),
        fields::<SwimStepData>("SwimStepData"),
        fields::<SwimmingData>("SwimmingData"),
        fields::<TSSData>("TSSData"),
        fields::<TSSSample>("TSSSample"),
        fields::<TagData>("TagData"),
        fields::<TagEntry>("TagEntry"),
        fields::<TemperatureData>("TemperatureData"),
        fields::<TemperatureSample>("TemperatureSample"),
        fields::<TerraUser>("TerraUser"),
        fields::<TorqueSample>("TorqueSample"),
        fields::<UserReauthEvent>("UserReauthEvent"),
        fields::<Vo2MaxSample>("Vo2MaxSample"),
        fields::<WebhookEvent>("WebhookEvent"),
        fields::<WorkData>("WorkData"),
        fields::<WorkoutStep>("WorkoutStep"),
        fields::<WorkoutTemplate>("WorkoutTemplate"),
    ]
}

/// One row per schema of an enum.
pub(crate) fn enums() -> Vec<Row> {
    vec![
        values("AFibFlag", read::<AFibFlag>, || listed(AFibFlag::ALL)),
        values("ActivityLevel", read::<ActivityLevel>, || listed(ActivityLevel::ALL)),
        values("ActivityType", read::<ActivityType>, || listed(ActivityType::ALL)),
        values("CompletionConditionType", read::<CompletionConditionType>, || {
            listed(CompletionConditionType::ALL)
        }),
        values("DeviceDataType", read::<DeviceDataType>, || listed(DeviceDataType::ALL)),
        values("DrillType", read::<DrillType>, || listed(DrillType::ALL)),
        values("EnvironmentType", read::<EnvironmentType>, || listed(EnvironmentType::ALL)),
        values("GlucoseFlag", read::<GlucoseFlag>, || listed(GlucoseFlag::ALL)),
        values("HealthObservationCategory", read::<HealthObservationCategory>, || {
            listed(HealthObservationCategory::ALL)
        }),
        values("HeartRateContext", read::<HeartRateContext>, || listed(HeartRateContext::ALL)),
        values("HeartRateZone", read::<HeartRateZone>, || listed(HeartRateZone::ALL)),
        values("KetoneSampleType", read::<KetoneSampleType>, || listed(KetoneSampleType::ALL)),
        values("MealType", read::<MealType>, || listed(MealType::ALL)),
        values("MenstruationFlow", read::<MenstruationFlow>, || listed(MenstruationFlow::ALL)),
        values("MenstruationInterval", read::<MenstruationInterval>, || listed(MenstruationInterval::ALL)),
        values("NutritionUnits", read::<NutritionUnits>, || listed(NutritionUnits::ALL)),
        values("ObservationSeverity", read::<ObservationSeverity>, || listed(ObservationSeverity::ALL)),
        values("ObservationStatus", read::<ObservationStatus>, || listed(ObservationStatus::ALL)),
        values("ObservationValueType", read::<ObservationValueType>, || listed(ObservationValueType::ALL)),
        values("OxygenSaturationType", read::<OxygenSaturationType>, || listed(OxygenSaturationType::ALL)),
        values("RecoveryLevel", read::<RecoveryLevel>, || listed(RecoveryLevel::ALL)),
        values("SleepLevel", read::<SleepLevel>, || listed(SleepLevel::ALL)),
        values("SleepUploadType", read::<SleepUploadType>, || listed(SleepUploadType::ALL)),
        values("StepControlType", read::<StepControlType>, || listed(StepControlType::ALL)),
        values("StressLevel", read::<StressLevel>, || listed(StressLevel::ALL)),
        values("StrokeType", read::<StrokeType>, || listed(StrokeType::ALL)),
        values("SwimEquipmentType", read::<SwimEquipmentType>, || listed(SwimEquipmentType::ALL)),
        values("SwimStrokeType", read::<SwimStrokeType>, || listed(SwimStrokeType::ALL)),
        values("TimestampLocalization", read::<TimestampLocalization>, || listed(TimestampLocalization::ALL)),
        values("TrendArrow", read::<TrendArrow>, || listed(TrendArrow::ALL)),
        values("UploadType", read::<UploadType>, || listed(UploadType::ALL)),
        values("WeightUnit", read::<WeightUnit>, || listed(WeightUnit::ALL)),
        values("WorkoutSport", read::<WorkoutSport>, || listed(WorkoutSport::ALL)),
        values("WorkoutStepIntensity", read::<WorkoutStepIntensity>, || listed(WorkoutStepIntensity::ALL)),
        values("WorkoutStepTargetType", read::<WorkoutStepTargetType>, || listed(WorkoutStepTargetType::ALL)),
    ]
}
