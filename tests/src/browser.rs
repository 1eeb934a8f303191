//! A browser as far as consents need one: it keeps cookies as a browser does, and leaves redirects to the test.

use std::sync::{Mutex, PoisonError};

use http::{HeaderMap, Response};

/// The cookies of one person's browser. All pages of a world are on one host, whose ports share cookies.
#[derive(Debug, Default)]
pub struct Browser {
    cookies: Mutex<Vec<Cookie>>,
}

#[derive(Debug, Clone)]
struct Cookie {
    name: String,
    value: String,
    path: String,
}

impl Browser {
    /// What it sends along to that path.
    pub fn cookies(&self, path: &str) -> Option<String> {
        let kept = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |cookie: &&Cookie| {
            let rest = path.strip_prefix(cookie.path.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let pairs = kept.iter().filter(fits).map(|cookie| format!("{}={}", cookie.name, cookie.value));
        let pairs: Vec<_> = pairs.collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Keeps what an answer sets.
    pub fn keep<T>(&self, answer: &Response<T>) {
        let mut kept = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        for cookie in set_by(answer.headers()) {
            kept.retain(|known| known.name != cookie.name || known.path != cookie.path);
            kept.push(cookie);
        }
    }
}

fn set_by(headers: &HeaderMap) -> impl Iterator<Item = Cookie> {
    let lines = headers.get_all("set-cookie").into_iter().filter_map(|line| line.to_str().ok());
    lines.filter_map(|line| {
        let mut parts = line.split(';').map(str::trim);
        let (name, value) = parts.next()?.split_once('=')?;
        let path = parts.find_map(|part| part.strip_prefix("Path=")).unwrap_or("/");
        Some(Cookie { name: name.to_owned(), value: value.to_owned(), path: path.to_owned() })
    })
}
