//! The profile: the registered user, and the physical information where it says more.

use tributary_contract::model;

use super::wire;

/// The profile; whatever is missing was not told.
pub(in crate::polar) fn athlete(
    id: String,
    user: wire::User,
    physical: wire::PhysicalInfo,
) -> model::Athlete {
    let gender = physical.gender.or(user.gender);
    model::Athlete {
        provider_user_id: Some(id),
        first_name: user.first_name,
        last_name: user.last_name,
        date_of_birth: physical.birthday.or(user.birthdate),
        sex: gender.as_deref().map(sex),
        gender,
        ..model::Athlete::default()
    }
}

/// Polar's word in the letter case that other providers use.
fn sex(gender: &str) -> String {
    match gender {
        "MALE" => "male".to_owned(),
        "FEMALE" => "female".to_owned(),
        other => other.to_owned(),
    }
}
