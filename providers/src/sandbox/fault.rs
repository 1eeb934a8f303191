//! Scripted mischief: what a real cloud does on bad days, on demand.
//!
//! Tests and the demo inject rules; the server asks before and after it answers. It never strikes by chance.

use std::fmt;

use bytes::Bytes;
use http::Response;

use super::Reaction;
use super::call::{self, Call};

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The request is refused with that status, in the provider's form of an error.
    Status(u16),
    /// The request is refused with the provider's 429 although the quota is not used up. It counts as no violation.
    TooManyRequests,
    /// Refused with exactly this.
    Body {
        /// Status.
        status: u16,
        /// `Content-Type`.
        content_type: &'static str,
        /// Body.
        body: Bytes,
    },
    /// The request is taken and never answered; nothing is done.
    Hang,
    /// Status 200 with something that is not JSON; nothing is done.
    Garbage,
    /// The request is carried out, but only the first half of the body gets through.
    HalfBody,
    /// The request is carried out, but no byte of the answer gets through. On a refresh this loses a rotated token.
    LostAnswer,
}

type Predicate = Box<dyn Fn(&Call) -> bool + Send>;

struct Rule {
    route: Option<&'static str>,
    when: Option<Predicate>,
    skip: u32,
    times: u32,
    fault: Fault,
}

/// The rules that still wait to strike, in the order in which they were injected.
#[derive(Default)]
pub struct Faults {
    rules: Vec<Rule>,
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults").field("waiting", &self.waiting()).finish()
    }
}

impl Faults {
    /// The next `times` answers on a route (`GET /api/v3/athlete`, as the statistics name it) go wrong.
    pub fn on(&mut self, route: &'static str, times: u32, fault: Fault) {
        self.rules.push(Rule { route: Some(route), when: None, skip: 0, times, fault });
    }

    /// As [`Faults::on`], but the first `skip` answers go well.
    pub fn later(&mut self, route: &'static str, skip: u32, times: u32, fault: Fault) {
        self.rules.push(Rule { route: Some(route), when: None, skip, times, fault });
    }

    /// The next `times` answers to requests of which `when` is true go wrong.
    pub fn when(&mut self, times: u32, fault: Fault, when: impl Fn(&Call) -> bool + Send + 'static) {
        self.rules.push(Rule { route: None, when: Some(Box::new(when)), skip: 0, times, fault });
    }

    /// The next `times` answers to anything go wrong.
    pub fn everywhere(&mut self, times: u32, fault: Fault) {
        self.rules.push(Rule { route: None, when: None, skip: 0, times, fault });
    }

    /// From now on all goes well again.
    pub fn clear(&mut self) {
        self.rules.clear();
    }

    /// Answers that will still go wrong.
    pub fn waiting(&self) -> u64 {
        self.rules.iter().map(|rule| u64::from(rule.times)).sum()
    }

    /// The fault that strikes this request, if one does.
    pub(crate) fn take(&mut self, route: &'static str, call: &Call) -> Option<Fault> {
        let fits = |rule: &Rule| {
            rule.route.is_none_or(|wanted| wanted == route)
                && rule.when.as_ref().is_none_or(|when| when(call))
        };
        let position = self.rules.iter().position(fits)?;
        let rule = self.rules.get_mut(position)?;
        if rule.skip > 0 {
            rule.skip -= 1;
            return None;
        }
        rule.times = rule.times.saturating_sub(1);
        let fault = rule.fault.clone();
        if rule.times == 0 {
            self.rules.remove(position);
        }
        Some(fault)
    }
}

impl Fault {
    /// What is sent instead of carrying the request out; `None` when it is carried out. `refuse` phrases a status
    /// the provider's way.
    pub(crate) fn instead(&self, refuse: impl FnOnce(u16) -> Response<Bytes>) -> Option<Reaction> {
        Some(match self {
            Self::Status(status) => Reaction::Answer(refuse(*status)),
            Self::TooManyRequests => Reaction::Answer(refuse(429)),
            Self::Body { status, content_type, body } => {
                Reaction::Answer(call::answer(*status, content_type, body.clone()))
            }
            Self::Hang => Reaction::Hang,
            Self::Garbage => {
                Reaction::Answer(call::html(200, "<html><body>Down for maintenance</body></html>".to_owned()))
            }
            Self::HalfBody | Self::LostAnswer => return None,
        })
    }

    /// What becomes of the answer to a request that was carried out.
    pub(crate) fn spoil(&self, reaction: Reaction) -> Reaction {
        match (self, reaction) {
            (Self::HalfBody, Reaction::Answer(response)) => {
                let after = Some(response.body().len() / 2);
                Reaction::Cut { response, after }
            }
            (Self::LostAnswer, Reaction::Answer(response)) => Reaction::Cut { response, after: None },
            (_, reaction) => reaction,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(path: &str) -> Call {
        Call::new(http::Request::get(path).body(Bytes::new()).unwrap())
    }

    #[test]
    fn a_rule_strikes_its_route_as_often_as_asked_and_after_what_it_skips() {
        let mut faults = Faults::default();
        faults.later("GET /a", 1, 2, Fault::Hang);
        assert_eq!(faults.take("GET /b", &call("/b")), None);
        let struck: Vec<bool> = (0..5).map(|_| faults.take("GET /a", &call("/a")).is_some()).collect();
        assert_eq!(struck, [false, true, true, false, false]);
        assert_eq!(faults.waiting(), 0);
    }

    #[test]
    fn a_predicate_sees_the_request() {
        let mut faults = Faults::default();
        faults.when(9, Fault::Garbage, |call| call.query("page") == Some("2"));
        assert_eq!(faults.take("r", &call("/a?page=1")), None);
        assert_eq!(faults.take("r", &call("/a?page=2")), Some(Fault::Garbage));
    }

    #[test]
    fn half_a_body_and_a_lost_answer_spoil_what_was_carried_out() {
        let whole = || Reaction::Answer(call::written(200, "12345678"));
        assert!(Fault::HalfBody.instead(|_| call::empty(500)).is_none());
        assert!(matches!(Fault::HalfBody.spoil(whole()), Reaction::Cut { after: Some(4), .. }));
        assert!(matches!(Fault::LostAnswer.spoil(whole()), Reaction::Cut { after: None, .. }));
        let refused = Fault::Status(503).instead(call::empty).and_then(Reaction::answer).unwrap();
        assert_eq!(refused.status(), 503);
    }
}
