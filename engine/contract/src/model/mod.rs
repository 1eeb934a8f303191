//! The standard records: what providers make of their answers and what consumers receive.
//!
//! A provider fills these types, the log keeps their JSON, and events carry that JSON unchanged. Field names on the
//! wire are those of the published schemas; in Rust they are the same in lower case, with `kind` for `type`. Nothing
//! here converts, averages or completes a value.
//!
//! Reading is tolerant: null counts as absent, unknown fields are ignored, `3600.0` is a whole number, and an
//! unknown value of an enum is kept. Writing leaves out what is absent. A number that is not finite becomes null.
//!
//! | module | what it holds |
//! |---|---|
//! | `activity`, `body`, `daily`, `sleep`, `nutrition`, `menstruation`, `athlete`, `hormone`, `health_observation`, `planned_workout` | one record type each, with the blocks that only it has |
//! | `movement`, `heart`, `measurement`, `glucose`, `strength`, `sample`, `device` | blocks and series that they share |
//! | `workout_template`, `lab_report`, `lab_report_response`, `user` | what the REST interface and life-cycle events need besides |
//! | `enumeration`, `activity_type`, `workout_enumeration`, `strength_enumeration`, `strength_movement` | the enums |
//! | [`event`], [`life_cycle`], [`operational`], `lab_report_event` | the bodies of all deliveries |
//! | [`identity`] | natural keys, digests, entry ids |
//! | [`time`] | timestamps with their offset, days |
//! | [`mod@unit`] | conversions into the units of the model |

mod activity;
mod activity_type;
mod athlete;
mod body;
mod daily;
mod device;
mod enumeration;
pub mod event;
mod glucose;
mod health_observation;
mod heart;
mod hormone;
pub mod identity;
mod integer;
mod lab_report;
mod lab_report_event;
mod lab_report_response;
pub mod life_cycle;
mod measurement;
mod menstruation;
mod movement;
mod nutrition;
mod open_enum;
pub mod operational;
mod planned_workout;
mod record;
mod sample;
mod sleep;
mod strength;
mod strength_enumeration;
mod strength_movement;
pub mod time;
pub mod unit;
mod user;
mod workout_enumeration;
mod workout_template;

pub use activity::*;
pub use activity_type::*;
pub use athlete::*;
pub use body::*;
pub use daily::*;
pub use device::*;
pub use enumeration::*;
pub use event::*;
pub use glucose::*;
pub use health_observation::*;
pub use heart::*;
pub use hormone::*;
pub use identity::*;
pub use lab_report::*;
pub use lab_report_event::*;
pub use lab_report_response::*;
pub use life_cycle::*;
pub use measurement::*;
pub use menstruation::*;
pub use movement::*;
pub use nutrition::*;
pub use operational::*;
pub use planned_workout::*;
pub use record::*;
pub use sample::*;
pub use sleep::*;
pub use strength::*;
pub use strength_enumeration::*;
pub use strength_movement::*;
pub use time::*;
pub use user::*;
pub use workout_enumeration::*;
pub use workout_template::*;
