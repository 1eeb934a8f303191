//! What the budget decides: a function of (state, message, now) to effects. No clock, no mailbox, no socket.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tributary_contract::error::QuotaScope;
use tributary_contract::spec::{Quota, QuotaWindow, Spec, Usage};
use uuid::Uuid;

use super::Level;
use super::ledger::{Ledger, Saved, SavedWindow};
use super::message::{BudgetError, Class, Effect, Message, PermitRequest, Ticket};
use super::pace::Pace;
use super::permit::{Queue, Turn};
use super::scope::{Opening, Scope};
use super::usage::Reading;
use crate::invariant::Invariant;

/// How often connections that made no call for long are forgotten.
const SWEEP: TimeDelta = TimeDelta::minutes(10);

/// The quotas that hold, and how answers speak of them.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Of the app.
    pub app: Vec<Quota>,
    /// Of each connection.
    pub user: Vec<Quota>,
    /// How answers tell what is left.
    pub usage: Usage,
    /// For each app quota of the Spec, the indices in `app` that its headers speak of.
    pub spoken_of: Vec<Vec<usize>>,
    /// Whether a limit that the provider states counts although it is larger than the quota.
    pub grows: bool,
    /// Longest wait for a permit.
    pub patience: Duration,
}

impl Terms {
    /// The terms of a Spec, with the operator's own quotas in place of the documented ones where there are some.
    pub fn new(spec: &Spec, app: Option<Vec<Quota>>, user: Option<Vec<Quota>>, patience: Duration) -> Self {
        let spoken_of = spec.app_quotas.iter().enumerate().map(|(index, documented)| match &app {
            None => vec![index],
            Some(own) => {
                let same = own.iter().enumerate().filter(|(_, quota)| quota.window == documented.window);
                same.map(|(index, _)| index).collect()
            }
        });
        Self {
            spoken_of: spoken_of.collect(),
            grows: app.is_none() && matches!(spec.usage, Usage::GrowingCounts(_)),
            app: app.unwrap_or_else(|| spec.app_quotas.to_vec()),
            user: user.unwrap_or_else(|| spec.user_quotas.to_vec()),
            usage: spec.usage,
            patience,
        }
    }

    /// Whose quota refused a call. Where both kinds exist, the app's only if the answer shows it used up.
    pub fn refused_by(&self, reading: &Reading) -> QuotaScope {
        let used_up = |count: &super::usage::Count| count.limit.is_some_and(|limit| count.used >= limit);
        if self.user.is_empty() || reading.counts.iter().any(used_up) {
            QuotaScope::App
        } else {
            QuotaScope::User
        }
    }
}

/// All that the budget knows.
#[derive(Debug)]
pub struct State {
    terms: Terms,
    app: Scope,
    users: HashMap<Uuid, Scope>,
    queue: Queue,
    in_flight: HashMap<Ticket, Call>,
    granted: u64,
    pace: Option<Pace>,
    ledger: Option<Ledger>,
    wake_at: Option<DateTime<Utc>>,
    sweep_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy)]
struct Call {
    connection: Option<Uuid>,
    began: DateTime<Utc>,
    /// Calls granted before it.
    before: u64,
    /// Other calls in flight when it began.
    others: usize,
}

impl State {
    /// A budget that has granted nothing yet.
    pub fn new(terms: Terms, now: DateTime<Utc>) -> Self {
        let learns =
            matches!(terms.usage, Usage::Counts(_) | Usage::GrowingCounts(_)) && !terms.app.is_empty();
        Self {
            app: Scope::new(&terms.app, learns, now),
            users: HashMap::new(),
            queue: Queue::default(),
            in_flight: HashMap::new(),
            granted: 0,
            pace: Pace::of(&terms.app, now),
            ledger: None,
            wake_at: None,
            sweep_at: now + SWEEP,
            terms,
        }
    }

    /// The same with windows that outlive a restart: nothing is granted before [`Message::Resumed`].
    pub fn kept(terms: Terms, now: DateTime<Utc>) -> Self {
        let ledger = Some(Ledger::new(&terms.app));
        Self { ledger, ..Self::new(terms, now) }
    }

    /// Takes a message in and says what to do.
    pub fn on(&mut self, message: Message, now: DateTime<Utc>) -> Vec<Effect> {
        let mut effects = Vec::new();
        match message {
            Message::Wanted { ticket, request } => effects.extend(self.wanted(ticket, request, now)),
            Message::Dropped(ticket) => self.dropped(ticket, now),
            Message::Answered(ticket, reading) => self.answered(ticket, &reading, now),
            Message::Ended(ticket) => drop(self.ended(ticket, now)),
            Message::Resumed(saved) => self.resumed(saved, now),
            Message::SaveEnded(is_durable) => {
                self.ledger.iter_mut().for_each(|ledger| ledger.end(is_durable));
            }
            Message::Tick => {}
        }
        if now >= self.sweep_at {
            self.users.retain(|_, scope| !scope.is_empty(now));
            self.sweep_at = now + SWEEP;
        }
        self.grant(now, &mut effects);
        effects
    }

    /// How full the windows of the app are, and how many calls wait.
    pub fn levels(&mut self, now: DateTime<Utc>) -> Vec<Level> {
        let (waiting, closed_until) = (self.queue.waiting(), self.app.closed_until(now));
        let level = |window: &mut super::window::Window| {
            let used = window.used(now);
            Level {
                permits: window.limit(),
                used,
                remaining: window.limit().saturating_sub(used),
                window_seconds: window.quota().window.length().as_secs(),
                aligned: matches!(window.quota().window, QuotaWindow::Aligned(_)),
                ends_at: window.ends_at(now),
                closed_until,
                waiting,
            }
        };
        self.app.windows().iter_mut().map(level).collect()
    }

    fn wanted(&mut self, ticket: Ticket, request: PermitRequest, now: DateTime<Utc>) -> Option<Effect> {
        let PermitRequest { class, tenant, connection } = request;
        let of_app = self.app.opening(class, now);
        let of_user = connection.map_or(Opening::Now, |connection| self.user_opening(connection, class, now));
        if let Opening::At(at) = of_app.and(of_user) {
            let wait = (at - now).to_std().unwrap_or_default();
            if wait > self.terms.patience {
                let scope = if of_app.and(of_user) == of_app { QuotaScope::App } else { QuotaScope::User };
                return Some(Effect::Refuse(ticket, BudgetError::UsedUp { scope, retry_after: wait }));
            }
        }
        let pushed = self.queue.push(ticket, class, tenant, connection.unwrap_or_default());
        (!pushed).then_some(Effect::Refuse(ticket, BudgetError::Crowded))
    }

    fn resumed(&mut self, saved: Option<Saved>, now: DateTime<Utc>) {
        let Some(ledger) = &mut self.ledger else { return };
        ledger.is_ready();
        let Some(saved) = saved else { return };
        for window in self.app.windows() {
            let shape = window.save(now);
            let same = |old: &&SavedWindow| {
                old.seconds == shape.seconds && old.start.is_some() == shape.start.is_some()
            };
            // Two quotas of one length count the same calls, so the fuller one stands for both.
            let old = saved
                .windows
                .iter()
                .filter(same)
                .max_by_key(|old| old.calls.iter().map(|(_, n)| *n).sum::<u32>());
            if let Some(old) = old {
                window.resume(old, saved.lent, now);
                if let Some(limit) = old.limit.filter(|_| self.terms.grows) {
                    window.set_limit(limit, true);
                }
            }
        }
    }

    fn user_opening(&mut self, connection: Uuid, class: Class, now: DateTime<Utc>) -> Opening {
        self.users.get_mut(&connection).map_or(Opening::Now, |scope| scope.opening(class, now))
    }

    fn dropped(&mut self, ticket: Ticket, now: DateTime<Utc>) {
        if self.queue.remove(ticket) {
            return;
        }
        if let Some(call) = self.in_flight.remove(&ticket) {
            self.app.give_back(ticket, now);
            self.with_user(call, |scope| scope.give_back(ticket, now));
        }
    }

    fn ended(&mut self, ticket: Ticket, now: DateTime<Utc>) -> Option<Call> {
        let call = self.in_flight.remove(&ticket)?;
        self.app.end(ticket, now);
        self.with_user(call, |scope| scope.end(ticket, now));
        Some(call)
    }

    fn answered(&mut self, ticket: Ticket, reading: &Reading, now: DateTime<Utc>) {
        let Some(call) = self.ended(ticket, now) else { return };
        self.correct(call, reading, now);
        let refused_by = reading.refused.then(|| self.terms.refused_by(reading));
        if refused_by == Some(QuotaScope::App) {
            self.app.refused(call.began, reading.retry_after, now);
        } else {
            self.app.answered(call.began, reading);
        }
        self.with_user(call, |scope| match refused_by {
            Some(QuotaScope::User) => scope.refused(call.began, reading.retry_after, now),
            Some(QuotaScope::App) => {}
            None => scope.answered(call.began, reading),
        });
    }

    /// Moves the counts to what the provider's own leave possible. It has counted the answered call and all that ended
    /// before that began, and may or may not have counted those that were under way beside it.
    fn correct(&mut self, call: Call, reading: &Reading, now: DateTime<Utc>) {
        let under_way = count(self.in_flight.len());
        let since = u32::try_from(self.granted - call.before - 1).unwrap_or(u32::MAX);
        for said in &reading.counts {
            for index in self.terms.spoken_of.get(said.quota).into_iter().flatten() {
                let Some(window) = self.app.windows().get_mut(*index) else { continue };
                if let Some(limit) = said.limit {
                    window.set_limit(limit, self.terms.grows);
                }
                if window.speaks_of_now(call.began, now) {
                    let at_least = said.used.saturating_add(under_way);
                    let at_most = said.used.saturating_add(count(call.others)).saturating_add(since);
                    window.correct(at_least, at_most, now);
                }
            }
        }
    }

    fn with_user(&mut self, call: Call, act: impl FnOnce(&mut Scope)) {
        let Some(connection) = call.connection else { return };
        if let Some(scope) = self.users.get_mut(&connection) {
            act(scope);
        }
        self.queue.bring_back(connection);
    }

    fn grant(&mut self, now: DateTime<Utc>, effects: &mut Vec<Effect>) {
        self.queue.bring_back_due(now);
        let mut wake = None;
        while let Some((ticket, connection)) = self.next(now, &mut wake) {
            let connection = Some(connection).filter(|connection| !connection.is_nil());
            let call = Call { connection, began: now, before: self.granted, others: self.in_flight.len() };
            let windows = self.app.windows();
            let free = windows.iter_mut().all(|window| window.used(now) < window.limit());
            Invariant::QuotaNeverExceeded.check(free, "when a permit is given");
            self.app.take(ticket, now);
            if let Some(connection) = connection
                && !self.terms.user.is_empty()
            {
                let user = self.users.entry(connection);
                user.or_insert_with(|| Scope::new(&self.terms.user, false, now)).take(ticket, now);
            }
            self.in_flight.insert(ticket, call);
            self.granted += 1;
            self.ledger.iter_mut().for_each(Ledger::use_one);
            effects.push(Effect::Grant(ticket));
            wake = None;
        }
        if let Some(lent) = self.ledger.as_mut().and_then(Ledger::begin) {
            let windows = self.app.windows().iter_mut().map(|window| window.save(now)).collect();
            effects.push(Effect::Save(Saved { windows, lent }));
        }
        let wake = [wake, self.queue.next_due()].into_iter().flatten().min();
        let is_armed = self.wake_at.is_some_and(|armed| armed > now && wake.is_none_or(|at| armed <= at));
        if let Some(at) = wake
            && !is_armed
        {
            self.wake_at = Some(at);
            effects.push(Effect::WakeAt(at));
        }
    }

    /// The next call that may go, most urgent class first; else `wake` says when to look again.
    fn next(&mut self, now: DateTime<Utc>, wake: &mut Option<DateTime<Utc>>) -> Option<(Ticket, Uuid)> {
        if self.ledger.as_ref().is_some_and(|ledger| !ledger.lends()) {
            return None;
        }
        for class in Class::ALL {
            if self.queue.is_empty(class) {
                continue;
            }
            match self.app.opening(class, now) {
                Opening::Now => {}
                // Less urgent classes open later still.
                Opening::At(at) => {
                    *wake = Some(at);
                    return None;
                }
                Opening::CallEnds => return None,
            }
            let (users, pace) = (&mut self.users, self.pace.as_ref().filter(|_| class.is_paced()));
            let mut paced_until = None;
            let next = self.queue.next(class, |connection| {
                let opening =
                    users.get_mut(&connection).map_or(Opening::Now, |scope| scope.opening(class, now));
                match (opening, pace) {
                    (Opening::At(at), _) => Turn::SetAside(Some(at)),
                    (Opening::CallEnds, _) => Turn::SetAside(None),
                    (Opening::Now, None) => Turn::Take,
                    (Opening::Now, Some(pace)) => match pace.take(now) {
                        Ok(()) => Turn::Take,
                        Err(next_cell) => {
                            paced_until = Some(next_cell);
                            Turn::Nobody
                        }
                    },
                }
            });
            if next.is_some() {
                return next;
            }
            if paced_until.is_some() {
                *wake = paced_until;
                return None;
            }
        }
        None
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
