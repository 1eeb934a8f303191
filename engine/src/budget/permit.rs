//! Who waits for a permit: by class, and within a class in turn between tenants and between the connections of a
//! tenant. Pure; it knows nothing of quotas, only what it is told about a connection.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::message::{Class, Ticket};

/// Most wishes of one class that may wait.
pub const MOST_WAITING: usize = 10_000;

/// The waiting room.
#[derive(Debug, Default)]
pub struct Queue {
    rings: [Ring; Class::ALL.len()],
    tickets: HashMap<Ticket, Place>,
    /// Connections that have no turn before some instant, or (`None`) before one of their calls ends.
    set_aside: HashMap<(Class, Uuid), Aside>,
    due: BTreeSet<(DateTime<Utc>, Class, Uuid)>,
}

#[derive(Debug, Clone)]
struct Place {
    class: Class,
    tenant: Arc<str>,
    connection: Uuid,
}

#[derive(Debug)]
struct Aside {
    tenant: Arc<str>,
    until: Option<DateTime<Utc>>,
}

/// What to do with the connection whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It gets the permit.
    Take,
    /// It has no turn before that instant; `None`: before one of its calls ends.
    SetAside(Option<DateTime<Utc>>),
    /// Nobody of the class gets a permit now.
    Nobody,
}

impl Queue {
    /// Adds a wish; false when too many wait.
    pub fn push(&mut self, ticket: Ticket, class: Class, tenant: Arc<str>, connection: Uuid) -> bool {
        let is_aside = self.set_aside.contains_key(&(class, connection));
        let ring = ring(&mut self.rings, class);
        if ring.waiting >= MOST_WAITING {
            return false;
        }
        ring.push(ticket, &tenant, connection, is_aside);
        self.tickets.insert(ticket, Place { class, tenant, connection });
        true
    }

    /// Removes a wish; false when it does not wait here.
    pub fn remove(&mut self, ticket: Ticket) -> bool {
        let Some(place) = self.tickets.remove(&ticket) else { return false };
        let emptied = ring(&mut self.rings, place.class).remove(ticket, &place.tenant, place.connection);
        if emptied {
            self.forget_aside(place.class, place.connection);
        }
        true
    }

    /// Offers the turn to one connection after the other until one takes it.
    pub fn next(&mut self, class: Class, mut offer: impl FnMut(Uuid) -> Turn) -> Option<(Ticket, Uuid)> {
        loop {
            let (tenant, connection) = ring(&mut self.rings, class).front()?;
            match offer(connection) {
                Turn::Take => {
                    let ticket = ring(&mut self.rings, class).take(&tenant, connection)?;
                    self.tickets.remove(&ticket);
                    return Some((ticket, connection));
                }
                Turn::SetAside(until) => {
                    ring(&mut self.rings, class).detach(&tenant, connection);
                    if let Some(at) = until {
                        self.due.insert((at, class, connection));
                    }
                    self.set_aside.insert((class, connection), Aside { tenant, until });
                }
                Turn::Nobody => return None,
            }
        }
    }

    /// Gives a connection its turns back.
    pub fn bring_back(&mut self, connection: Uuid) {
        for class in Class::ALL {
            self.bring_back_class(class, connection);
        }
    }

    /// Gives the connections whose time has come their turns back.
    pub fn bring_back_due(&mut self, now: DateTime<Utc>) {
        while let Some((at, class, connection)) = self.due.first().copied()
            && at <= now
        {
            self.bring_back_class(class, connection);
        }
    }

    /// When the next connection that was set aside is due.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        self.due.first().map(|(at, _, _)| *at)
    }

    /// Whether nobody of the class has a turn.
    pub fn is_empty(&self, class: Class) -> bool {
        self.rings.get(class as usize).is_none_or(|ring| ring.order.is_empty())
    }

    /// Wishes that wait, set aside or not.
    pub fn waiting(&self) -> usize {
        self.tickets.len()
    }

    fn bring_back_class(&mut self, class: Class, connection: Uuid) {
        if let Some(aside) = self.forget_aside(class, connection) {
            ring(&mut self.rings, class).attach(&aside.tenant, connection);
        }
    }

    fn forget_aside(&mut self, class: Class, connection: Uuid) -> Option<Aside> {
        let aside = self.set_aside.remove(&(class, connection))?;
        if let Some(at) = aside.until {
            self.due.remove(&(at, class, connection));
        }
        Some(aside)
    }
}

#[expect(clippy::indexing_slicing, reason = "there is a ring for every class")]
fn ring(rings: &mut [Ring; Class::ALL.len()], class: Class) -> &mut Ring {
    &mut rings[class as usize]
}

/// The wishes of one class.
#[derive(Debug, Default)]
struct Ring {
    /// Tenants that have a connection with a turn, next first.
    order: VecDeque<Arc<str>>,
    tenants: HashMap<Arc<str>, Tenant>,
    waiting: usize,
}

#[derive(Debug, Default)]
struct Tenant {
    /// Connections that have a turn, next first.
    order: VecDeque<Uuid>,
    wishes: HashMap<Uuid, VecDeque<Ticket>>,
}

impl Ring {
    fn push(&mut self, ticket: Ticket, tenant: &Arc<str>, connection: Uuid, is_aside: bool) {
        self.waiting += 1;
        let of_tenant = self.tenants.entry(Arc::clone(tenant)).or_default();
        let wishes = of_tenant.wishes.entry(connection).or_default();
        wishes.push_back(ticket);
        if wishes.len() == 1 && !is_aside {
            self.attach(tenant, connection);
        }
    }

    fn front(&self) -> Option<(Arc<str>, Uuid)> {
        let tenant = self.order.front()?;
        let connection = self.tenants.get(tenant)?.order.front()?;
        Some((Arc::clone(tenant), *connection))
    }

    /// Takes the wish whose turn it is; its tenant and connection go to the end of their rows.
    fn take(&mut self, tenant: &Arc<str>, connection: Uuid) -> Option<Ticket> {
        self.order.pop_front();
        let of_tenant = self.tenants.get_mut(tenant)?;
        of_tenant.order.pop_front();
        let wishes = of_tenant.wishes.get_mut(&connection)?;
        let ticket = wishes.pop_front()?;
        self.waiting = self.waiting.saturating_sub(1);
        if wishes.is_empty() {
            of_tenant.wishes.remove(&connection);
        } else {
            of_tenant.order.push_back(connection);
        }
        if !of_tenant.order.is_empty() {
            self.order.push_back(Arc::clone(tenant));
        } else if of_tenant.wishes.is_empty() {
            self.tenants.remove(tenant);
        }
        Some(ticket)
    }

    /// Gives a connection that has wishes a turn, if it has none.
    fn attach(&mut self, tenant: &Arc<str>, connection: Uuid) {
        let Some(of_tenant) = self.tenants.get_mut(tenant) else { return };
        if of_tenant.wishes.contains_key(&connection) {
            of_tenant.order.push_back(connection);
            if of_tenant.order.len() == 1 {
                self.order.push_back(Arc::clone(tenant));
            }
        }
    }

    /// Takes a connection its turn; its wishes stay.
    fn detach(&mut self, tenant: &Arc<str>, connection: Uuid) {
        let Some(of_tenant) = self.tenants.get_mut(tenant) else { return };
        of_tenant.order.retain(|other| *other != connection);
        if of_tenant.order.is_empty() {
            self.order.retain(|other| other != tenant);
        }
    }

    /// Removes a wish; true when the connection has no other.
    fn remove(&mut self, ticket: Ticket, tenant: &Arc<str>, connection: Uuid) -> bool {
        let Some(of_tenant) = self.tenants.get_mut(tenant) else { return true };
        let Some(wishes) = of_tenant.wishes.get_mut(&connection) else { return true };
        let before = wishes.len();
        wishes.retain(|other| *other != ticket);
        self.waiting = self.waiting.saturating_sub(before - wishes.len());
        if !wishes.is_empty() {
            return false;
        }
        of_tenant.wishes.remove(&connection);
        let is_last = of_tenant.wishes.is_empty();
        self.detach(tenant, connection);
        if is_last {
            self.tenants.remove(tenant);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn drain(queue: &mut Queue, class: Class) -> Vec<Ticket> {
        std::iter::from_fn(|| queue.next(class, |_| Turn::Take).map(|(ticket, _)| ticket)).collect()
    }

    #[test]
    fn turns_go_round_between_tenants_and_between_their_connections() {
        let mut queue = Queue::default();
        // The first tenant has two connections with many wishes, the second one has one of each.
        for (ticket, tenant, connection) in
            [(1, "a", 1), (2, "a", 1), (3, "a", 1), (4, "a", 2), (5, "a", 2), (6, "b", 3), (7, "b", 3)]
        {
            assert!(queue.push(ticket, Class::Poll, tenant.into(), id(connection)));
        }
        assert_eq!(drain(&mut queue, Class::Poll), [1, 6, 4, 7, 2, 5, 3]);
        assert_eq!(queue.waiting(), 0);
    }

    #[test]
    fn a_connection_set_aside_keeps_its_wishes_and_comes_back_when_due() {
        let now = DateTime::UNIX_EPOCH;
        let later = now + chrono::TimeDelta::seconds(10);
        let mut queue = Queue::default();
        queue.push(1, Class::Poll, "a".into(), id(1));
        queue.push(2, Class::Poll, "a".into(), id(2));
        let offer = |connection| if connection == id(1) { Turn::SetAside(Some(later)) } else { Turn::Take };
        assert_eq!(queue.next(Class::Poll, offer), Some((2, id(2))));
        assert_eq!(queue.next(Class::Poll, offer), None);
        queue.push(3, Class::Poll, "a".into(), id(1));
        assert_eq!(
            queue.next(Class::Poll, |_| Turn::Take),
            None,
            "a new wish does not bring the connection back"
        );
        queue.bring_back_due(now);
        assert_eq!(queue.next_due(), Some(later));
        queue.bring_back_due(later);
        assert_eq!(queue.next_due(), None);
        assert_eq!(drain(&mut queue, Class::Poll), [1, 3]);
    }

    #[test]
    fn a_removed_wish_leaves_nothing_behind() {
        let mut queue = Queue::default();
        queue.push(1, Class::Poll, "a".into(), id(1));
        queue.push(2, Class::Poll, "a".into(), id(1));
        assert!(queue.remove(1) && !queue.remove(1));
        assert_eq!(queue.next(Class::Poll, |_| Turn::SetAside(None)), None);
        assert!(queue.remove(2));
        queue.bring_back(id(1));
        assert!(queue.is_empty(Class::Poll) && queue.waiting() == 0 && queue.set_aside.is_empty());
        assert!(
            queue
                .rings
                .iter()
                .all(|ring| ring.tenants.is_empty() && ring.order.is_empty() && ring.waiting == 0)
        );
    }

    #[test]
    fn a_class_takes_no_more_wishes_than_its_bound() {
        let mut queue = Queue::default();
        for ticket in 0..MOST_WAITING {
            assert!(queue.push(u64::try_from(ticket).unwrap(), Class::Backfill, "a".into(), id(1)));
        }
        assert!(!queue.push(u64::MAX, Class::Backfill, "a".into(), id(1)));
        assert!(
            queue.push(u64::MAX, Class::Request, "a".into(), id(1)),
            "other classes have room of their own"
        );
    }
}
