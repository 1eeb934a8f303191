//! What every provider and every sink has to be able to do: cases that are written once.
//!
//! Cases for providers are chosen by what a provider's Spec declares, those for sinks by what a kind can do. Who
//! declares a capability is tested for it from then on; what is left out is printed with the reason.

mod provider;
mod sink;

/// Runs one case for one subject; what it panicked with is the failure.
fn failure(of: &str, run: impl FnOnce()) -> Option<String> {
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).err()?;
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked");
    Some(format!("{of}: {text}"))
}

/// Tells whoever runs the tests.
pub(crate) fn say(text: &str) {
    std::io::Write::write_all(&mut std::io::stderr(), format!("{text}\n").as_bytes()).unwrap();
}
