//! The engine on a real store, with a scripted partner: what happens, what is written, what took effect.

mod calls;
mod house;
mod partner;
