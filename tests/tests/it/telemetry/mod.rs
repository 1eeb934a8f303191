//! Traces, metrics and what is made of them: dashboards, alert rules, the reference page.

mod live;
mod names;
