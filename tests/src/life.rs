//! What a tenant was told about a person's connection, and waiting for where it stands.

use serde_json::Value;

use crate::people::Person;
use crate::wait;
use crate::world::World;

const KINDS: [&str; 5] = ["auth", "user_reauth", "connection_error", "access_revoked", "deauth"];

/// The life-cycle events about a person that the receiver took at `/acme`, in the order of their arrival.
pub fn told(world: &World, person: &Person) -> Vec<String> {
    let id = person.connection.to_string();
    let about = |event: &Value| {
        let places = ["/user/user_id", "/new_user/user_id"];
        places.iter().any(|at| event.pointer(at).and_then(Value::as_str) == Some(&id))
    };
    let requests = world.receiver.taken("/acme").into_iter();
    let events = requests.map(|request| (request.kind(), request));
    events
        .filter(|(kind, request)| KINDS.contains(&kind.as_str()) && about(&request.json()))
        .map(|(kind, _)| kind)
        .collect()
}

/// Waits until a connection stands there: `active`, `reauth_needed`…
pub async fn until_state(world: &World, person: &Person, state: &str) {
    let is_there = async || world.state(person.connection).await == state;
    wait::until_true(&format!("{} to be {state}", person.reference_id), wait::SOON, is_there).await;
}
