//! Values that are written as text: addresses, networks, quotas, names.
//!
//! Each type here is one way to write a value, with its error text and its JSON Schema. The errors say what is
//! expected, never what was found.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Unexpected, Visitor};
use tributary_contract::Secret;
use tributary_contract::spec::{Quota, QuotaWindow, Spec};
use tributary_sinks::duration::HumanDuration;
use url::Url;

/// A type that is read from text.
pub(crate) trait Written: Sized {
    /// What the text has to be.
    const EXPECTED: &'static str;
    /// A regular expression that every right text matches, for editors; empty if there is none worth having.
    const PATTERN: &'static str = "";

    /// The value; `None` if the text is not what is expected.
    fn parse(text: &str) -> Option<Self>;
}

/// A [`Written`] value, for fields.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Text<T>(pub(crate) T);

impl<'de, T: Written> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor<T>(PhantomData<T>);

        impl<T: Written> Visitor<'_> for TextVisitor<T> {
            type Value = Text<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(T::EXPECTED)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Text<T>, E> {
                T::parse(text).map(Text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_str(TextVisitor(PhantomData))
    }
}

impl<T: Written> JsonSchema for Text<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::EXPECTED.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        if T::PATTERN.is_empty() {
            json_schema!({ "type": "string" })
        } else {
            // Editors see the text before variables are put in.
            json_schema!({ "type": "string", "pattern": format!("{}|\\$\\{{|^file:", T::PATTERN) })
        }
    }
}

impl Written for SocketAddr {
    const EXPECTED: &'static str = "an IP address with a port, such as 127.0.0.1:8080 or [::]:8080";
    const PATTERN: &'static str = ":[0-9]{1,5}$";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Written for IpNet {
    const EXPECTED: &'static str = "a network such as 10.1.0.0/16 or fd00::/8, or one address";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(Self::from))
    }
}

/// An http or https URL that paths are appended to.
#[derive(Debug, Clone)]
pub(crate) struct BaseUrl(pub(crate) Url);

impl Written for BaseUrl {
    const EXPECTED: &'static str = "a URL that begins with https:// or http://, without query and user name";
    const PATTERN: &'static str = "^https?://";

    fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        let right =
            matches!(url.scheme(), "http" | "https") && url.has_host() && plain && url.password().is_none();
        right.then_some(Self(url))
    }
}

/// Scheme, host and port of a URL.
#[derive(Debug, Clone)]
pub(crate) struct Origin(pub(crate) Url);

impl Written for Origin {
    const EXPECTED: &'static str = "scheme, host and port alone, such as http://127.0.0.1:9000";
    const PATTERN: &'static str = "^https?://";

    fn parse(text: &str) -> Option<Self> {
        BaseUrl::parse(text).filter(|BaseUrl(url)| url.path() == "/").map(|BaseUrl(url)| Self(url))
    }
}

/// Where the store is.
#[derive(Debug, Clone)]
pub(crate) struct StoreUrl(pub(crate) String);

impl Written for StoreUrl {
    const EXPECTED: &'static str = "sqlite:// and the path of a file, such as sqlite://data/tributary.db";
    const PATTERN: &'static str = "^sqlite:";

    fn parse(text: &str) -> Option<Self> {
        let path = text.strip_prefix("sqlite:")?.trim_start_matches('/');
        (!path.is_empty() && !path.contains(":memory:")).then(|| Self(text.to_owned()))
    }
}

/// A secret that is not empty.
impl Written for Secret<String> {
    const EXPECTED: &'static str = "text that is not empty";

    fn parse(text: &str) -> Option<Self> {
        (!text.trim().is_empty()).then(|| text.into())
    }
}

/// Text that is not empty.
impl Written for String {
    const EXPECTED: &'static str = "text that is not empty";

    fn parse(text: &str) -> Option<Self> {
        (!text.trim().is_empty()).then(|| text.to_owned())
    }
}

/// A name that goes into headers, metrics and file names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name(pub(crate) String);

impl Written for Name {
    const EXPECTED: &'static str =
        "at most 64 letters (a to z), digits, `-`, `_` and `.`, with a letter or digit first";
    const PATTERN: &'static str = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$";

    fn parse(text: &str) -> Option<Self> {
        let first = text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric());
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        (first && plain && text.len() <= 64).then(|| Self(text.to_owned()))
    }
}

/// Calls in a length of time: `600/15m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QuotaText {
    permits: u32,
    length: Duration,
}

impl Written for QuotaText {
    const EXPECTED: &'static str = "calls and a length of time, such as 600/15m or 30000/1d";
    const PATTERN: &'static str = "^[0-9]+/([0-9]+(ms|s|m|h|d))+$";

    fn parse(text: &str) -> Option<Self> {
        let (permits, length) = text.split_once('/')?;
        let permits = permits.trim().parse().ok().filter(|permits| *permits > 0)?;
        let length = length.trim().parse::<HumanDuration>().ok()?.get();
        (!length.is_zero()).then_some(Self { permits, length })
    }
}

impl QuotaText {
    /// The quota, counted as the provider counts windows of that length; rolling if it documents none.
    pub(crate) fn quota(self, spec: &Spec) -> Quota {
        let documented = spec.app_quotas.iter().chain(spec.user_quotas).map(|quota| quota.window);
        let window = documented.into_iter().find(|window| window.length() == self.length);
        Quota { permits: self.permits, window: window.unwrap_or(QuotaWindow::Rolling(self.length)) }
    }
}

impl Written for HumanDuration {
    const EXPECTED: &'static str = "a length of time, such as 30d, 12h or 1h30m";
    const PATTERN: &'static str = "^([0-9]+(ms|s|m|h|d))+$";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// A length of time that is not zero.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Positive(pub(crate) Duration);

impl Written for Positive {
    const EXPECTED: &'static str = "a length of time above zero, such as 30d, 12h or 1h30m";
    const PATTERN: &'static str = HumanDuration::PATTERN;

    fn parse(text: &str) -> Option<Self> {
        HumanDuration::parse(text).map(HumanDuration::get).filter(|length| !length.is_zero()).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> &'static Spec {
        tributary_providers::registry::find("strava").unwrap().spec()
    }

    #[test]
    fn a_quota_counts_as_the_provider_counts() {
        let quota = |text: &str| QuotaText::parse(text).unwrap().quota(spec());
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        assert_eq!(quota("600/15m"), Quota { permits: 600, window: QuotaWindow::Aligned(minutes(15)) });
        assert_eq!(
            quota("30000/24h"),
            Quota { permits: 30_000, window: QuotaWindow::Aligned(minutes(1440)) }
        );
        assert_eq!(quota("5 / 1m"), Quota { permits: 5, window: QuotaWindow::Rolling(minutes(1)) });
    }

    #[test]
    fn texts_that_mean_nothing_are_refused() {
        for text in
            ["", "600", "600/", "/15m", "0/15m", "-1/15m", "600/15", "600/0s", "600/15m/1d", "4294967296/1d"]
        {
            assert_eq!(QuotaText::parse(text), None, "{text}");
        }
        for text in ["", "a b", "-a", "é", "a/b", &"x".repeat(65)] {
            assert_eq!(Name::parse(text), None, "{text}");
        }
        for text in ["example.com", "ftp://example.com", "https://a?b", "https://u:p@a", "/", "https://"] {
            assert!(BaseUrl::parse(text).is_none(), "{text}");
        }
        for text in ["https://example.com/path", "localhost:80", "https://a/?"] {
            assert!(Origin::parse(text).is_none(), "{text}");
        }
        for text in ["postgres://h/d", "sqlite://", "sqlite::memory:", "data.db"] {
            assert!(StoreUrl::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn texts_that_mean_something_are_read() {
        assert_eq!(<IpNet as Written>::parse("10.0.0.1").unwrap().to_string(), "10.0.0.1/32");
        assert_eq!(<IpNet as Written>::parse("fd00::/8").unwrap().to_string(), "fd00::/8");
        assert_eq!(BaseUrl::parse("https://a.example/tributary").unwrap().0.path(), "/tributary");
        assert!(Origin::parse("http://127.0.0.1:9000").is_some());
        assert!(StoreUrl::parse("sqlite:///var/lib/t.db").is_some());
    }
}
