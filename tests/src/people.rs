//! People who connect: the tenant asks for a link, a browser opens it, the person decides, the browser comes back.

use bytes::Bytes;
use http::{Method, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::browser::Browser;
use crate::world::World;

/// A person who has connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Key of the provider.
    pub provider: &'static str,
    /// The tenant.
    pub tenant: String,
    /// The provider's id of the person.
    pub account: String,
    /// The tenant's id of the person.
    pub reference_id: String,
    /// The connection.
    pub connection: Uuid,
}

impl World {
    /// The link that a tenant's user is sent, and the id that the connection will have.
    pub async fn begin_connect(&self, tenant: &str, provider: &str, reference_id: &str) -> (String, Uuid) {
        let path = format!("/v2/auth/authenticateUser?resource={}", provider.to_uppercase());
        let body = json!({"reference_id": reference_id});
        let (status, answer) = self.tenant(tenant, Method::POST, &path, &body).await;
        assert_eq!(status, 200, "{answer}");
        let text = |name: &str| {
            answer.get(name).and_then(Value::as_str).expect("an answer as documented").to_owned()
        };
        (text("auth_url"), text("user_id").parse().expect("a UUID"))
    }

    /// Where the browser is sent after a person has agreed on the consent page behind a link.
    pub async fn agree(&self, link: &str, login: usize) -> String {
        self.agree_in(&self.browser, link, login).await
    }

    /// The same in some browser.
    pub async fn agree_in(&self, browser: &Browser, link: &str, login: usize) -> String {
        self.decide_in(browser, link, login, true).await
    }

    /// Where a browser is sent after a person has agreed or not on the consent page behind a link.
    pub async fn decide_in(&self, browser: &Browser, link: &str, login: usize, agrees: bool) -> String {
        let page = self.consent_page_in(browser, link).await;
        let answer =
            self.browse_in(browser, &format!("{page}&login={login}&approve={}", u8::from(agrees))).await;
        sent_to(&answer)
    }

    /// The consent page that a browser is sent to by a link.
    pub async fn consent_page_in(&self, browser: &Browser, link: &str) -> String {
        sent_to(&self.browse_in(browser, link).await)
    }

    /// A person connects for the first tenant, through the consent page.
    pub async fn connect(&self, provider: &str, login: usize) -> Person {
        let tenant = self.plan.tenants.first().expect("a tenant").dev_id.clone();
        self.connect_for(&tenant, provider, login).await
    }

    /// A person connects for a tenant, through the consent page, in a browser that has never been here.
    pub async fn connect_for(&self, tenant: &str, provider: &str, login: usize) -> Person {
        let reference_id = format!("{provider}-{login}");
        let (link, connection) = self.begin_connect(tenant, provider, &reference_id).await;
        let browser = Browser::default();
        let back = self.agree_in(&browser, &link, login).await;
        let done = self.browse_in(&browser, &back).await;
        assert!(done.status().is_success(), "the callback answered {}: {:?}", done.status(), done.body());
        let host = self.host(provider);
        let account =
            host.with(|sandbox| sandbox.accounts().get(login).cloned()).expect("a person of that number");
        // An account that was connected before keeps its connection.
        let connection = match self.find(tenant, provider, &reference_id).await {
            Some(known) => known,
            None => connection,
        };
        Person { provider: host.key(), tenant: tenant.to_owned(), account, reference_id, connection }
    }

    async fn find(&self, tenant: &str, provider: &str, reference_id: &str) -> Option<Uuid> {
        let list = self
            .connections(&format!("?tenant={tenant}&provider={provider}&reference_id={reference_id}"))
            .await;
        list.first()?.get("id")?.as_str()?.parse().ok()
    }

    /// All people of the first tenant connect: everybody at every provider.
    pub async fn connect_all(&self) -> Vec<Person> {
        let mut people = Vec::new();
        for host in self.hosts() {
            for login in 0..host.with(|sandbox| sandbox.accounts().len()) {
                people.push(self.connect(host.key(), login).await);
            }
        }
        people
    }
}

/// Where an answer sends its browser.
fn sent_to(answer: &Response<Bytes>) -> String {
    let place = answer.headers().get("location").and_then(|location| location.to_str().ok());
    place.unwrap_or_else(|| panic!("a redirect was expected, not {}", answer.status())).to_owned()
}
