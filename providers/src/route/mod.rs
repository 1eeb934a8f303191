//! Ways in that are no provider's cloud.
//!
//! [`import`] takes files that people upload or pass on the command line. Nothing here opens a file or a socket: bytes
//! come from the caller, records go back to it.

pub mod import;
