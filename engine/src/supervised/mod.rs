//! How an actor ended, told to its parent by a guard that is dropped with it, however it ends.
//!
//! Measured on actix 0.13: a panic in a handler ends the actor for good while its thread lives on, and nobody is told.
//! The guard never starts anything again: that is the parent's part, and
//! [`restart`] says when.

pub mod restart;

/// How an actor ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ended {
    /// It has nothing left to do.
    Finished,
    /// It was asked to.
    Stopped,
    /// It cannot go on, for this reason.
    Failed(&'static str),
    /// It panicked.
    Panicked,
    /// Its thread ended under it.
    CutOff,
}

impl Ended {
    /// The word in logs and counts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Failed(_) => "failed",
            Self::Panicked => "panicked",
            Self::CutOff => "cut off",
        }
    }
}

/// Tells the parent how the actor ended when it is dropped.
pub struct EndGuard {
    tell: Option<Box<dyn FnOnce(Ended) + Send>>,
    how: Ended,
}

impl EndGuard {
    /// Calls this when it is dropped.
    pub fn new(tell: impl FnOnce(Ended) + Send + 'static) -> Self {
        Self { tell: Some(Box::new(tell)), how: Ended::CutOff }
    }

    /// The actor is about to end in this way.
    pub const fn ends(&mut self, how: Ended) {
        self.how = how;
    }
}

impl Drop for EndGuard {
    fn drop(&mut self) {
        let how = if std::thread::panicking() { Ended::Panicked } else { self.how };
        if let Some(tell) = self.tell.take() {
            tell(how);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix::prelude::*;
    use std::sync::mpsc;

    struct Dies {
        guard: EndGuard,
        how: How,
    }

    #[derive(Clone, Copy)]
    enum How {
        Stops(Ended),
        PanicsInHandler,
        PanicsInFuture,
        PanicsAtStart,
        IsDropped,
    }

    impl Actor for Dies {
        type Context = Context<Self>;

        fn started(&mut self, ctx: &mut Self::Context) {
            assert!(!matches!(self.how, How::PanicsAtStart), "planned");
            ctx.notify(Go);
        }
    }

    #[derive(Message)]
    #[rtype(result = "()")]
    struct Go;

    impl Handler<Go> for Dies {
        type Result = ();

        fn handle(&mut self, _: Go, ctx: &mut Self::Context) {
            match self.how {
                How::Stops(ended) => {
                    self.guard.ends(ended);
                    ctx.stop();
                }
                How::PanicsInHandler => panic!("planned"),
                How::PanicsInFuture => {
                    let work = async {};
                    ctx.spawn(work.into_actor(self).map(|(), _, _| panic!("planned")));
                }
                How::IsDropped => {
                    Arbiter::current().stop();
                }
                How::PanicsAtStart => {}
            }
        }
    }

    #[test]
    fn every_way_to_die_is_told_apart() {
        let cases = [
            (How::Stops(Ended::Stopped), Ended::Stopped),
            (How::Stops(Ended::Finished), Ended::Finished),
            (How::Stops(Ended::Failed("no store")), Ended::Failed("no store")),
            (How::PanicsInHandler, Ended::Panicked),
            (How::PanicsInFuture, Ended::Panicked),
            (How::PanicsAtStart, Ended::Panicked),
            (How::IsDropped, Ended::CutOff),
        ];
        for (how, expected) in cases {
            let (tell, told) = mpsc::channel();
            let system = System::new();
            let told = system.block_on(async move {
                let arbiter = Arbiter::new();
                let guard = EndGuard::new(move |ended| tell.send(ended).expect("the test listens"));
                let _address = Dies::start_in_arbiter(&arbiter.handle(), move |_| Dies { guard, how });
                tokio::task::spawn_blocking(move || told.recv()).await.expect("no panic here")
            });
            assert_eq!(told, Ok(expected));
        }
    }
}
