//! The engine on a real store, with a scripted partner: what happens, what is written, what took effect.

mod business;
mod calls;
mod cancelled;
mod crashes;
mod events;
mod flow;
mod groups;
mod house;
mod items;
mod limits;
mod migrate;
mod mortal;
mod partner;
mod people;
mod pipelines;
mod refusals;
mod replay;
mod rounds;
mod schedule;
mod shell;
mod trouble;
mod turns;
mod voids;
mod waiting;
mod waking;
