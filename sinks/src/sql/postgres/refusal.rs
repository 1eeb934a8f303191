//! What an error of PostgreSQL means for a batch, by the class of its SQLSTATE.
//!
//! Errors come from the client library. Of a message that may quote a value, only the code and the names of table,
//! column and constraint are told on.

use std::io;

use sqlx::postgres::PgDatabaseError;

use crate::sql::refusal::Failure;
use crate::sql::server::Server;

/// Sorts an error while connecting.
pub(super) fn sort_connecting(error: &sqlx::Error, server: &Server) -> Failure {
    let advice = "compare sslmode in the url with what the server offers".to_owned();
    match error {
        sqlx::Error::Tls(error) => {
            Failure::Denied { reason: format!("no secure connection to {server}: {error}"), advice }
        }
        sqlx::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
            Failure::Denied { reason: format!("no secure connection to {server}: {error}"), advice }
        }
        sqlx::Error::Io(error) => Failure::Passing(format!("cannot connect to {server}: {error}")),
        sqlx::Error::Configuration(error) => Failure::Denied {
            reason: format!("cannot connect to {server}: {error}"),
            advice: "correct the url".to_owned(),
        },
        other => sort(other),
    }
}

/// Sorts an error of a connection that was made.
pub(super) fn sort(error: &sqlx::Error) -> Failure {
    let Some(refused) = error.as_database_error() else {
        return Failure::Passing(format!("the connection broke: {error}"));
    };
    let Some(refused) = refused.try_downcast_ref::<PgDatabaseError>() else {
        return Failure::Passing("the server answered with an error of an unknown kind".to_owned());
    };
    let names =
        [("table", refused.table()), ("column", refused.column()), ("constraint", refused.constraint())];
    let mut named = String::new();
    for (kind, name) in names {
        if let Some(name) = name {
            named.push_str(&format!(", {kind} {name}"));
        }
    }
    sort_code(refused.code(), refused.message(), &named)
}

/// Sorts a code. Codes of no known class are those that people's own triggers raise.
fn sort_code(code: &str, message: &str, named: &str) -> Failure {
    let told = format!("PostgreSQL {code}: {message}");
    let denied = |advice: &str| Failure::Denied { reason: told.clone(), advice: advice.to_owned() };
    match (code.get(..2).unwrap_or_default(), code) {
        (_, "42501") => denied("grant the user the rights that the documentation lists"),
        (_, "57P04") | ("3D", _) => denied("create the database, or correct the url"),
        ("28", _) => denied("correct user name and password in the url, or the server's rules for them"),
        ("26", _) | (_, "42P05") => denied("the address is a pooler's; set pooled: true"),
        ("3F" | "42" | "0A", _) => Failure::Shape(told),
        // Connections, read-only mode, conflicts, resources, locks, shut-downs, broken disks and settings.
        ("08" | "25" | "40" | "53" | "55" | "57" | "58" | "72" | "F0" | "XX", _) => Failure::Passing(told),
        _ => Failure::Row(format!("PostgreSQL {code}: {}{named}", meaning(code))),
    }
}

/// Messages of these classes may quote the value; this says what the code says.
fn meaning(code: &str) -> &'static str {
    match code {
        "22003" => "a number is out of range",
        "22007" | "22008" => "a time is out of range",
        "22001" => "a text is too long",
        "22P02" => "a value is not of its column's type, or the JSON is broken",
        "22P05" => "a character does not exist in the database's encoding",
        "23502" => "a value is missing",
        "23503" => "a foreign key has no row",
        "23505" => "a unique key is taken",
        "23514" => "a check constraint is broken",
        "54000" => "the row is too large for an index",
        _ if code.starts_with("P0") => "a trigger or function of the database refused the row",
        _ if code.starts_with("23") => "a constraint is broken",
        _ if code.starts_with("22") => "a value is refused",
        _ => "the row is refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_by_what_to_do() {
        let sorted = |code| sort_code(code, "planted", "");
        for code in [
            "08006", "40001", "40P01", "53100", "53200", "53300", "55P03", "57014", "57P01", "57P03",
            "25006", "58030", "XX000",
        ] {
            assert!(matches!(sorted(code), Failure::Passing(_)), "{code}");
        }
        for code in ["26000", "28000", "28P01", "3D000", "42501", "42P05", "57P04"] {
            assert!(matches!(sorted(code), Failure::Denied { .. }), "{code}");
        }
        for code in ["42P01", "42703", "42P10", "42804", "3F000"] {
            assert!(matches!(sorted(code), Failure::Shape(_)), "{code}");
        }
        for code in [
            "21000", "22003", "22P02", "22P05", "23502", "23505", "23514", "54000", "P0001", "44000",
            "MINE1", "", "é",
        ] {
            let Failure::Row(reason) = sorted(code) else { panic!("{code}") };
            assert!(!reason.contains("planted"), "{reason}");
        }
    }
}
