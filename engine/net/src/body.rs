//! Reads the body of an answer up to a cap and a deadline.
//!
//! Chunks come from the HTTP library and leave as one `Bytes`; a body of one chunk is not copied. Memory never grows
//! past the cap, whatever length the answer claims or sends.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::time::{Instant, timeout_at};

use crate::error::{NetError, Phase};
use crate::target::Origin;

/// How much of a body is read, and how long.
pub(crate) struct Cap {
    pub(crate) limit: usize,
    /// Keep the first `limit` bytes of a longer body instead of failing.
    pub(crate) truncate: bool,
    /// The end of the whole request.
    pub(crate) deadline: Instant,
    /// The time that the deadline stands for, for the error's text.
    pub(crate) after: Duration,
}

pub(crate) async fn read(
    response: &mut reqwest::Response,
    cap: &Cap,
    origin: &Origin,
) -> Result<Bytes, NetError> {
    let too_large = || NetError::BodyTooLarge { origin: origin.clone(), limit: cap.limit };
    // The length of what will come, which is nothing for an answer to HEAD, whatever its header says.
    let expected = response.content_length();
    if !cap.truncate && expected.is_some_and(|length| usize::try_from(length).map_or(true, |n| n > cap.limit))
    {
        return Err(too_large());
    }
    let mut kept = Kept::Nothing;
    while let Some(mut chunk) = next(response, cap, origin).await? {
        let room = cap.limit - kept.len();
        if chunk.len() > room {
            if !cap.truncate {
                return Err(too_large());
            }
            let over = chunk.len() - room;
            chunk.truncate(room);
            kept.push(chunk, cap.limit, expected);
            drain(response, cap.deadline, over).await;
            // A copy, so that a few kept bytes do not hold the whole receive buffer.
            return Ok(Bytes::copy_from_slice(&kept.into_bytes()));
        }
        kept.push(chunk, cap.limit, expected);
    }
    Ok(kept.into_bytes())
}

async fn next(
    response: &mut reqwest::Response,
    cap: &Cap,
    origin: &Origin,
) -> Result<Option<Bytes>, NetError> {
    match timeout_at(cap.deadline, response.chunk()).await {
        Ok(Ok(chunk)) => Ok(chunk),
        Ok(Err(error)) => Err(NetError::from_reqwest(error, origin, cap.after)),
        Err(_elapsed) => {
            Err(NetError::Timeout { origin: origin.clone(), phase: Phase::Body, after: cap.after })
        }
    }
}

/// Reads a little further so that the connection can be used again. The caller has all it asked for, so a failure here
/// only costs the connection, which is closed when the response is dropped.
async fn drain(response: &mut reqwest::Response, deadline: Instant, mut read: usize) {
    const BYTES: usize = 64 * 1024;
    const TIME: Duration = Duration::from_millis(250);
    let deadline = deadline.min(Instant::now() + TIME);
    while read <= BYTES {
        match timeout_at(deadline, response.chunk()).await {
            Ok(Ok(Some(chunk))) => read += chunk.len(),
            Ok(Ok(None) | Err(_)) | Err(_) => return,
        }
    }
}

/// What was read so far.
enum Kept {
    Nothing,
    One(Bytes),
    Many(BytesMut),
}

impl Kept {
    fn len(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::One(bytes) => bytes.len(),
            Self::Many(bytes) => bytes.len(),
        }
    }

    /// Adds a chunk. The expected length is the other side's claim, so it is trusted up to 1 MiB only.
    fn push(&mut self, chunk: Bytes, limit: usize, expected: Option<u64>) {
        const TRUSTED: usize = 1024 * 1024;
        match self {
            Self::Nothing => *self = Self::One(chunk),
            Self::One(first) => {
                let claimed = expected.and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
                let mut all =
                    BytesMut::with_capacity(claimed.min(limit).min(TRUSTED).max(first.len() + chunk.len()));
                all.extend_from_slice(first);
                all.extend_from_slice(&chunk);
                *self = Self::Many(all);
            }
            Self::Many(all) => all.extend_from_slice(&chunk),
        }
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::Nothing => Bytes::new(),
            Self::One(bytes) => bytes,
            Self::Many(bytes) => bytes.freeze(),
        }
    }
}
