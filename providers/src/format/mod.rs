//! Parsers of the file formats in which devices record: bytes in, records out.
//!
//! They serve files that people upload as well as files that a provider's cloud serves. Nothing here reads a clock, a
//! disk or a network. `README.md` beside this file says what is mapped and what is not.

pub mod fit;
