//! The page on which a simulated person decides.
//!
//! Plain HTML with two buttons, for people who try the demo. It decides nothing itself.

use std::fmt::Write as _;

use super::call::{Call, escaped};
use super::people::Person;

/// The page: asks who it is, or shows the person and the scopes.
pub(super) fn page(
    name: &str,
    client_id: &str,
    call: &Call,
    person: Option<&Person>,
    scopes: &[&str],
) -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{name} sandbox</title>\
         <h1>{name} sandbox</h1><form method=\"get\">"
    );
    for key in [
        "client_id",
        "redirect_uri",
        "response_type",
        "scope",
        "state",
        "code_challenge",
        "code_challenge_method",
    ] {
        if let Some(value) = call.field(key) {
            hidden(&mut page, key, value);
        }
    }
    if let Some(person) = person {
        hidden(&mut page, "login", &person.number.to_string());
        page.push_str(&format!(
            "<p>{} {} of {}: let <b>{}</b> see</p><ul>",
            escaped(person.first_name),
            escaped(person.last_name),
            escaped(person.zone.city),
            escaped(client_id)
        ));
        for scope in scopes {
            let scope = escaped(scope);
            page.push_str(&format!(
                "<li><label><input type=\"checkbox\" name=\"tick\" value=\"{scope}\" checked> {scope}</label>"
            ));
        }
        page.push_str(
            "</ul><button name=\"approve\" value=\"1\">Approve</button> \
             <button name=\"approve\" value=\"0\">Deny</button>",
        );
    } else {
        page.push_str(
            "<label>Who are you? Number <input type=\"number\" name=\"login\" value=\"0\" min=\"0\"></label> \
             <button>Log in</button>",
        );
    }
    page.push_str("</form></html>");
    page
}

fn hidden(page: &mut String, name: &str, value: &str) {
    let written = write!(page, "<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escaped(value));
    debug_assert!(written.is_ok(), "writing to a string cannot fail");
}
