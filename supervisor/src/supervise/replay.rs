//! Passes wishes for deliveries of old entries on to the sinks that they are for. It never writes an offset itself.

use actix::prelude::*;
use tributary_engine::delivery;

use super::Supervisor;
use super::messages::{LookAtParked, Rewind};

impl Handler<LookAtParked> for Supervisor {
    type Result = ResponseFuture<bool>;

    fn handle(&mut self, message: LookAtParked, _: &mut Self::Context) -> Self::Result {
        let delivery = self.sinks.find(&message.tenant, &message.sink);
        Box::pin(async move {
            match delivery {
                Some(address) => address.send(delivery::LookAtParked).await.is_ok(),
                None => false,
            }
        })
    }
}

impl Handler<Rewind> for Supervisor {
    type Result = ResponseFuture<Result<bool, delivery::NotRewound>>;

    fn handle(&mut self, message: Rewind, _: &mut Self::Context) -> Self::Result {
        let delivery = self.sinks.find(&message.tenant, &message.sink);
        let stopping = self.stopping;
        Box::pin(async move {
            match delivery {
                Some(address) => {
                    let rewound = address.send(delivery::Rewind { to: message.to }).await;
                    rewound.unwrap_or(Err(delivery::NotRewound)).map(|()| true)
                }
                None if stopping => Err(delivery::NotRewound),
                None => Ok(false),
            }
        })
    }
}
