//! Delivery: one actor per sink reads the log at its own offset and hands batches to the sink.
//!
//! What it decides is in [`state`], a plain struct; this folder's [`actor`] performs the effects: read, deliver,
//! commit, wait. A slow sink slows only itself, because what is read ahead is bounded and nothing waits for it.
//! It never skips: the offset passes an entry only in the transaction that also stores its fate.

pub mod actor;
pub mod breaker;
pub mod concurrency;
pub mod group;
pub mod ladder;
mod observe;
pub mod offset;
pub mod replay;
pub mod rewind;
pub mod state;

pub use actor::{Cut, Delivery, LookAtParked, NotRewound, Observe, Observed, Parts, Rewind, Stop};
pub use group::Filter;
pub use ladder::Ladder;
