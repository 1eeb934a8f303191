//! The profile and the user's rings.

use tributary_contract::model::{self, DeviceData};

use super::{some, wire};

/// The profile; without the scopes for it only the id is known.
pub(in crate::oura) fn athlete(
    person: wire::PersonalInfo,
    rings: Vec<wire::RingConfiguration>,
) -> model::Athlete {
    model::Athlete {
        provider_user_id: Some(person.id),
        age: person.age,
        sex: person.biological_sex,
        email: person.email,
        devices: some(rings.into_iter().map(ring).collect()),
        ..model::Athlete::default()
    }
}

fn ring(ring: wire::RingConfiguration) -> DeviceData {
    DeviceData {
        manufacturer: Some("Oura".to_owned()),
        name: Some("Oura Ring".to_owned()),
        hardware_version: ring.hardware_type,
        software_version: ring.firmware_version,
        activation_timestamp: ring.set_up_at,
        ..DeviceData::default()
    }
}
