//! The W3C trace context that travels from the sync that fetched a record to the delivery that carries it.

use std::fmt;
use std::str::FromStr;

/// A trace id with the id of one span in it, as in a `traceparent` header (version 00).
///
/// Source: W3C Trace Context, `traceparent`. Both ids are non-zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceContext {
    /// 16 bytes, shared by every span of the trace.
    pub trace_id: [u8; 16],
    /// 8 bytes, the span that caused what carries this context.
    pub span_id: [u8; 8],
    /// Whether the caller recorded this trace.
    pub sampled: bool,
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (trace_id, span_id) = (u128::from_be_bytes(self.trace_id), u64::from_be_bytes(self.span_id));
        write!(f, "00-{trace_id:032x}-{span_id:016x}-{:02x}", u8::from(self.sampled))
    }
}

/// Why a text is no `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a traceparent: expected 00-<32 hex>-<16 hex>-<2 hex> with non-zero ids")]
pub struct InvalidTraceparent;

impl FromStr for TraceContext {
    type Err = InvalidTraceparent;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('-');
        let (Some("00"), Some(trace), Some(span), Some(flags), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidTraceparent);
        };
        let mut context = Self { trace_id: [0; 16], span_id: [0; 8], sampled: false };
        let mut flag = [0; 1];
        let decoded = hex::decode_to_slice(trace, &mut context.trace_id)
            .and(hex::decode_to_slice(span, &mut context.span_id))
            .and(hex::decode_to_slice(flags, &mut flag));
        if decoded.is_err() || context.trace_id == [0; 16] || context.span_id == [0; 8] {
            return Err(InvalidTraceparent);
        }
        context.sampled = flag.first().is_some_and(|bits| bits & 1 == 1);
        Ok(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_round_trips() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(text.parse::<TraceContext>().unwrap().to_string(), text);
    }

    #[test]
    fn broken_traceparents_are_refused() {
        for text in [
            "",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        ] {
            assert_eq!(text.parse::<TraceContext>(), Err(InvalidTraceparent), "{text}");
        }
    }
}
