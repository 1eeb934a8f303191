//! Waiting for a condition. The only place of the kit that sleeps, and it never does so without looking again.

use std::time::Duration;

use tokio::time::Instant;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(15);

/// What a condition that should hold soon is given; far more than it takes, since the machine may be busy.
pub const SOON: Duration = Duration::from_secs(120);

/// Looks again and again until there is something to return.
///
/// # Panics
/// With `what` when there is nothing within `limit`.
pub async fn until<T>(what: &str, limit: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {} s in vain for {what}", limit.as_secs());
        tokio::time::sleep(PAUSE).await;
    }
}

/// Looks again and again until the condition holds.
///
/// # Panics
/// With `what` when it does not hold within `limit`.
pub async fn until_true(what: &str, limit: Duration, mut holds: impl AsyncFnMut() -> bool) {
    until(what, limit, async || holds().await.then_some(())).await;
}
