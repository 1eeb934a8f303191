//! Where browsers set out to a provider's consent page: each gets an id in a cookie, and goes on with a state that is
//! bound to it.
//!
//! It writes nothing to the store, so it does not matter who opens the link, nor how often.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use tributary_config::Operator;
use tributary_engine::connection::Runtime;
use tributary_engine::connection::connect::ConnectError;
use tributary_engine::connection::flow;
use tributary_engine::oauth::Browser;
use tributary_engine::store::Flow;
use url::Url;

use super::disconnect::failed;
use super::error::Failure;
use crate::app::Shared;

/// Name of the cookie. Behind TLS it has the prefix that makes browsers refuse it from anybody but this very host: else
/// a neighbour below the same domain could give a browser an id of its choice.
const COOKIE: &str = "tributary-browser";
/// See [`COOKIE`].
const HOST_PREFIX: &str = "__Host-";

/// The link that a tenant hands to its user.
pub fn link(operator: &Operator, provider: &str, state: &str) -> String {
    let base = operator.public_url.as_str().trim_end_matches('/');
    format!("{base}/auth/{provider}/begin?flow={state}")
}

/// Query of the link.
#[derive(Deserialize)]
pub struct Parameters {
    flow: Option<String>,
}

/// `GET /auth/{provider}/begin`.
pub async fn set_out(
    request: HttpRequest,
    provider: web::Path<String>,
    parameters: web::Query<Parameters>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Failure> {
    let (flow, runtime) = find(&shared, &provider, parameters.flow.as_deref()).await?;
    let public = shared.live.get().operator().public_url.clone();
    let browser = browser(&request, &public).unwrap_or_else(Browser::unknown);
    let page = flow::consent_page(&runtime, &flow, &browser).map_err(failed)?;
    Ok(HttpResponse::Found()
        .insert_header((header::LOCATION, page))
        .insert_header((header::SET_COOKIE, cookie(&browser, &public)))
        .finish())
}

/// The flow of that state, with the app that it is for.
pub(super) async fn find(
    shared: &Shared,
    provider: &str,
    state: Option<&str>,
) -> Result<(Flow, Arc<Runtime>), Failure> {
    let none = || Failure::not_found(format!("no provider app {provider:?} is configured"));
    if shared.live.get().runtimes.all().all(|(app, _)| app.provider != provider) {
        return Err(none());
    }
    let unknown = || Failure::bad_request(ConnectError::Flow.to_string());
    let flow = shared.store.flow(state.ok_or_else(unknown)?).await?.ok_or_else(unknown)?;
    // A state of one provider must not lead to, or complete, a flow of another.
    if flow.provider != provider {
        return Err(unknown());
    }
    let runtime = shared.live.runtime(&flow.tenant, &flow.provider).ok_or_else(none)?;
    Ok((flow, runtime))
}

/// The browser that a request comes from, if it has our cookie.
pub(super) fn browser(request: &HttpRequest, public: &Url) -> Option<Browser> {
    let name = name(public);
    let headers = request.headers().get_all(header::COOKIE).filter_map(|header| header.to_str().ok());
    let mut pairs = headers.flat_map(|header| header.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find_map(|(key, value)| if key.trim() == name { Browser::parse(value.trim()) } else { None })
}

fn name(public: &Url) -> String {
    let prefix = if is_secure(public) { HOST_PREFIX } else { "" };
    format!("{prefix}{COOKIE}")
}

fn is_secure(public: &Url) -> bool {
    public.scheme() == "https"
}

/// The cookie as it is set: as long as a link lives. A consent page sends the browser back from another site, which
/// `Strict` would not survive.
fn cookie(browser: &Browser, public: &Url) -> String {
    let (name, id) = (name(public), browser.cookie());
    // The prefix asks for the path of the whole host.
    let (path, secure) = if is_secure(public) {
        ("/".to_owned(), "; Secure")
    } else {
        (format!("{}/auth", public.path().trim_end_matches('/')), "")
    };
    let age = flow::LIFE.num_seconds();
    format!("{name}={}; Path={path}; Max-Age={age}; HttpOnly; SameSite=Lax{secure}", id.expose())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn behind_tls_the_cookie_belongs_to_this_host_alone() {
        let browser = Browser::unknown();
        let id = browser.cookie();
        for public in ["https://sync.example.com", "https://example.com/sync/"] {
            assert_eq!(
                cookie(&browser, &url(public)),
                format!(
                    "__Host-tributary-browser={}; Path=/; Max-Age=900; HttpOnly; SameSite=Lax; Secure",
                    id.expose()
                )
            );
        }
    }

    #[test]
    fn without_tls_it_goes_to_the_pages_of_consents_alone() {
        let browser = Browser::unknown();
        let id = browser.cookie();
        for (public, path) in [("http://localhost:8080", "/auth"), ("http://here/sync/", "/sync/auth")] {
            assert_eq!(
                cookie(&browser, &url(public)),
                format!(
                    "tributary-browser={}; Path={path}; Max-Age=900; HttpOnly; SameSite=Lax",
                    id.expose()
                )
            );
        }
    }

    #[test]
    fn the_cookie_is_found_among_others_and_only_by_the_name_that_fits() {
        let id = Browser::unknown().cookie();
        let (tls, plain) = (url("https://sync.example.com"), url("http://localhost"));
        let read = |cookies: &str, public| {
            let request = TestRequest::default().insert_header((header::COOKIE, cookies)).to_http_request();
            browser(&request, public).map(|browser| browser.cookie().expose().clone())
        };
        let (id, host) = (id.expose(), format!("__Host-tributary-browser={}", id.expose()));
        assert_eq!(read(&format!("a=b; {host}; c=d"), &tls).as_ref(), Some(id));
        assert_eq!(read(&format!("tributary-browser={id}"), &plain).as_ref(), Some(id));
        assert_eq!(read(&format!("tributary-browser={id}"), &tls), None, "anybody could have set it");
        assert_eq!(read("__Host-tributary-browser=invented", &tls), None);
        let both = format!("__Host-tributary-browser=; {host}");
        assert_eq!(read(&both, &tls).as_ref(), Some(id), "one that makes no sense hides no other");
    }
}
