//! Span names and trace ids. An id is random; nothing here exports anything.

use tributary_contract::TraceContext;

/// One run of a connection's job.
pub const SYNC: &str = "sync";
/// One call to a provider.
pub const FETCH: &str = "fetch";
/// One refresh of an access token.
pub const REFRESH: &str = "refresh";
/// One delivery to a sink.
pub const DELIVER: &str = "deliver";

/// The context of a new trace.
pub fn new_trace() -> TraceContext {
    TraceContext { trace_id: non_zero(), span_id: new_span_id(), sampled: true }
}

/// The id of a new span.
pub fn new_span_id() -> [u8; 8] {
    non_zero()
}

/// Random bytes that are not all zero, which the trace format forbids.
fn non_zero<const N: usize>() -> [u8; N] {
    loop {
        let mut bytes = [0; N];
        rand::fill(bytes.as_mut_slice());
        if bytes != [0; N] {
            return bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_traces_differ_and_can_be_written_and_read() {
        let (one, two) = (new_trace(), new_trace());
        assert_ne!(one.trace_id, two.trace_id);
        assert_eq!(one.to_string().parse(), Ok(one));
    }
}
