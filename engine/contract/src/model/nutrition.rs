//! What was eaten and drunk in one day.
//!
//! Filled by providers; amounts are totals of what was logged, never estimates.

use serde::{Deserialize, Serialize};

use super::enumeration::{MealType, NutritionUnits, TimestampLocalization};
use super::time::Timestamp;

/// What was eaten and drunk in one day. Key: the date of `metadata.start_time`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Nutrition {
    /// Drinks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drink_samples: Option<Vec<DrinkSample>>,
    /// Foods logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meals: Option<Vec<Meal>>,
    /// Identity and time range.
    pub metadata: NutritionMetadata,
    /// Day totals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<NutritionSummary>,
}

/// Which day it is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct NutritionMetadata {
    /// Period end.
    pub end_time: Timestamp,
    /// Period start.
    pub start_time: Timestamp,
    /// Whether the times are UTC or local.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_localization: Option<TimestampLocalization>,
}

/// Totals of the day.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct NutritionSummary {
    /// Macronutrients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub macros: Option<NutritionMacros>,
    /// Micronutrients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub micros: Option<Box<NutritionMicros>>,
    /// Water drunk (mL).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub water_ml: Option<f64>,
    /// Other drinks (mL).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drink_ml: Option<f64>,
}

/// One food that was logged.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Meal {
    /// Micronutrients.
    pub micros: Box<NutritionMicros>,
    /// Which meal of the day.
    #[serde(rename = "type")]
    pub kind: MealType,
    /// Food log id.
    pub id: String,
    /// Sample time.
    pub timestamp: Timestamp,
    /// Amount eaten.
    pub quantity: NutritionQuantity,
    /// Food name.
    pub name: String,
    /// Macronutrients.
    pub macros: NutritionMacros,
}

/// An amount and its unit. An amount that is not finite would be written as null: check it first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct NutritionQuantity {
    /// Unit.
    pub unit: NutritionUnits,
    /// Numeric amount.
    pub amount: f64,
}

/// One drink.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DrinkSample {
    /// Sample time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Amount in `drink_unit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drink_volume: Option<f64>,
    /// Unit of `drink_volume`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drink_unit: Option<NutritionUnits>,
    /// Label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drink_name: Option<String>,
}

/// Macronutrients.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct NutritionMacros {
    /// Alcohol (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alcohol_g: Option<f64>,
    /// Calories (kcal).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calories: Option<f64>,
    /// Carbohydrates (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carbohydrates_g: Option<f64>,
    /// Cholesterol (mg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cholesterol_mg: Option<f64>,
    /// Fat (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fat_g: Option<f64>,
    /// Fiber (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fiber_g: Option<f64>,
    /// Net carbohydrates (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net_carbohydrates_g: Option<f64>,
    /// Protein (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protein_g: Option<f64>,
    /// Saturated fat (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saturated_fat_g: Option<f64>,
    /// Sodium (mg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sodium_mg: Option<f64>,
    /// Sugar (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sugar_g: Option<f64>,
    /// Trans fat (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trans_fat_g: Option<f64>,
}

/// Micronutrients, amino acids and fatty acids. Vitamins and minerals are in mg, also where labels use µg.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct NutritionMicros {
    /// Biotin (mg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub biotin_mg: Option<f64>,
    /// Caffeine (mg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caffeine_mg: Option<f64>,
    /// Calcium (mg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calcium_mg: Option<f64>,
    /// Sodium (mg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sodium_mg: Option<f64>,
    /// Chloride (mg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chloride_mg: Option<f64>,
    /// Chromium (mg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chromium_mg: Option<f64>,
    /// Copper (mg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copper_mg: Option<f64>,
    /// Folate (mg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folate_mg: Option<f64>,
    /// Folic acid (mg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folic_acid_mg: Option<f64>,
    /// Iodine (mg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iodine_mg: Option<f64>,
    /// Iron (mg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iron_mg: Option<f64>,
    /// Magnesium (mg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub magnesium_mg: Option<f64>,
    /// Manganese (mg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manganese_mg: Option<f64>,
    /// Molybdenum (mg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub molybdenum_mg: Option<f64>,
    /// Niacin (mg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub niacin_mg: Option<f64>,
    /// Pantothenic acid (mg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pantothenic_acid_mg: Option<f64>,
    /// Phosphorus (mg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phosphorus_mg: Option<f64>,
    /// Potassium (mg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub potassium_mg: Option<f64>,
    /// Riboflavin (mg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub riboflavin_mg: Option<f64>,
    /// Selenium (mg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selenium_mg: Option<f64>,
    /// Thiamin (mg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thiamin_mg: Option<f64>,
    /// Vitamin A (mg).
    #[serde(rename = "vitamin_A_mg", skip_serializing_if = "Option::is_none")]
    pub vitamin_a_mg: Option<f64>,
    /// Vitamin B12 (mg).
    #[serde(rename = "vitamin_B12_mg", skip_serializing_if = "Option::is_none")]
    pub vitamin_b12_mg: Option<f64>,
    /// Vitamin B6 (mg).
    #[serde(rename = "vitamin_B6_mg", skip_serializing_if = "Option::is_none")]
    pub vitamin_b6_mg: Option<f64>,
    /// Vitamin C (mg).
    #[serde(rename = "vitamin_C_mg", skip_serializing_if = "Option::is_none")]
    pub vitamin_c_mg: Option<f64>,
    /// Vitamin D (mg).
    #[serde(rename = "vitamin_D_mg", skip_serializing_if = "Option::is_none")]
    pub vitamin_d_mg: Option<f64>,
    /// Vitamin D2 (mg).
    #[serde(rename = "vitamin_D2_mg", skip_serializing_if = "Option::is_none")]
    pub vitamin_d2_mg: Option<f64>,
    /// Vitamin D3 (mg).
    #[serde(rename = "vitamin_D3_mg", skip_serializing_if = "Option::is_none")]
    pub vitamin_d3_mg: Option<f64>,
    /// Vitamin E (mg).
    #[serde(rename = "vitamin_E_mg", skip_serializing_if = "Option::is_none")]
    pub vitamin_e_mg: Option<f64>,
    /// Vitamin K (mg).
    #[serde(rename = "vitamin_K_mg", skip_serializing_if = "Option::is_none")]
    pub vitamin_k_mg: Option<f64>,
    /// Zinc (mg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zinc_mg: Option<f64>,
    /// Cystine (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cystine_g: Option<f64>,
    /// Histidine (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub histidine_g: Option<f64>,
    /// Isoleucine (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isoleucine_g: Option<f64>,
    /// Leucine (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leucine_g: Option<f64>,
    /// Lysine (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lysine_g: Option<f64>,
    /// Methionine (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub methionine_g: Option<f64>,
    /// Phenylalanine (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phenylalanine_g: Option<f64>,
    /// Threonine (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threonine_g: Option<f64>,
    /// Tryptophan (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tryptophan_g: Option<f64>,
    /// Tyrosine (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tyrosine_g: Option<f64>,
    /// Valine (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valine_g: Option<f64>,
    /// Monounsaturated fat (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monounsaturated_fat_g: Option<f64>,
    /// Polyunsaturated fat (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub polyunsaturated_fat_g: Option<f64>,
    /// Omega3 (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub omega3_g: Option<f64>,
    /// Omega6 (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub omega6_g: Option<f64>,
    /// Starch (g).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starch_g: Option<f64>,
}
