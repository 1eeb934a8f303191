//! Where a request goes: from a template and its arguments to a URL on one of the provider's hosts.
//!
//! Templates come from providers' code, links out of providers' answers; neither decides where the token is sent. A
//! name for spans and errors is made here too, with nothing in it that could tell a person.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tributary_contract::spec::AuthScheme;
use tributary_contract::{FetchError, Request, Spec};
use url::Url;

/// All but what RFC 3986 calls unreserved.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The URL of a request. `origin` replaces scheme, host and port of every URL of the provider.
///
/// # Errors
/// [`FetchError::Malformed`] for a link to a host that is not the provider's, and for a missing or impossible argument.
pub fn build(spec: &Spec, origin: Option<&str>, request: &Request, call: &str) -> Result<Url, FetchError> {
    let wrong = |at: String| FetchError::malformed(call, at);
    let filled = fill(&request.template, &request.args).map_err(wrong)?;
    let absolute = if is_absolute(&filled) { filled } else { format!("{}{filled}", spec.api_base) };
    let is_ours = origin.is_some_and(|origin| starts_with_origin(&absolute, origin));
    let url = Url::parse(&absolute).map_err(|error| wrong(format!("the link ({error})")))?;
    if !is_ours {
        check_host(spec, &url).map_err(|at| wrong(at.to_owned()))?;
    }
    let mut url = match origin {
        Some(_) if !is_ours => Url::parse(&with_origin(url.as_str(), origin))
            .map_err(|error| wrong(format!("the configured origin ({error})")))?,
        _ => url,
    };
    url.set_fragment(None);
    if !request.query.is_empty() {
        url.query_pairs_mut().extend_pairs(&request.query);
    }
    Ok(url)
}

/// Replaces scheme, host and port of a URL.
pub fn with_origin(url: &str, origin: Option<&str>) -> String {
    let Some(origin) = origin else { return url.to_owned() };
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find(['/', '?', '#']).and_then(|start| rest.get(start..)).unwrap_or("");
    format!("{}{path}", origin.trim_end_matches('/'))
}

/// The name of a call. Templates below the API's base and the URLs of the Spec name themselves; of other links, which
/// come from answers, only words are kept.
pub fn name<'a>(spec: &Spec, template: &'a str) -> Cow<'a, str> {
    if !is_absolute(template) {
        let path = template.split_once('?').map_or(template, |(path, _)| path);
        return Cow::Borrowed(path);
    }
    if spec_urls(spec).any(|url| url == template) {
        return Cow::Borrowed(template);
    }
    let path = template.split_once('?').map_or(template, |(path, _)| path);
    let mut parts = path.split('/');
    let (scheme, host) = (parts.next().unwrap_or(""), parts.nth(1).unwrap_or(""));
    let mut name = format!("{scheme}//{host}");
    for part in parts {
        name.push('/');
        name.push_str(if is_word(part) { part } else { "*" });
    }
    Cow::Owned(name)
}

/// A call as a URL: the origin and the template, with nothing filled in.
pub fn shown(spec: &Spec, origin: Option<&str>, call: &str) -> String {
    if is_absolute(call) {
        with_origin(call, origin)
    } else {
        with_origin(&format!("{}{call}", spec.api_base), origin)
    }
}

fn is_word(part: &str) -> bool {
    let is_version = part.len() <= 3 && part.starts_with('v');
    let is_argument = part.starts_with('{') && part.ends_with('}');
    let is_plain =
        part.len() <= 24 && part.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_'));
    is_version || is_argument || is_plain
}

fn is_absolute(template: &str) -> bool {
    template.starts_with("https://") || template.starts_with("http://")
}

fn starts_with_origin(url: &str, origin: &str) -> bool {
    let rest = url.strip_prefix(origin.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

fn check_host(spec: &Spec, url: &Url) -> Result<(), &'static str> {
    if url.scheme() != "https"
        || url.port().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        return Err("a link that is not plain https");
    }
    let host = url.host_str().unwrap_or("");
    let of_spec = spec_urls(spec).filter_map(host_of);
    if spec.hosts.iter().copied().chain(of_spec).any(|known| known.eq_ignore_ascii_case(host)) {
        Ok(())
    } else {
        Err("a link to a host that is not the provider's")
    }
}

fn spec_urls(spec: &Spec) -> impl Iterator<Item = &'static str> {
    let auth = match &spec.auth {
        AuthScheme::OAuth2(scheme) => {
            [Some(scheme.token_url), Some(scheme.authorize_url), scheme.revoke.map(|revoke| revoke.url)]
        }
        AuthScheme::None => [None; 3],
    };
    std::iter::once(spec.api_base).chain(auth.into_iter().flatten())
}

fn host_of(url: &'static str) -> Option<&'static str> {
    url.split_once("://")?.1.split(['/', ':', '?']).next()
}

/// Puts the arguments into the template. A value can add neither a segment nor a parameter.
fn fill(template: &str, args: &[(&'static str, String)]) -> Result<String, String> {
    let mut filled = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { break };
        let Some((_, value)) = args.iter().find(|(known, _)| *known == name) else {
            return Err(format!("argument {name} (missing)"));
        };
        if matches!(value.as_str(), "" | "." | "..") {
            return Err(format!("argument {name} (empty or a dot)"));
        }
        filled.push_str(before);
        filled.extend(utf8_percent_encode(value, IN_PATH));
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests;
