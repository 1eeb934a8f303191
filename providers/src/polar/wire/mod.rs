//! Polar's JSON as Polar names it, split by resource.
//!
//! Comes from answers of AccessLink v3 and from the bodies of notifications, goes to `normalize` and to the
//! notification parser. Polar writes some names with hyphens and others with underscores, not the same ones
//! everywhere; where both are seen, both are read. Only what is used is listed; everything that Polar may leave out or
//! send as null is optional. Nothing here is renamed, converted or derived.

mod app;
mod biosensing;
mod daily;
mod exercise;
mod night;
mod person;
mod value;

pub(super) use app::{Created, Event, Webhook, Webhooks};
pub(super) use biosensing::{Ecg, SkinTemperature, Spo2, TemperaturePeriod};
pub(super) use daily::{ActivityDay, ActivitySamples, CardioLoad, HeartRate, HeartRates, ZoneSample};
pub(super) use exercise::{Exercise, HeartRateZone, Samples};
pub(super) use night::{Night, Nights, Recharge, Recharges};
pub(super) use person::{PhysicalInfo, User};
