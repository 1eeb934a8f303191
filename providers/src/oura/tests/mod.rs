//! Jobs against recorded answers: the kit, and what concerns no resource in particular.

use std::sync::Arc;

use serde_json::{Value, json};
use tributary_contract::model::DataType;
use tributary_contract::recorded::{Kept, Recorded};
use tributary_contract::{Cause, Emitted, Secret, Window};

use super::collection::{Collection, HEART_RATE};
use super::*;

mod day;
mod list;
mod named;
mod sandbox;

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// One job against recorded answers.
struct Case {
    resource: &'static str,
    door: Recorded,
    window: Window,
    ids: Vec<String>,
    scopes: Vec<String>,
}

struct Run {
    result: Result<(), FetchError>,
    records: Vec<Value>,
    deleted: Vec<(DataType, String)>,
    calls: Vec<Request>,
}

impl Case {
    /// All lists are empty until they are answered.
    fn of(resource: &'static str) -> Self {
        Self {
            resource,
            door: Recorded::for_resource(SPEC.resource(resource).unwrap()),
            window: Window::new(instant("2026-05-02T00:00:00Z"), instant("2026-05-03T00:00:00Z")),
            ids: Vec::new(),
            scopes: Vec::new(),
        }
    }

    fn list(mut self, collection: Collection, documents: &Value) -> Self {
        self.door = self.door.answer(collection.list, page(documents, None));
        self
    }

    fn page(mut self, collection: Collection, documents: &Value, next: &str) -> Self {
        self.door = self.door.answer(collection.list, page(documents, Some(next)));
        self
    }

    fn document(mut self, collection: Collection, document: &Value) -> Self {
        self.door = self.door.answer(collection.document, document.to_string());
        self
    }

    fn fail(mut self, template: &str, error: fn(String) -> FetchError) -> Self {
        self.door = self.door.fail(template, error(template.to_owned()));
        self
    }

    fn named(mut self, ids: &[&str]) -> Self {
        self.ids = ids.iter().map(|&id| id.to_owned()).collect();
        self
    }

    fn window(mut self, from: &str, to: &str) -> Self {
        self.window = Window::new(instant(from), instant(to));
        self
    }

    fn granted(mut self, scopes: &[&str]) -> Self {
        self.scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        self
    }

    async fn run(self) -> Run {
        let (door, kept) = (Arc::new(self.door), Kept::default());
        let account = Account { scopes: self.scopes, ..Account::new("e4b8f9d2") };
        let now = instant("2026-06-01T00:00:00Z");
        let mut cx = Fetch::new(door.clone(), Box::new(kept.clone()), Arc::new(app()), Some(account), now);
        let job = Job {
            resource: SPEC.resource(self.resource).unwrap(),
            window: self.window,
            cause: Cause::Poll,
            cursor: None,
            ids: self.ids,
        };
        let result = Oura.fetch(&mut cx, &job).await;
        let mut emitted = kept.take();
        if result.is_ok() {
            emitted.extend(cx.take_emitted());
        }
        let mut run = Run { result, records: Vec::new(), deleted: Vec::new(), calls: door.calls() };
        for one in emitted {
            match one {
                Emitted::Record(record) => run.records.push(serde_json::to_value(&record).unwrap()),
                Emitted::Deleted { data_type, key } => run.deleted.push((data_type, key.to_string())),
            }
        }
        run
    }
}

impl Run {
    fn days(&self) -> Vec<String> {
        let start = |record: &Value| record["metadata"]["start_time"].as_str()?.get(..10).map(str::to_owned);
        self.records.iter().filter_map(start).collect()
    }

    fn ids(&self) -> Vec<&str> {
        self.records.iter().map(|record| record["metadata"]["summary_id"].as_str().unwrap()).collect()
    }

    fn called(&self, template: &str) -> Vec<&Request> {
        self.calls.iter().filter(|call| call.template == template).collect()
    }
}

fn app() -> App {
    App {
        client_id: "client".to_owned(),
        client_secret: Secret::from("planted-secret"),
        verify_token: Some(Secret::from("our-word")),
        callback_url: "https://sync.example.com/auth/oura/callback".to_owned(),
        notify_url: "https://sync.example.com/notify/oura".to_owned(),
        keys: std::collections::BTreeMap::new(),
    }
}

fn page(documents: &Value, next: Option<&str>) -> String {
    json!({ "data": documents, "next_token": next }).to_string()
}

fn night(id: &str, day: &str, start: &str, end: &str) -> Value {
    json!({"id": id, "day": day, "type": "long_sleep", "bedtime_start": start, "bedtime_end": end})
}

fn active(day: &str, offset: &str) -> Value {
    json!({"id": format!("a-{day}"), "day": day, "timestamp": format!("{day}T04:00:00{offset}"), "steps": 1000})
}

fn run_of(id: &str, day: &str, start: &str, end: &str) -> Value {
    json!({"id": id, "day": day, "activity": "running", "start_datetime": start, "end_datetime": end})
}

fn beat(timestamp: &str, bpm: u32) -> Value {
    json!({"timestamp": timestamp, "bpm": bpm, "source": "awake", "timestamp_unix": 0})
}

fn forbidden(call: String) -> FetchError {
    FetchError::Forbidden { call }
}

fn unauthorised(call: String) -> FetchError {
    FetchError::Auth { call, reason: "401".to_owned() }
}

fn transient(call: String) -> FetchError {
    FetchError::Transient { call, reason: "503".to_owned(), retry_after: None }
}

fn gone(call: String) -> FetchError {
    FetchError::Gone { call }
}

#[tokio::test]
async fn the_account_is_the_id_that_notifications_carry() {
    let door = Recorded::new().answer(PERSONAL_INFO, r#"{"id": "e4b8f9d2-3c6a", "age": null}"#);
    let mut cx = Fetch::new(
        Arc::new(door),
        Box::new(Kept::default()),
        Arc::new(app()),
        None,
        instant("2026-05-02T00:00:00Z"),
    );
    assert_eq!(Oura.connected(&mut cx).await, Ok(Account::new("e4b8f9d2-3c6a")));
    assert_eq!(Oura.disconnect(&mut cx).await, Ok(()));
}

#[test]
fn every_document_of_a_resource_is_a_collection_of_it_or_heart_rate() {
    for collection in collection::NOTIFYING {
        for name in collection.resources {
            let resource = SPEC.resource(name).unwrap();
            let part = resource.documents.iter().find(|document| document.name == collection.data_type);
            assert_eq!(part.unwrap().template, collection.list, "{name} {}", collection.data_type);
        }
    }
    for resource in SPEC.resources {
        for document in resource.documents {
            let known =
                collection::find(document.name).is_some_and(|one| one.resources.contains(&resource.name));
            assert!(
                known || [PERSONAL_INFO, HEART_RATE.list].contains(&document.template),
                "{}",
                document.name
            );
        }
    }
}
