//! The language as its users meet it: what is accepted, what is refused and how, what it gives, what bounds it.

mod bounds;
mod mistakes;
mod pages;
mod properties;
mod shapes;
mod trusted;
mod values;
mod world;
mod zones;
