//! Withings' shapes to the standard model: pure, no clock, no network; split by resource.
//!
//! Epoch seconds become wall clocks in the zone that the record names. Numbers come as they are or as value and power of
//! ten, and are put together without loss. Nothing here derives a total, a mean or an extreme that Withings did not send;
//! series that the model counts from the start of a day are added up, since Withings sends them piece by piece.

mod activity;
mod body;
mod daily;
mod sleep;

use tributary_contract::FetchError;
use tributary_contract::model::{self, DeviceData, HeartRateDataSummary, HeartRateZoneData};

use super::wire;
use super::zone::Zone;

pub(super) use activity::workout;
pub(super) use body::{BodyDocuments, body, is_the_users};
pub(super) use daily::daily;
pub(super) use sleep::sleep;

/// The devices; Withings tells nothing of the person.
pub(super) fn athlete(id: Option<String>, devices: Vec<wire::Device>) -> Result<model::Athlete, FetchError> {
    let devices = devices.into_iter().map(device).collect::<Result<Vec<_>, _>>()?;
    Ok(model::Athlete { provider_user_id: id, devices: some(devices), ..model::Athlete::default() })
}

fn device(device: wire::Device) -> Result<DeviceData, FetchError> {
    let zone = Zone::named(device.timezone.as_deref());
    let at = |second: Option<i64>| second.map(|second| zone.at(second, "devices.session_date")).transpose();
    Ok(DeviceData {
        activation_timestamp: at(device.first_session_date)?,
        last_upload_date: at(device.last_session_date)?,
        name: device.model,
        software_version: device.fw,
        manufacturer: Some("Withings".to_owned()),
        ..DeviceData::default()
    })
}

/// A device of Withings' that is known by its name alone.
fn of_withings(model: Option<String>) -> Option<DeviceData> {
    let name = model.filter(|model| !model.is_empty())?;
    Some(DeviceData { manufacturer: Some("Withings".to_owned()), name: Some(name), ..DeviceData::default() })
}

/// Mean, bounds and zones of heart rate.
fn heart_rate(
    [avg_hr_bpm, min_hr_bpm, max_hr_bpm]: [Option<f64>; 3],
    zones: &wire::Zones,
) -> HeartRateDataSummary {
    let seconds = [zones.hr_zone_0, zones.hr_zone_1, zones.hr_zone_2, zones.hr_zone_3];
    let zone = |(number, seconds): (i64, Option<f64>)| HeartRateZoneData {
        zone: Some(number),
        duration_seconds: seconds,
        ..HeartRateZoneData::default()
    };
    let known = (0..).zip(seconds).filter(|(_, seconds)| seconds.is_some());
    HeartRateDataSummary {
        avg_hr_bpm,
        min_hr_bpm,
        max_hr_bpm,
        hr_zone_data: some(known.map(zone).collect()),
        ..HeartRateDataSummary::default()
    }
}

/// A count, which Withings sends as a number.
fn count(number: Option<f64>) -> Option<i64> {
    let number = number?.round();
    #[expect(clippy::cast_possible_truncation, reason = "counts are far smaller; larger ones are left out")]
    let whole = number as i64;
    (number.abs() < 1e15).then_some(whole)
}

/// Nothing instead of a block without any value.
fn filled<T: Default + PartialEq>(block: T) -> Option<T> {
    (block != T::default()).then_some(block)
}

/// Nothing instead of an empty list.
fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

#[cfg(test)]
mod tests;
