//! Terra's REST interface, as far as it is served: authorisation and users.

pub mod auth;
pub mod users;

use actix_web::{HttpResponseBuilder, web};
use uuid::Uuid;

/// The routes below `/v2` and `/api/v2`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/auth/authenticateUser", web::post().to(auth::authenticate_user))
        .route("/auth/deauthenticateUser", web::delete().to(auth::deauthenticate_user))
        .route("/userInfo", web::get().to(users::user_info));
}

/// Adds the header that every answer carries.
pub fn referenced(mut answer: HttpResponseBuilder) -> HttpResponseBuilder {
    answer.insert_header(("terra-reference", Uuid::new_v4().to_string()));
    answer
}
