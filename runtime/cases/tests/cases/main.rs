//! Cases as data: what holds, what does not and how that is told, what is wrong with a case, and a run that becomes one.

mod belonging;
mod bench;
mod beside;
mod mistakes;
mod observing;
mod operated;
mod recorded;
mod rounds;
mod strangers;
mod verdicts;
