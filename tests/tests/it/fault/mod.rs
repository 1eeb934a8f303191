//! What happens to the process, not to the data: kills and polite ends.

mod kill;
