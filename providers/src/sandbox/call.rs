//! A request to a sandbox, read; and answers, written.
//!
//! Requests come in from the host and leave as answers of the server. It never decides anything.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// A request, with its query and form decoded.
#[derive(Clone)]
pub struct Call {
    /// Method.
    pub method: Method,
    /// Path without query, decoded.
    pub path: String,
    /// Headers.
    pub headers: HeaderMap,
    /// Raw body.
    pub body: Bytes,
    query: Vec<(String, String)>,
    form: Vec<(String, String)>,
}

impl Call {
    /// Reads a request. A body is read as a form when it says that it is one.
    pub fn new(request: Request<Bytes>) -> Self {
        let (parts, body) = request.into_parts();
        let pairs = |text: &[u8]| url::form_urlencoded::parse(text).into_owned().collect::<Vec<_>>();
        let is_form = parts
            .headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
        Self {
            query: parts.uri.query().map(|query| pairs(query.as_bytes())).unwrap_or_default(),
            form: if is_form { pairs(&body) } else { Vec::new() },
            path: percent_decode_str(parts.uri.path().trim_end_matches('/')).decode_utf8_lossy().into_owned(),
            method: parts.method,
            headers: parts.headers,
            body,
        }
    }

    /// The segments of the path.
    pub fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|segment| !segment.is_empty()).collect()
    }

    /// The first query parameter of that name.
    pub fn query(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// The first form field of that name.
    pub fn form(&self, name: &str) -> Option<&str> {
        find(&self.form, name)
    }

    /// The first form field or query parameter of that name.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.form(name).or_else(|| self.query(name))
    }

    /// All form fields and query parameters of that name.
    pub fn fields<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.form
            .iter()
            .chain(&self.query)
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The bearer token.
    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header(AUTHORIZATION.as_str())?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    }

    /// User and password of HTTP Basic.
    pub fn basic(&self) -> Option<(String, String)> {
        let (scheme, encoded) = self.header(AUTHORIZATION.as_str())?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
        decoded.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
    }

    /// The body as JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// An answer with a body of that type.
pub fn answer(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// A JSON answer.
pub fn json(status: u16, body: &Value) -> Response<Bytes> {
    written(status, body.to_string())
}

/// A JSON answer that is already text.
pub fn written(status: u16, body: impl Into<Bytes>) -> Response<Bytes> {
    answer(status, "application/json; charset=utf-8", body)
}

/// An answer without body.
pub fn empty(status: u16) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}

/// A page.
pub fn html(status: u16, body: String) -> Response<Bytes> {
    answer(status, "text/html; charset=utf-8", body)
}

/// Sends the browser elsewhere.
pub fn redirect(url: &str) -> Response<Bytes> {
    let mut response = empty(302);
    if let Ok(location) = HeaderValue::from_str(url) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// Adds a header to an answer; one that cannot be written is left out.
pub fn set(response: &mut Response<Bytes>, name: &'static str, value: &str) {
    set_header(response.headers_mut(), name, value);
}

/// Adds a header; one that cannot be written is left out.
pub fn set_header(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// Text that can stand in a page.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_form_bearer_and_basic_are_read() {
        let request = Request::post("/oauth%2Dx/token/?a=1&b=x%20y")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", "Basic dXNlcjpwYTpzcw==")
            .body(Bytes::from_static(b"a=2&c=3&c=4"))
            .unwrap();
        let call = Call::new(request);
        assert_eq!(call.path, "/oauth-x/token");
        assert_eq!((call.query("a"), call.form("a"), call.field("a")), (Some("1"), Some("2"), Some("2")));
        assert_eq!(call.query("b"), Some("x y"));
        assert_eq!(call.fields("c").collect::<Vec<_>>(), ["3", "4"]);
        assert_eq!(call.basic(), Some(("user".to_owned(), "pa:ss".to_owned())));
        assert_eq!(call.bearer(), None);
        assert_eq!(escaped("<a href='x'>&"), "&lt;a href=&#39;x&#39;&gt;&amp;");
    }
}
