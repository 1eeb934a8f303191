//! One hormone test.
//!
//! Filled by providers; a record of its own without metadata block.

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// One hormone test. Key: `timestamp`. It has no metadata block.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HormoneSample {
    /// Sample time.
    pub timestamp: Timestamp,
    /// Luteinizing hormone (mIU/mL).
    #[serde(rename = "lh_mIU_per_ml", skip_serializing_if = "Option::is_none")]
    pub lh_miu_per_ml: Option<f64>,
    /// Estrone-3-glucuronide (urinary oestrogen) (ng/mL).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e3g_ng_per_ml: Option<f64>,
    /// Pregnanediol glucuronide (urinary progesterone) (µg/mL).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pdg_ug_per_ml: Option<f64>,
    /// Chorionic gonadotropin (mIU/mL).
    #[serde(rename = "hcg_mIU_per_ml", skip_serializing_if = "Option::is_none")]
    pub hcg_miu_per_ml: Option<f64>,
    /// Follicle-stimulating hormone (mIU/mL).
    #[serde(rename = "fsh_mIU_per_ml", skip_serializing_if = "Option::is_none")]
    pub fsh_miu_per_ml: Option<f64>,
}
